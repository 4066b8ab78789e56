"""Second factors, codes that count once and hours of emergency access, in every store."""

from datetime import timedelta

import pytest

from soar.model.errors import ConflictError, NotFoundError
from soar.model.factor import CodePurpose, FactorKind
from soar.model.identity import UserKind
from soar.store import Unit
from tests.contract.works import Works
from tests.support.builders import build_code, build_factor, build_opening, build_session, build_token, build_user
from tests.support.clock import START

LATER = START + timedelta(hours=1)


async def test_a_program_with_an_owner_and_an_end_is_kept(write: Works, read: Works) -> None:
    program = build_user(kind=UserKind.SERVICE, owner="u_ada", expires_at=LATER)
    await write(lambda unit: unit.users.add(program))
    assert await read(lambda unit: unit.users.get(program.id)) == program
    assert (program.may_act(START), program.may_act(LATER)) == (True, False)


async def test_what_was_proved_in_a_login_and_with_a_token_is_kept(write: Works, read: Works) -> None:
    session = build_session(mfa_at=START, ip="192.0.2.7", agent="Firefox")
    token = build_token(networks=("192.0.2.0/24", "::1"), used_ip="192.0.2.7", authenticated_at=START, mfa_at=LATER)
    await write(lambda unit: (unit.sessions.add(session), unit.tokens.add(token)))
    assert await read(lambda unit: unit.sessions.list_of(session.user)) == (session,)
    assert await read(lambda unit: unit.tokens.get(token.id)) == token


async def test_all_tokens_of_one_person_are_revoked_and_earlier_ends_stay(write: Works, read: Works) -> None:
    tokens = [build_token(id="a"), build_token(id="b", revoked_at=START), build_token(id="c", user="u_other")]
    await write(lambda unit: [unit.tokens.add(token) for token in tokens])
    assert await write(lambda unit: unit.tokens.revoke_of(tokens[0].user, LATER)) == 1
    ends = await read(lambda unit: [unit.tokens.get(name).revoked_at for name in "abc"])
    assert ends == [LATER, START, None]


async def test_factors_are_kept_changed_and_removed(write: Works, read: Works) -> None:
    key = build_factor(id="fa_2", kind=FactorKind.WEBAUTHN, handle="aGFuZGxl", counter=2**40, confirmed_at=None)
    await write(lambda unit: [unit.factors.add(factor) for factor in (build_factor(), key)])
    assert await read(lambda unit: unit.factors.of(key.user)) == (build_factor(), key)
    assert await read(lambda unit: unit.factors.holders()) == {key.user}
    await write(lambda unit: unit.factors.update(build_factor(counter=7, used_at=LATER)))
    assert (await read(lambda unit: unit.factors.get("fa_000000000001"))).counter == 7
    await write(lambda unit: unit.factors.remove("fa_000000000001"))
    assert await read(lambda unit: unit.factors.holders()) == frozenset(), "one that is not confirmed does not count"


async def test_a_factor_is_taken_once_and_only_one_that_is_there_is_changed(write: Works) -> None:
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.factors.update(build_factor()))
    await write(lambda unit: unit.factors.add(build_factor()))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.factors.add(build_factor()))


async def test_a_code_counts_until_its_end_and_goes_when_another_comes(write: Works, read: Works) -> None:
    code = build_code(expires_at=LATER)
    await write(lambda unit: unit.codes.add(code, START))
    assert await read(lambda unit: unit.codes.find(code.key, START)) == code
    assert await read(lambda unit: unit.codes.find(code.key, LATER)) is None
    lasting = build_code(key="r", purpose=CodePurpose.RECOVERY, expires_at=None)
    await write(lambda unit: unit.codes.add(lasting, LATER))
    assert await read(lambda unit: unit.codes.of(code.user, CodePurpose.INVITATION)) == ()
    assert await read(lambda unit: unit.codes.find("r", LATER + timedelta(days=9999))) == lasting
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.codes.add(lasting, LATER))


async def test_codes_are_removed_one_by_one_and_by_purpose(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        for key in "abc":
            unit.codes.add(build_code(key=key, purpose=CodePurpose.RECOVERY), START)
        unit.codes.add(build_code(key="i"), START)
        unit.codes.add(build_code(key="o", purpose=CodePurpose.RECOVERY, user="u_other"), START)
        unit.codes.remove("a")

    await write(add)
    assert len(await read(lambda unit: unit.codes.of("u_000000000001", CodePurpose.RECOVERY))) == 2
    await write(lambda unit: unit.codes.remove_of("u_000000000001", CodePurpose.RECOVERY))
    left = await read(lambda unit: [key for key in "abcio" if unit.codes.find(key, START)])
    assert left == ["i", "o"]


async def test_openings_wait_for_their_review(write: Works, read: Works) -> None:
    first, second = build_opening(), build_opening(id="bg_2", closed_at=LATER)
    await write(lambda unit: [unit.openings.add(opening) for opening in (first, second)])
    assert await read(lambda unit: unit.openings.unreviewed()) == (first, second)
    reviewed = build_opening(closed_at=LATER, closed_by="ada", reviewed_at=LATER, reviewed_by="bob", review="fine")
    await write(lambda unit: unit.openings.update(reviewed))
    assert await read(lambda unit: unit.openings.unreviewed()) == (second,)
    assert await read(lambda unit: unit.openings.list()) == (second, reviewed)
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.openings.add(second))
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.openings.update(build_opening(id="bg_9")))
