"""`!freeze` and `!unfreeze`: who may, what stops, and whose second word lets it go on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from soar.access.decide import list_permissions
from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES
from soar.approvals.brake import Operator
from soar.model.freeze import Freeze
from soar.model.identity import UserKind
from soar.store import Store
from tests.support.builders import build_principal, build_user
from tests.support.chat import make_brake
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.world import PEOPLE, WORKSPACE, open_peopled_store

MAY_NOT = "You may not freeze, nor let go on: no role that you hold everywhere has `freeze:write`."
SIGN = "Every write is frozen until somebody else signs: dave, by !unfreeze everything why"


@dataclass
class Site:
    """An installation with a brake, and people in it."""

    store: Store
    ids: SeededIds = field(default_factory=SeededIds)

    async def type_in(self, name: str, text: str, *, has_proved: bool = False) -> str:
        verb, _, words = text.partition(" ")
        principal = build_principal(
            id=f"u_{name}", name=name, roles=frozenset({PEOPLE.get(name, "admin")}), via="slack"
        )
        may = Permission.FREEZE_WRITE in list_permissions(principal, roles=DEFAULT_ROLES)
        operator = Operator(principal=principal, may_freeze=may, has_proved=has_proved)
        brake, at = make_brake(self.ids, "https://soar.example"), START + timedelta(minutes=len(text))
        work = brake.pull if verb == "!freeze" else brake.release
        said, _ = await self.store.write(WORKSPACE, lambda unit: work(unit, operator, words, at))
        return said

    async def frozen(self) -> dict[str, Freeze]:
        found = await self.store.read(WORKSPACE, lambda unit: unit.freezes.list())
        return {each.id: each for each in found}

    async def events(self) -> list[tuple[Any, ...]]:
        page = await self.store.read(WORKSPACE, lambda unit: unit.audit.list(100, type_prefix="freeze."))
        found = [event.document for event in reversed(page.items)]
        return [(each["type"], each["actor"]["id"], each["actor"]["via"], each["outcome"]) for each in found]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    store = await open_peopled_store(InlineDisk())
    yield Site(store)
    await store.close()


async def test_one_stops_every_write_and_two_let_them_go_on(site: Site) -> None:
    said = await site.type_in("carol", "!freeze the playbooks run wild")
    assert said == "Every write is frozen now. Two people let it go on: !unfreeze everything why"
    assert (await site.frozen())["everything"].reason == "the playbooks run wild"
    assert await site.type_in("carol", "!unfreeze the rule is corrected") == SIGN
    again = await site.type_in("carol", "!unfreeze please", has_proved=True)
    assert again == "You have asked already; somebody else signs: dave."
    unproved = await site.type_in("dave", "!unfreeze looked at it")
    assert unproved.startswith("carol has asked, and you sign with a fresh login: soar step-up")
    assert [*await site.frozen()] == ["everything"]
    said = await site.type_in("dave", "!unfreeze looked at it", has_proved=True)
    assert said == "everything is not frozen any more: carol and you let it go on."
    assert await site.frozen() == {}
    assert await site.type_in("dave", "!unfreeze once more", has_proved=True) == "Nothing is frozen."
    assert await site.events() == [
        ("freeze.set", "u_carol", "slack", "success"),
        ("freeze.lift_requested", "u_carol", "slack", "success"),
        ("freeze.lift_requested", "u_carol", "slack", "denied"),
        ("freeze.lift_requested", "u_dave", "slack", "denied"),
        ("freeze.lifted", "u_dave", "slack", "success"),
    ]


async def test_who_may_not_does_neither_and_the_audit_has_it(site: Site) -> None:
    for name in ("ann", "olga"):
        assert await site.type_in(name, "!freeze it burns") == MAY_NOT
    await site.type_in("carol", "!freeze it burns")
    await site.type_in("carol", "!unfreeze it is out")
    assert await site.type_in("ann", "!unfreeze it is out", has_proved=True) == MAY_NOT
    assert (await site.frozen()).keys() == {"everything"}
    assert [event[1:] for event in await site.events() if event[3] == "denied"] == [
        (f"u_{name}", "slack", "denied") for name in ("ann", "olga", "ann")
    ]


async def test_what_is_frozen_twice_is_frozen_once_and_voids_a_wish_to_lift(site: Site) -> None:
    await site.type_in("carol", "!freeze it burns")
    assert await site.type_in("dave", "!freeze me too") == "Every write is frozen already, by carol: it burns"
    await site.type_in("carol", "!unfreeze it is out")
    said = await site.type_in("dave", "!freeze not yet")
    assert said.startswith("Every write is frozen now. What carol has asked is void.")
    assert (await site.frozen())["everything"].lift_asked_at is None
    assert (await site.type_in("dave", "!unfreeze now", has_proved=True)).startswith(
        "Every write is frozen until somebody else signs: carol"
    )


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("!freeze crm.wipe runs wild", {"action:crm.wipe"}),
        ("!freeze edr runs wild", {"connector:edr"}),
        ("!freeze connection:edr runs wild", {"connection:edr"}),
        ("!freeze edr-corp runs wild", {"connection:edr-corp"}),
        ("!freeze everything runs wild", {"everything"}),
        ("!freeze evil.example runs wild", {"everything"}),
        ("!freeze crm.wype runs wild", set()),
        ("!freeze action:crm.wype runs wild", set()),
        ("!freeze connector: runs wild", set()),
        ("!freeze", set()),
        ("!freeze crm.wipe", set()),
    ],
)
async def test_what_is_named_is_frozen_and_nothing_that_is_not_there(site: Site, text: str, ids: set[str]) -> None:
    said = await site.type_in("carol", text)
    found = await site.frozen()
    assert found.keys() == ids
    if ids:
        assert "now" in said
    elif "wype" in text:
        assert said.endswith("nothing is frozen by this. Did you mean crm.wipe?")
    else:
        assert said.startswith(("Why? !freeze", "There is no connector"))


async def test_one_of_several_is_named_to_go_on(site: Site) -> None:
    await site.type_in("carol", "!freeze crm.wipe runs wild")
    await site.type_in("carol", "!freeze edr runs\nwild @all")
    said = await site.type_in("carol", "!unfreeze it is out")
    assert said == "Which? action:crm.wipe (by carol) · connector:edr (by carol); !unfreeze action:crm.wipe why"
    assert (await site.type_in("carol", "!unfreeze edr")).startswith("Why? !unfreeze connector:edr")
    assert (await site.type_in("carol", "!unfreeze edr it is out")).startswith("Writes of the connector edr are frozen")
    assert (await site.type_in("dave", "!unfreeze connector:edr yes", has_proved=True)).startswith("connector:edr is")
    assert (await site.frozen()).keys() == {"action:crm.wipe"}


async def test_a_program_lifts_nothing_and_two_at_once_are_two(site: Site) -> None:
    program = build_user(id="u_prog", name="prog", email="", kind=UserKind.SERVICE, roles=frozenset({"admin"}))
    await site.store.write(WORKSPACE, lambda unit: unit.users.add(program))
    assert (await site.type_in("prog", "!freeze a cap was hit")).startswith("Every write is frozen now.")
    said = await site.type_in("prog", "!unfreeze it is out", has_proved=True)
    assert said == "A program cannot lift a freeze; two people have to ask."
    both = await asyncio.gather(
        *(site.type_in(name, "!unfreeze it is out", has_proved=True) for name in ("carol", "dave"))
    )
    assert sorted(said.split()[0] for said in both) == ["Every", "everything"]
    assert await site.frozen() == {}
