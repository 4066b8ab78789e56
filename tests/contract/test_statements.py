"""What a driver is sent and answers is what the toolkit would have sent and answered."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Executable, bindparam, delete, func, insert, select, update

from soar.model.run import Timer
from soar.store import Unit
from soar.store.rows import Rows, given
from soar.store.statement import Batch, change, fetch
from soar.store.tables import ALERTS, TIMERS
from tests.contract.works import Works
from tests.support.builders import build_alert
from tests.support.clock import START

OF_WORKSPACE = ALERTS.c.workspace == given("workspace")
SELECTS: list[tuple[Executable, dict[str, object]]] = [
    (select(ALERTS).where(OF_WORKSPACE).order_by(ALERTS.c.position), {}),
    (select(ALERTS.c.id).where(OF_WORKSPACE).order_by(ALERTS.c.position.desc()).limit(1), {}),
    (select(func.count(), func.max(ALERTS.c.received_at)).where(OF_WORKSPACE), {}),
    (select(ALERTS.c.id).where(OF_WORKSPACE, ALERTS.c.received_at > given("since")), {"given_since": START}),
    (select(ALERTS.c.id).where(OF_WORKSPACE, ALERTS.c.id.startswith(given("start"))), {"given_start": "al_1"}),
    (select(ALERTS.c.severity).where(OF_WORKSPACE, ALERTS.c.id.in_(("al_0", "al_2"))), {}),
    (
        select(ALERTS.c.raw).where(OF_WORKSPACE, ALERTS.c.id.in_(bindparam("given_ids", expanding=True))),
        {"given_ids": ["al_1", "al_2"]},
    ),
    (select(ALERTS.c.id).where(OF_WORKSPACE, ALERTS.c.id == given("id")), {"given_id": "nobody's"}),
]


def add_alerts(unit: Unit) -> None:
    for number in range(3):
        at, raw = START + timedelta(minutes=number), {"note": "50 % \x00 of it", "number": 2**70}
        unit.alerts.add(build_alert(id=f"al_{number}", received_at=at, raw=raw))


@pytest.mark.parametrize("index", range(len(SELECTS)))
async def test_rows_are_those_of_the_toolkit(write: Works, read: Works, index: int) -> None:
    statement, parameters = SELECTS[index]
    await write(add_alerts)

    def ask_both_ways(unit: Unit) -> tuple[list[Any], list[Any]]:
        named = {**parameters, "given_workspace": unit.workspace}
        return fetch(unit._connection, statement, named), [*map(tuple, unit._connection.execute(statement, named))]

    sent, expected = await read(ask_both_ways)
    assert sent == expected


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 24, 31])
async def test_a_batch_arrives_whole_and_tells_what_was_there(write: Works, count: int) -> None:
    def row(number: int) -> dict[str, object]:
        event = {"number": number}
        return {
            "workspace": "north",
            "id": f"t_{number:02}",
            "run": "run_1",
            "due_at": START,
            "event": event,
            "tries": 0,
        }

    def work(unit: Unit) -> tuple[int, list[Any]]:
        insertion = Rows(TIMERS, Timer).add.on(unit._connection)
        for taken in {0, 5, 12} & {*range(count)}:
            change(unit._connection, insertion, row(taken))
        batch = Batch(unit._connection, insertion)
        for number in range(count):
            batch.add(row(number))
        unchanged = batch.send()
        return unchanged, fetch(unit._connection, select(TIMERS.c.id, TIMERS.c.event).order_by(TIMERS.c.id), {})

    unchanged, found = await write(work)
    assert unchanged == len({0, 5, 12} & {*range(count)})
    assert found == [(f"t_{number:02}", {"number": number}) for number in range(count)]


async def test_what_is_changed_is_counted(write: Works) -> None:
    row = {"workspace": "north", "id": "t_1", "run": "run_1", "due_at": START, "event": {"kind": "none"}, "tries": 0}
    moved = update(TIMERS).where(TIMERS.c.id == given("id"))
    removed = delete(TIMERS).where(TIMERS.c.id.in_(("t_1", "t_2")))

    def work(unit: Unit) -> list[int]:
        return [
            change(unit._connection, insert(TIMERS), row),
            change(unit._connection, moved, {"given_id": "t_1", "tries": 3}),
            change(unit._connection, moved, {"given_id": "t_9", "tries": 3}),
            change(unit._connection, removed, {}),
            change(unit._connection, removed, {}),
        ]

    assert await write(work) == [1, 1, 0, 1, 0]
