"""Records audit events, each in a commit of its own, while other processes do the same.

Usage: `python -m tests.contract.recording_process URL COUNT NAME`.
"""

import asyncio
import sys

from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.store import Unit, open_store
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess


async def main(url: str, count: int, name: str) -> None:
    store = open_store(url, disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk)
    actor = Actor(kind="system", id=name, via="engine")
    event = AuditEvent(type="run.started", outcome=Outcome.SUCCESS, actor=actor, target={"kind": "run", "id": "r"})

    def add(unit: Unit, number: int) -> None:
        record(unit, event, at=START, id=f"ev_{name}_{number}")

    for number in range(count):
        await store.write("north", lambda unit, number=number: add(unit, number))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
