from datetime import timedelta

import pytest

from soar.model.errors import ConflictError, NotFoundError
from soar.model.grant import Attribute, Grant, Scope
from soar.model.identity import Role
from soar.store import Unit
from tests.contract.works import Works
from tests.support.builders import build_session, build_token, build_user
from tests.support.clock import START

ADA = build_user()
BOB = build_user(id="u_2", name="bob", email="bob@example.test", roles=frozenset({Role.ADMIN, Role.ANALYST}))


async def test_people_are_found_by_id_name_and_address(write: Works, read: Works) -> None:
    await write(lambda unit: (unit.users.add(ADA), unit.users.add(BOB)))
    assert await read(lambda unit: unit.users.get(BOB.id)) == BOB
    assert await read(lambda unit: unit.users.find_name("bob")) == BOB
    assert await read(lambda unit: unit.users.find_email("ada@example.test")) == ADA
    assert await read(lambda unit: unit.users.get("u_none")) is None
    assert await read(lambda unit: unit.users.find_name("BOB")) is None
    assert await read(lambda unit: unit.users.find_email("eve@example.test")) is None


async def test_of_several_people_with_one_address_the_first_is_found(write: Works, read: Works) -> None:
    await write(lambda unit: (unit.users.add(ADA), unit.users.add(build_user(id="u_3", name="shadow"))))
    assert await read(lambda unit: unit.users.find_email(ADA.email)) == ADA


async def test_a_name_is_taken_once(write: Works, read: Works) -> None:
    await write(lambda unit: unit.users.add(ADA))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.users.add(build_user(id="u_other")))
    assert await read(lambda unit: unit.users.get("u_other")) is None


async def test_a_person_is_replaced(write: Works, read: Works) -> None:
    await write(lambda unit: unit.users.add(ADA))
    changed = build_user(roles=frozenset(), disabled_at=START, password_hash="$argon2id$x", email="new@example.test")
    await write(lambda unit: unit.users.update(changed))
    assert await read(lambda unit: unit.users.get(ADA.id)) == changed


async def test_a_person_is_not_renamed_to_a_name_that_is_taken(write: Works, read: Works) -> None:
    await write(lambda unit: (unit.users.add(ADA), unit.users.add(BOB)))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.users.update(build_user(name="bob")))
    assert await read(lambda unit: unit.users.get(ADA.id)) == ADA


async def test_a_person_who_is_not_there_is_not_updated(write: Works) -> None:
    with pytest.raises(NotFoundError, match="user"):
        await write(lambda unit: unit.users.update(ADA))


async def test_people_are_listed_and_found_by_role(write: Works, read: Works) -> None:
    assert await read(lambda unit: unit.users.is_empty())
    await write(lambda unit: (unit.users.add(ADA), unit.users.add(BOB)))
    assert not await read(lambda unit: unit.users.is_empty())
    assert await read(lambda unit: unit.users.list(10).items) == (BOB, ADA)
    assert await read(lambda unit: unit.users.with_role("analyst")) == (ADA, BOB)
    assert await read(lambda unit: unit.users.with_role("admin")) == (BOB,)
    assert await read(lambda unit: unit.users.with_role("admi")) == ()


async def test_grants_and_teams_are_kept_and_count_as_roles(write: Works, read: Works) -> None:
    scope = Scope({Attribute.PLAYBOOK: ("phishing-*",), Attribute.TEAM: ("$own", "soc")})
    limited = build_user(roles=frozenset(), grants=(Grant("analyst", scope),), teams=frozenset({"soc", "ops"}))
    await write(lambda unit: unit.users.add(limited))
    assert await read(lambda unit: unit.users.get(limited.id)) == limited
    assert await read(lambda unit: unit.users.with_role("analyst")) == (limited,)
    assert await read(lambda unit: unit.users.with_role("viewer")) == ()


async def test_the_limit_of_a_token_is_kept(write: Works, read: Works) -> None:
    limited = build_token(within=Scope({Attribute.SOURCE: ("mail-*", "siem")}))
    await write(lambda unit: (unit.tokens.add(limited), unit.tokens.add(build_token(id="tok2"))))
    assert await read(lambda unit: unit.tokens.get(limited.id)) == limited
    assert await read(lambda unit: unit.tokens.get("tok2").within) is None


async def test_a_session_is_kept_replaced_and_removed(write: Works, read: Works) -> None:
    session = build_session()
    await write(lambda unit: unit.sessions.add(session))
    assert await read(lambda unit: unit.sessions.get(session.key)) == session
    changed = build_session(idle_at=START + timedelta(hours=1), csrf="csrf-2")
    await write(lambda unit: unit.sessions.update(changed))
    assert await read(lambda unit: unit.sessions.get(session.key)) == changed
    for _ in range(2):
        await write(lambda unit: unit.sessions.remove(session.key))
    assert await read(lambda unit: unit.sessions.get(session.key)) is None


async def test_a_session_key_is_taken_once_and_only_a_session_that_is_there_is_updated(write: Works) -> None:
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.sessions.update(build_session()))
    await write(lambda unit: unit.sessions.add(build_session()))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.sessions.add(build_session()))


async def test_all_sessions_of_one_person_are_removed(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.sessions.add(build_session(key="a", user="u_1"))
        unit.sessions.add(build_session(key="b", user="u_1"))
        unit.sessions.add(build_session(key="c", user="u_2"))
        unit.sessions.remove_of("u_1")

    await write(add)
    found = await read(lambda unit: [unit.sessions.get(key) is not None for key in "abc"])
    assert found == [False, False, True]


async def test_tokens_are_kept_replaced_and_listed(write: Works, read: Works) -> None:
    first, second = build_token(), build_token(id="tok2", scopes=frozenset({"run:read", "run:start"}))
    other = build_token(id="tok3", user="u_other")
    await write(lambda unit: [unit.tokens.add(token) for token in (first, second, other)])
    assert await read(lambda unit: unit.tokens.get("tok2")) == second
    assert await read(lambda unit: unit.tokens.get("tok9")) is None
    revoked = build_token(revoked_at=START, used_at=START)
    await write(lambda unit: unit.tokens.update(revoked))
    assert await read(lambda unit: unit.tokens.list_of(first.user)) == (revoked, second)


async def test_a_token_is_taken_once_and_only_a_token_that_is_there_is_updated(write: Works) -> None:
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.tokens.update(build_token()))
    await write(lambda unit: unit.tokens.add(build_token()))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.tokens.add(build_token()))
