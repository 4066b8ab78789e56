"""Sources that are polled: one process at a time, and a cursor that moves with what it brought."""

from datetime import timedelta

import pytest

from soar.model.errors import ConflictError
from soar.model.poll import Poller
from soar.store import Store, Unit
from tests.contract.works import Works
from tests.support.builders import build_delivery
from tests.support.clock import START

SECOND = timedelta(seconds=1)
UNTIL = START + 60 * SECOND


def claim(unit: Unit, holder: str = "node_a", seconds: int = 0) -> Poller | None:
    now = START + seconds * SECOND
    return unit.pollers.claim("mailbox", holder, now=now, until=now + 60 * SECOND)


async def test_one_process_at_a_time_polls_a_source(store: Store, write: Works) -> None:
    assert await write(claim) == Poller(source="mailbox", holder="node_a", until=UNTIL)
    assert await write(lambda unit: claim(unit, "node_b", 59)) is None
    assert await store.write("elsewhere", lambda unit: claim(unit, "node_b", 59)) is not None
    assert await write(lambda unit: claim(unit, "node_b", 60)) is not None
    assert await write(lambda unit: claim(unit, "node_a", 61)) is None
    await write(lambda unit: unit.pollers.release("mailbox", "node_a"))
    assert await write(lambda unit: claim(unit, "node_a", 61)) is None
    await write(lambda unit: unit.pollers.release("mailbox", "node_b"))
    assert await write(lambda unit: claim(unit, "node_a", 61)) is not None


async def test_the_cursor_moves_with_what_it_brought_and_its_holder_renews(write: Works, read: Works) -> None:
    await write(claim)
    await write(lambda unit: unit.pollers.fail("mailbox", "node_a", "no answer", failures=3, due_at=START + SECOND))
    failed = await read(lambda unit: unit.pollers.get("mailbox"))
    assert isinstance(failed, Poller)
    assert (failed.failures, failed.fault, failed.due_at) == (3, "no answer", START + SECOND)
    await write(lambda unit: unit.pollers.advance("mailbox", "node_a", {"uid": [1, None]}, START + SECOND))
    await write(lambda unit: unit.pollers.finish("mailbox", "node_a", at=START + 2 * SECOND, due_at=UNTIL))
    renewed = await write(lambda unit: claim(unit, "node_a", 5))
    assert renewed == Poller(
        source="mailbox",
        cursor={"uid": [1, None]},
        holder="node_a",
        until=UNTIL + 5 * SECOND,
        due_at=UNTIL,
        polled_at=START + 2 * SECOND,
        stored_at=START + SECOND,
    )
    assert await read(lambda unit: unit.pollers.list()) == (renewed,)


async def test_whoever_has_lost_a_source_stores_nothing_of_it(write: Works, read: Works) -> None:
    await write(claim)
    await write(lambda unit: claim(unit, "node_b", 60))

    def store_batch(unit: Unit) -> None:
        unit.deliveries.add(build_delivery())
        unit.pollers.advance("mailbox", "node_a", "late", START)

    with pytest.raises(ConflictError, match="another process"):
        await write(store_batch)
    assert await read(lambda unit: unit.deliveries.get("dl_000000000001")) is None
    found = await read(lambda unit: unit.pollers.get("mailbox"))
    assert isinstance(found, Poller)
    assert found.cursor is None


async def test_the_newest_delivery_of_a_source_is_found_behind_a_place(store: Store, write: Works, read: Works) -> None:
    assert await read(lambda unit: unit.arrivals.end()) == 0
    for number, source in enumerate(("siem", "siem", "edr")):
        delivery = build_delivery(
            id=f"dl_{number}", key=f"k{number}", source=source, received_at=START + number * SECOND
        )
        await write(lambda unit, delivery=delivery: unit.deliveries.add(delivery))
    end = await read(lambda unit: unit.arrivals.end())
    assert isinstance(end, int)
    assert await read(lambda unit: unit.arrivals.find_latest("siem", 0)) == START + SECOND
    assert await read(lambda unit: unit.arrivals.find_latest("siem", end - 1)) is None
    assert await store.read("elsewhere", lambda unit: unit.arrivals.find_latest("siem", 0)) is None
