"""Durable transactions a second: one row each through the store, beside a bare loop that commits one row at a time.

Run it on a quiet machine: `python -m bench.store [folder]`. The folder decides which disk is measured; fsync on a
memory file system costs nothing and shows nothing.
"""

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from soar.model.run import JournalEntry
from soar.store import Store, Unit, open_store

T = TypeVar("T")

SECONDS = 2.0
CALLERS = (1, 50, 500)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENT = {"kind": "action_succeeded", "output": {"score": 97, "verdict": "malicious", "engines": ["a", "b", "c"]}}


class ThreadDisk:
    """One thread, as in the service."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work on the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()


class MortalProcess:
    """Ends the benchmark when the disk fails."""

    def die(self, reason: str) -> None:
        """End the benchmark."""
        raise SystemExit(reason)


def measure_bare(path: Path) -> float:
    """Commit one journal-like row a transaction, with the store's durability, as fast as one loop can."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE journal (workspace TEXT, run TEXT, sequence INTEGER, at TEXT, event TEXT, changes TEXT,"
        " PRIMARY KEY (workspace, run, sequence))"
    )
    document = str(DOCUMENT)
    count = 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        count += 1
        connection.execute("BEGIN IMMEDIATE")
        row = ("main", "run_bare", count, MOMENT.isoformat(), document, document)
        connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("COMMIT")
    rate = count / (time.perf_counter() - begun)
    connection.close()
    return rate


async def measure_store(path: Path, callers: int) -> float:
    """Let that many callers append one journal entry after another."""
    disk = ThreadDisk()
    store = open_store(f"sqlite:///{path}", disk=disk, process=MortalProcess(), readers=ThreadDisk)
    await store.migrate()
    begun = time.perf_counter()
    until = begun + SECONDS
    counts = await asyncio.gather(*(append_until(store, f"run_{caller}", until) for caller in range(callers)))
    rate = sum(counts) / (time.perf_counter() - begun)
    await store.close()
    disk.close()
    return rate


async def append_until(store: Store, run: str, until: float) -> int:
    """Append entries to one run's journal, each after the one before is durable; return how many."""
    count = 0
    while time.perf_counter() < until:
        count += 1
        await store.write("main", partial(append_entry, run=run, sequence=count))
    return count


def append_entry(unit: Unit, run: str, sequence: int) -> None:
    unit.journal.append(run, [JournalEntry(sequence, MOMENT, DOCUMENT, DOCUMENT)])


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=folder) as place:
        bare = measure_bare(Path(place) / "bare.db")
        print(f"{'':24}{'transactions/s':>16}{'ratio':>8}")
        print(f"{'bare loop':24}{bare:>16,.0f}{1:>8.1f}")
        for callers in CALLERS:
            rate = asyncio.run(measure_store(Path(place) / f"store-{callers}.db", callers))
            print(f"{f'store, {callers} at once':24}{rate:>16,.0f}{rate / bare:>8.1f}")


if __name__ == "__main__":
    main()
