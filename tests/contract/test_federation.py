"""People and groups of an identity provider, in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.errors import ConflictError, NotFoundError
from soar.model.federation import Account, Group, PendingLogin, SignOn
from tests.contract.works import Works
from tests.support.clock import START

MINUTE = timedelta(minutes=1)
ISSUER = "https://id.test"
PENDING = PendingLogin(key="k1", is_fresh=True, to="/runs", created_at=START, expires_at=START + 10 * MINUTE)
SIGN_ON = SignOn(session="s1", issuer=ISSUER, subject="ada", sid="there", expires_at=START + MINUTE)
ADA = Account(
    id="u_1",
    issuer=ISSUER,
    subject="ada",
    user_name="Ada",
    handle="ada",
    display_name="Ada L.",
    is_active=True,
    created_at=START,
    changed_at=START,
)
SOC = Group(
    id="g_1", name="soc", external_id=None, members=frozenset({"u_1", "u_2"}), created_at=START, changed_at=START
)


async def test_a_pending_login_is_taken_once(write: Works) -> None:
    await write(lambda unit: unit.pending_logins.add(PENDING))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.pending_logins.add(PENDING))
    assert await write(lambda unit: unit.pending_logins.take("k1")) == PENDING
    assert await write(lambda unit: unit.pending_logins.take("k1")) is None


async def test_pending_logins_that_have_expired_are_forgotten(write: Works) -> None:
    late = replace(PENDING, key="k2", created_at=START + 10 * MINUTE, expires_at=START + 20 * MINUTE)
    await write(lambda unit: (unit.pending_logins.add(PENDING), unit.pending_logins.add(late)))
    assert await write(lambda unit: unit.pending_logins.take("k1")) is None
    assert await write(lambda unit: unit.pending_logins.take("k2")) == late


async def test_sign_ons_are_found_by_session_person_and_login(write: Works, read: Works) -> None:
    other = replace(SIGN_ON, session="s2", sid=None)
    foreign = replace(SIGN_ON, session="s3", issuer="https://other.test")
    await write(lambda unit: [unit.sign_ons.add(one, START) for one in (SIGN_ON, other, foreign)])
    assert await read(lambda unit: unit.sign_ons.get("s2")) == other
    assert set(await read(lambda unit: unit.sign_ons.of(ISSUER, "ada"))) == {SIGN_ON, other}
    assert await read(lambda unit: unit.sign_ons.of_sid(ISSUER, "there")) == (SIGN_ON,)
    await write(lambda unit: unit.sign_ons.remove("s1"))
    assert await read(lambda unit: unit.sign_ons.get("s1")) is None
    await write(lambda unit: unit.sign_ons.add(replace(SIGN_ON, session="s4"), START + MINUTE))
    assert await read(lambda unit: unit.sign_ons.get("s2")) is None


async def test_a_token_counts_once_until_it_is_too_old_anyway(write: Works) -> None:
    until = START + MINUTE
    assert await write(lambda unit: unit.spent_tokens.spend("t", START, until))
    assert not await write(lambda unit: unit.spent_tokens.spend("t", START, until))
    assert await write(lambda unit: unit.spent_tokens.spend("u", START, until))
    assert await write(lambda unit: unit.spent_tokens.spend("t", until, until + MINUTE))


async def test_accounts_are_found_paged_counted_and_changed(write: Works, read: Works) -> None:
    bob = replace(ADA, id="u_2", subject=None, user_name="bob", handle="bob")
    eve = replace(ADA, id="u_3", subject=None, user_name="ada", handle="ada")
    await write(lambda unit: [unit.accounts.add(one) for one in (ADA, bob, eve)])
    assert await read(lambda unit: unit.accounts.get("u_1")) == ADA
    assert await read(lambda unit: unit.accounts.find(ISSUER, "ada")) == ADA
    assert await read(lambda unit: unit.accounts.find("https://other.test", "ada")) is None
    assert await read(lambda unit: unit.accounts.find_handle("ada")) == (ADA, eve)
    assert await read(lambda unit: unit.accounts.list(1, 1)) == (bob,)
    assert await read(lambda unit: unit.accounts.count()) == 3
    changed = replace(bob, subject="bob", is_active=False)
    await write(lambda unit: unit.accounts.update(changed))
    assert await read(lambda unit: unit.accounts.find(ISSUER, "bob")) == changed
    await write(lambda unit: unit.accounts.remove("u_2"))
    assert await read(lambda unit: unit.accounts.get("u_2")) is None


async def test_a_subject_has_one_account(write: Works) -> None:
    other = replace(ADA, id="u_2", subject="other")
    await write(lambda unit: (unit.accounts.add(ADA), unit.accounts.add(other)))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.accounts.add(replace(ADA, id="u_3")))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.accounts.update(replace(other, subject="ada")))
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.accounts.update(replace(ADA, id="u_9", subject=None)))


async def test_groups_come_back_and_their_names_are_taken_once(write: Works, read: Works) -> None:
    leads = replace(SOC, id="g_2", name="leads", external_id="x", members=frozenset())
    await write(lambda unit: (unit.groups.add(SOC), unit.groups.add(leads)))
    assert await read(lambda unit: unit.groups.all()) == (SOC, leads)
    assert await read(lambda unit: unit.groups.of("u_1")) == (SOC,)
    assert await read(lambda unit: unit.groups.get("g_2")) == leads
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.groups.add(replace(leads, id="g_3")))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.groups.update(replace(leads, name="soc")))
    await write(lambda unit: unit.groups.update(replace(leads, members=frozenset({"u_1"}))))
    assert [group.id for group in await read(lambda unit: unit.groups.of("u_1"))] == ["g_1", "g_2"]
    await write(lambda unit: unit.groups.remove("g_1"))
    assert await read(lambda unit: unit.groups.get("g_1")) is None
