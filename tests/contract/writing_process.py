"""Writes runs into a database, from several callers at once, and prints the number of each that is durable.

Usage: `python -m tests.contract.writing_process URL [LARGEST_FILE]`: with a second argument no file may grow beyond
that many bytes. It ends when it is killed, or with status 3 when the disk fails.
"""

import asyncio
import os
import resource
import sys
from collections.abc import Iterator
from itertools import count

from soar.store import Store, open_store
from tests.support.builders import build_run
from tests.support.disk import InlineDisk

DISK_FAILED = 3


class EndingProcess:
    """Ends at once, as the service does."""

    def die(self, reason: str) -> None:
        sys.stderr.write(reason)
        sys.stderr.flush()
        os._exit(DISK_FAILED)


async def write_runs(store: Store, numbers: Iterator[int]) -> None:
    for number in numbers:
        await store.write("north", lambda unit, number=number: unit.runs.add(build_run(id=f"run_{number}")))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


async def main(url: str) -> None:
    store = open_store(url, disk=InlineDisk(), process=EndingProcess(), readers=InlineDisk)
    await store.migrate()
    if len(sys.argv) > 2:
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    numbers = count()
    await asyncio.gather(*(write_runs(store, numbers) for _ in range(20)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
