from collections.abc import Mapping

import pytest

from soar.app.passwords import Passwords
from soar.app.people import DEMO_PEOPLE, create_people, make_password
from soar.model.identity import Role
from soar.store import Store
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness

PEOPLE: Mapping[str, Role] = {"admin": Role.ADMIN, "bob": Role.ANALYST}


async def create(store: Store, passwords: Passwords, seed: int = 0, **more: object) -> Mapping[str, str]:
    return await create_people(
        store,
        "north",
        PEOPLE,
        passwords=passwords,
        clock=SteppedClock(),
        ids=SeededIds(seed),
        randomness=SeededRandomness(seed),
        **more,
    )


async def test_each_is_made_with_a_password_that_is_right(store: Store, passwords: Passwords) -> None:
    made = await create(store, passwords)
    assert set(made) == set(PEOPLE)
    for name, password in made.items():
        user = await store.read("north", lambda unit, name=name: unit.users.find_name(name))
        assert user is not None
        assert user.roles == {PEOPLE[name].value}
        assert user.created_at == START
        assert await passwords.verify(password, user.password_hash)
        assert password not in repr(user)
    assert len(set(made.values())) == len(made)


async def test_they_are_made_once(store: Store, passwords: Passwords) -> None:
    first = await create(store, passwords)
    assert await create(store, passwords, seed=1) == {}
    admin = await store.read("north", lambda unit: unit.users.find_name("admin"))
    assert await passwords.verify(first["admin"], admin.password_hash)


async def test_each_is_on_the_record_without_a_password(store: Store, passwords: Passwords) -> None:
    made = await create(store, passwords)
    page = await store.read("north", lambda unit: unit.audit.list(10))
    documents = [record.document for record in page.items]
    assert sorted(document["target"]["name"] for document in documents) == sorted(PEOPLE)
    assert {document["type"] for document in documents} == {"user.created"}
    assert not any(password in str(documents) for password in made.values())
    assert "argon2" not in str(documents)


async def test_nobody_is_made_if_nobody_can_be_told(store: Store, passwords: Passwords) -> None:
    def fail(_: Mapping[str, str]) -> None:
        raise OSError(30, "Read-only file system")

    with pytest.raises(OSError, match="Read-only"):
        await create(store, passwords, tell=fail)
    assert await store.read("north", lambda unit: unit.users.is_empty())
    told: list[Mapping[str, str]] = []
    assert await create(store, passwords, tell=told.append) == told[0]


def test_passwords_are_drawn_and_sayable() -> None:
    randomness = SeededRandomness()
    drawn = {make_password(randomness) for _ in range(100)}
    assert len(drawn) == 100
    for password in drawn:
        assert [len(part) for part in password.split("-")] == [4, 4, 4, 4]
        assert not set(password) & set("ilou")


def test_the_demo_has_somebody_for_each_gate() -> None:
    assert {Role.ADMIN, Role.ANALYST, Role.SOC_LEAD, Role.AUDITOR} <= set(DEMO_PEOPLE.values())
