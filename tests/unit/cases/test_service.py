"""A key has one open case at a time."""

from dataclasses import replace
from datetime import timedelta

from soar.cases.service import join_case
from soar.model.alert import Severity
from soar.model.case import Case
from soar.store import Store, Unit
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.ids import SeededIds


def join(unit: Unit, ids: SeededIds, key: str, title: str = "Phishing") -> Case:
    return join_case(unit, key, title=title, severity=Severity.HIGH, actor=build_actor(), ids=ids, at=START)


async def test_the_first_opens_a_case_and_the_next_joins_it(store: Store, ids: SeededIds) -> None:
    first = await store.write("default", lambda unit: join(unit, ids, "mail-1"))
    second = await store.write("default", lambda unit: join(unit, ids, "mail-1", "Another title"))
    other = await store.write("default", lambda unit: join(unit, ids, "mail-2"))
    assert second == first
    assert other.id != first.id
    events = await store.read("default", lambda unit: unit.audit.list(10).items)
    assert [event.document["type"] for event in events] == ["case.opened", "case.opened"]


async def test_cases_do_not_cross_workspaces(store: Store, ids: SeededIds) -> None:
    here = await store.write("default", lambda unit: join(unit, ids, "mail-1"))
    there = await store.write("other", lambda unit: join(unit, ids, "mail-1"))
    assert here.id != there.id


async def test_a_closed_case_is_not_joined(store: Store, ids: SeededIds) -> None:
    def add_closed(unit: Unit) -> Case:
        closed = Case(id="c_old", key="mail-1", title="Old", severity=Severity.LOW, opened_at=START)
        unit.cases.add(replace(closed, closed_at=START + timedelta(hours=1)))
        return join(unit, ids, "mail-1")

    assert (await store.write("default", add_closed)).id != "c_old"
