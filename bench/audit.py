"""Events a second that are appended and verified, and what an event costs beside the run's entry that it reports.

Measured twice: with salts for what may be erased (here targets), as the service records, and without. One core, SQLite
in memory, a transaction of many. What is measured against are the same transactions with an entry of a run's journal
and nothing else, in the same run. Run it on a quiet machine: `python -m bench.audit`.
"""

import asyncio
import time
from datetime import UTC, datetime

from soar.app.disk import ThreadDisk
from soar.app.ids import SystemRandomness
from soar.app.process import OwnProcess
from soar.audit.keeper import verify_unit
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.run import JournalEntry
from soar.store import Store, Unit, open_store

COUNT = 5_000
ROUNDS = 3
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
    await store.write("default", lambda unit: write(unit, is_recorded=is_recorded, is_journaled=is_journaled))
    return time.process_time() - begun


async def measure_verification(store: Store) -> float:
    begun = time.process_time()
    report = await store.read("default", lambda unit: verify_unit(unit, []))
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


async def main() -> None:
    for is_salted in (True, False):
        rounds = [await run_round(is_salted=is_salted) for _ in range(ROUNDS)]
        appended, journaled, verified = (min(column) for column in zip(*rounds, strict=True))
        print("with salts" if is_salted else "without salts")
        print(f"{'events a second, appended':42}{COUNT / appended:>10,.0f}")
        print(f"{'events a second, verified':42}{COUNT / verified:>10,.0f}")
        print(f"{'an event beside a journal entry':42}{appended / journaled:>10.2f}")


if __name__ == "__main__":
    asyncio.run(main())
