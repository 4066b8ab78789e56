"""The store: everything durable, behind units of work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, select

from soar.model.disk import Disk
from soar.model.errors import UnavailableError
from soar.model.event import Happening
from soar.model.ids import Randomness
from soar.model.process import Process
from soar.model.run import Timer
from soar.model.standing import Standing
from soar.store import schema
from soar.store.database import Database
from soar.store.faults import explain
from soar.store.forgotten import find_forgotten_runs
from soar.store.glances import Glances
from soar.store.happenings import find_happenings
from soar.store.hearing import Hearing
from soar.store.runs import count_runnable_runs, find_running_runs, find_told_runs
from soar.store.tables import WORKSPACES
from soar.store.timers import find_due, find_next_due
from soar.store.unit import Unit
from soar.store.url import open_database
from soar.store.writer import QUEUE_LIMIT, HappeningListener, Listener, Writer

T = TypeVar("T")

_WORKSPACES = select(WORKSPACES.c.name).order_by(WORKSPACES.c.name)


class _Reader:
    """A disk and, from its first use on, a connection of its own."""

    def __init__(self, database: Database, disk: Disk) -> None:
        self._database = database
        self._disk = disk
        self._connection: Connection | None = None

    async def run(self, work: Callable[[Connection], T]) -> T:
        return await self._disk.run(partial(self._read, work))

    async def close(self) -> None:
        await self._disk.run(self._disconnect)
        self._disk.close()

    def _read(self, work: Callable[[Connection], T]) -> T:
        if self._connection is not None:
            try:
                return self._database.read(self._connection, work)
            except ConnectionError:  # it may have died long ago, while nobody was reading
                self._disconnect()
        self._connection = self._database.connect()
        return self._database.read(self._connection, work)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._database.disconnect(self._connection)
            self._connection = None


class Store:
    """All that is durable. Made by `open_store`.

    Works are plain functions on a `Unit`; they run on a disk and must not wait for anything.
    """

    def __init__(
        self,
        database: Database,
        disk: Disk,
        process: Process,
        readers: Callable[[], Disk],
        queue_limit: int,
        randomness: Randomness | None,
    ) -> None:
        self._database = database
        self._randomness = randomness
        self._disk = disk
        self._make_disk = readers
        self._is_closed = False
        self._log_disk = None if database.is_shared or not database.readers else readers()
        self._writer = Writer(database, disk, process, queue_limit, log_disk=self._log_disk)
        self._readers = tuple(_Reader(database, readers()) for _ in range(database.readers))
        self._idle: asyncio.LifoQueue[_Reader] = asyncio.LifoQueue()
        for reader in self._readers:
            self._idle.put_nowait(reader)
        self._glances = Glances(self._query) if self._readers and not database.is_shared else None

    def listen(self, listener: Listener) -> None:
        """Name who is told, after each commit, which runs have something in their inbox: whoever drives them."""
        self._writer.listener = listener

    def listen_for_happenings(self, listener: HappeningListener) -> None:
        """Name who is told, after each commit, that something happened: whoever takes it to those who wait."""
        self._writer.happening_listener = listener

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work on it at the same time; then runs that are told something are handed out."""
        return self._database.is_shared

    def listen_around(self) -> Hearing:
        """Return what hears of the other processes; the caller closes it."""
        return Hearing(self._database, self._make_disk())

    async def publish(self, notices: Sequence[str]) -> None:
        """Say something to all processes that listen; it may be lost.

        Args:
            notices: each of less than 8,000 bytes.
        """
        await self._guard(self._disk.run(partial(self._database.publish, notices)))

    async def write(self, workspace: str, work: Callable[[Unit], T], *, goes_first: bool = False) -> T:
        """Do the work in the writer's next group; return what it returns once that is on the disk.

        Args:
            workspace: where.
            work: what.
            goes_first: before all that waits to be written.

        Raises:
            UnavailableError: too many works wait (`store.busy`), the disk is full (`disk_full`) or has failed
                (`disk_failed`), another process holds the lock (`store.locked`), the server is not reached
                (`store.unreachable`) or takes no writes (`store.read_only`), or the store is closed
                (`store.closed`). Nothing was written, but for `disk_failed` and `store.unreachable`: then nobody knows.
            InputError: a value cannot be stored: half of a surrogate pair in a text (`store.text`), or a document
                nested too deeply (`store.depth`).
            Exception: what the work raised; it was undone alone.
        """

        def begin(unit: Unit) -> T:
            unit.randomness = self._randomness
            return work(unit)

        return await self._writer.write(workspace, begin, goes_first=goes_first)

    async def read(self, workspace: str, work: Callable[[Unit], T]) -> T:
        """Do the work on one unchanging state of the store; a write in it fails.

        Raises:
            BugError: the work tried to write.
        """
        return await self._query(lambda connection: work(Unit(connection, workspace)))

    async def glance(self, workspace: str, work: Callable[[Unit], T]) -> T:
        """Do a work that takes a millisecond or so, as `read` does, with others of its like in one transaction.

        A server answers many readers side by side, and is asked by each alone.

        Raises:
            BugError: the work tried to write.
        """
        return await self._look(lambda connection: work(Unit(connection, workspace)))

    async def workspaces(self) -> list[str]:
        """Return the workspaces that something was written in, by name."""
        return await self._query(lambda connection: list(connection.execute(_WORKSPACES).scalars()))

    async def due_timers(self, until: datetime, limit: int = 500) -> list[tuple[str, Timer]]:
        """Return workspace and timer of what is due at or before `until`, over all workspaces, earliest first."""
        return await self._look(lambda connection: find_due(connection, until, limit))

    async def next_timer(self) -> datetime | None:
        """Return when the earliest timer of any workspace is due."""
        return await self._look(find_next_due)

    async def happenings(self, limit: int = 500) -> list[tuple[str, Happening]]:
        """Return workspace and content of what is yet to be taken to somebody, over all workspaces, oldest first."""
        return await self._query(lambda connection: find_happenings(connection, limit))

    async def told_runs(self, first: int, limit: int) -> list[tuple[tuple[str, str], Standing]]:
        """Return workspace and id of the runs that events wait for, with where they stand, the oldest event first.

        A run comes once for each of its events, with the event's number as its place.

        Args:
            first: number of the event from which on.
            limit: how many events at most.
        """
        return await self._query(lambda connection: find_told_runs(connection, first, limit))

    async def running_runs(self) -> list[tuple[str, str]]:
        """Return workspace and id of each run that has something under way: those driven, or left by a crash."""
        return await self._query(find_running_runs)

    async def count_runnable(self) -> int:
        """Return how many runs are queued or running."""
        return await self._query(count_runnable_runs)

    async def forgotten_runs(self) -> list[tuple[str, str]]:
        """Return workspace and id of each run at rest that nothing here would wake, the oldest first.

        See `soar.store.forgotten`.
        """
        return await self._query(find_forgotten_runs)

    async def migrate(self) -> None:
        """Bring the schema up to date, in one transaction.

        Raises:
            InputError: the schema is newer than this program (`store.newer_schema`).
        """
        await self._guard(self._disk.run(partial(self._database.change_schema, schema.upgrade)))

    async def scrub(self) -> None:
        """Leave nothing of what was overwritten or deleted where the database keeps it.

        The server's own log and copies of the database, such as backups, are not reached.

        Raises:
            UnavailableError: somebody has been reading for too long (`store.locked`), or the disk or server fails.
        """
        await self._guard((self._log_disk or self._disk).run(self._database.scrub))

    async def is_current(self) -> bool:
        """Whether the schema is the one this program knows.

        Raises:
            InputError: it is newer (`store.newer_schema`).
        """
        return await self._query(schema.is_current)

    async def find_weaknesses(self) -> tuple[str, ...]:
        """Return a sentence for each setting of the server under which something acknowledged may be lost."""
        return await self._query(self._database.find_weaknesses)

    async def _look(self, work: Callable[[Connection], T]) -> T:
        return await (self._query(work) if self._glances is None else self._glances.take(work))

    async def _query(self, work: Callable[[Connection], T]) -> T:
        if self._is_closed:
            raise UnavailableError("the store is closed", code="store.closed")
        if not self._readers:
            return await self._guard(self._disk.run(lambda: self._database.read(self._database.writer, work)))
        reader = await self._idle.get()
        try:
            return await self._guard(reader.run(work))
        finally:
            self._idle.put_nowait(reader)

    async def _guard(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except Exception as error:
            self._writer.stop_if_broken(error)
            told = explain(error)
            if told is error:
                raise
            raise told from error

    async def close(self) -> None:
        """Finish what waits to be written, take no more, and close every connection and the readers' disks.

        The disk that was given stays open: it belongs to the giver.
        """
        if self._is_closed:
            return
        self._is_closed = True
        await self._writer.close()
        for _ in self._readers:
            reader = await self._idle.get()
            await reader.close()
        await self._disk.run(self._database.close)
        if self._log_disk is not None:
            self._log_disk.close()


def open_store(
    url: str,
    *,
    disk: Disk,
    process: Process,
    readers: Callable[[], Disk],
    queue_limit: int = QUEUE_LIMIT,
    randomness: Randomness | None = None,
) -> Store:
    """Return the store that a URL names. Nothing is opened before it is used.

    Args:
        url: `sqlite:///path`, `sqlite://` for one in memory that ends with the store, or `postgresql://host/name`.
        disk: where everything is written; in memory everything is read there too. It is not closed with the store.
        process: ended when the disk fails.
        readers: makes the disks for reading; they are closed with the store.
        queue_limit: how many works may wait to be written before more are refused.
        randomness: salts what may be erased from the audit; without it events are recorded whole, as in a rehearsal.

    Raises:
        InputError: the URL names no database that we know (`store.url`), or its driver is not installed
            (`store.driver`).
    """
    return Store(open_database(url), disk, process, readers, queue_limit, randomness)
