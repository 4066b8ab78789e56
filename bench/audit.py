"""Events a second that are appended and verified, what an event costs, and which share of the standard work that is.

Measured twice: with salts for what may be erased (here targets), as the service records, and without. One core, SQLite
in memory, a transaction of many. What is measured against are the same transactions with an entry of a run's journal
and nothing else, in the same run.

Then a service does the standard work (`bench.work`), and the very events that it recorded are recorded again, beside an
entry of a journal, in a file on the same disk; the same transactions without the events are taken off. How many events
share a transaction is for the writer to decide, as there: once with as many at once as the work has connections, which
is like full speed, and once each alone, which is the most that it can cost. All of this is processor time. Run it on a
quiet machine: `python -m bench.audit`.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench.standard.processes import serving
from bench.work import CONNECTIONS, KEY, WARM_UP, Bench
from soar.app.disk import ThreadDisk
from soar.app.ids import SystemRandomness
from soar.app.process import OwnProcess
from soar.audit.keeper import index_events, verify_unit
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.run import JournalEntry
from soar.store import Store, Unit, open_store

COUNT = 5_000
ROUNDS = 3
ALERTS = 500
ALONE = 1_000  # events; each waits for the disk
WORKSPACE = "default"
AT = datetime(2026, 3, 1, tzinfo=UTC)
EVENT = AuditEvent(
    type="action.started",
    outcome=Outcome.SUCCESS,
    actor=Actor(kind="playbook", id="isolate-host", name="Isolate a host", via="engine"),
    target={"kind": "action", "id": "defender.isolate_machine", "connection": "defender", "targets": ["srv-files-01"]},
    context={"run": "r_1", "playbook": "isolate-host", "step": "isolate", "attempt": 1, "effect": "destructive"},
)


def write(unit: Unit, *, is_recorded: bool, is_journaled: bool) -> None:
    for number in range(COUNT):
        if is_journaled:
            unit.journal.append("r_1", [JournalEntry(number + 1, AT, {"kind": "timer_fired", "timer": "wait"}, {})])
        if is_recorded:
            record(unit, EVENT, at=AT, id=f"ev_{number}")


async def measure(store: Store, *, is_recorded: bool, is_journaled: bool) -> float:
    """Return the seconds of processor time that the writes took."""
    begun = time.process_time()
    await store.write(WORKSPACE, lambda unit: write(unit, is_recorded=is_recorded, is_journaled=is_journaled))
    return time.process_time() - begun


async def measure_verification(store: Store) -> float:
    begun = time.process_time()
    report = await store.read(WORKSPACE, lambda unit: verify_unit(unit, []))
    if not report.is_sound or report.size != COUNT:
        raise SystemExit("the record is not sound, so nothing is measured")
    return time.process_time() - begun


async def run_round(*, is_salted: bool) -> tuple[float, float, float]:
    """Return the seconds for events alone, journal entries alone, and a verification."""
    disk = ThreadDisk("bench")
    found = []
    for is_recorded in (True, False):
        store = open_store(
            "sqlite://",
            disk=disk,
            process=OwnProcess(),
            readers=lambda: ThreadDisk("bench-reader"),
            randomness=SystemRandomness() if is_salted else None,
        )
        await store.migrate()
        found.append(await measure(store, is_recorded=is_recorded, is_journaled=not is_recorded))
        if is_recorded:
            verified = await measure_verification(store)
        await store.close()
    disk.close()
    return found[0], found[1], verified


def do_standard_work(folder: Path) -> float:
    """Return the seconds of the service's processor time for each run at full speed; its database stays."""
    with serving("stubs") as stubs, serving("service", str(folder), f"http://127.0.0.1:{stubs.port}", KEY) as service:
        bench = Bench(service, stubs)
        bench.measure(WARM_UP, connections=CONNECTIONS)
        phase = bench.measure(ALERTS, connections=CONNECTIONS)
    if phase.lost:
        raise SystemExit("the service does not do the standard work, so nothing is measured")
    return phase.cpu / 1000


async def read_events(folder: Path) -> list[AuditEvent]:
    """Return every event that the service recorded."""
    disk = ThreadDisk("bench")
    store = open_file(folder / "soar.db", disk)
    records = await store.read(WORKSPACE, lambda unit: unit.audit.range(0, unit.audit.head().size))
    await store.close()
    disk.close()
    return [rebuild(record.document) for record in records]


def rebuild(document: Mapping[str, Any]) -> AuditEvent:
    """Return the event that a recorded document was made from."""
    names = ("type", "target", "reason", "before", "after", "context", "digest")
    actor = Actor(**{**document["actor"], "roles": tuple(document["actor"]["roles"])})
    return AuditEvent(actor=actor, outcome=Outcome(document["outcome"]), **{name: document[name] for name in names})


def open_file(file: Path, disk: ThreadDisk) -> Store:
    return open_store(
        f"sqlite:///{file}",
        disk=disk,
        process=OwnProcess(),
        readers=lambda: ThreadDisk("bench-reader"),
        randomness=SystemRandomness(),
    )


async def replay(file: Path, events: Sequence[AuditEvent], *, at_once: int, is_recorded: bool) -> tuple[float, float]:
    """Return the seconds for writing with the events or without them, and those for making them findable."""
    disk = ThreadDisk("bench")
    store = open_file(file, disk)
    await store.migrate()
    works = [partial(enter, number=number, event=event, is_recorded=is_recorded) for number, event in enumerate(events)]
    begun = time.process_time()
    for start in range(0, len(works), at_once):
        await asyncio.gather(*(store.write(WORKSPACE, work) for work in works[start : start + at_once]))
    written = time.process_time() - begun
    begun = time.process_time()
    await index_events(store, WORKSPACE)
    indexed = time.process_time() - begun
    await store.close()
    disk.close()
    return written, indexed


def enter(unit: Unit, *, number: int, event: AuditEvent, is_recorded: bool) -> None:
    unit.journal.append("r_1", [JournalEntry(number + 1, AT, {"kind": "timer_fired", "timer": "wait"}, {})])
    if is_recorded:
        record(unit, event, at=AT, id=f"ev_{number}")


async def measure_events(folder: Path, events: Sequence[AuditEvent], at_once: int) -> tuple[float, float]:
    """Return the seconds that recording an event takes, and those for making it findable."""
    found = []
    for number in range(ROUNDS):
        name = f"{at_once}-{number}"
        with_them, indexed = await replay(folder / f"with-{name}.db", events, at_once=at_once, is_recorded=True)
        without, _ = await replay(folder / f"without-{name}.db", events, at_once=at_once, is_recorded=False)
        found.append((with_them - without, indexed))
    recorded, indexed = (min(column) / len(events) for column in zip(*found, strict=True))
    return recorded, indexed


async def measure_share() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run = await asyncio.to_thread(do_standard_work, folder)
        events = await read_events(folder)
        together, findable = await measure_events(folder, events, CONNECTIONS)
        alone, _ = await measure_events(folder, events[:ALONE], 1)
    each = len(events) / (WARM_UP + ALERTS)
    print("the standard work")
    print(f"{'processor time a run, ms':42}{run * 1000:>10.2f}")
    print(f"{'events a run':42}{each:>10.1f}")
    for said, seconds in (("recorded together", together), ("recorded alone", alone), ("made findable", findable)):
        print(f"{f'{said}, ms a run':42}{each * seconds * 1000:>10.2f}")
        print(f"{f'{said}, % of a run':42}{100 * each * seconds / run:>10.1f}")


async def main() -> None:
    for is_salted in (True, False):
        rounds = [await run_round(is_salted=is_salted) for _ in range(ROUNDS)]
        appended, journaled, verified = (min(column) for column in zip(*rounds, strict=True))
        print("with salts" if is_salted else "without salts")
        print(f"{'events a second, appended':42}{COUNT / appended:>10,.0f}")
        print(f"{'events a second, verified':42}{COUNT / verified:>10,.0f}")
        print(f"{'an event beside a journal entry':42}{appended / journaled:>10.2f}")
    await measure_share()


if __name__ == "__main__":
    asyncio.run(main())
