import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from soar.app.disk import ThreadDisk
from soar.model.errors import UnavailableError
from soar.store import Unit
from soar.store.database import Database
from soar.store.schema import upgrade
from soar.store.sqlite import SqliteDatabase
from soar.store.writer import GROUP_LIMIT, Writer
from tests.support.builders import build_run
from tests.support.disk import BreakingDisk, FaultyDisk, InlineDisk
from tests.support.process import RecordingProcess

T = TypeVar("T")


class SlowDisk(InlineDisk):
    """Waits to be told before each piece of work, and remembers how many there were."""

    def __init__(self) -> None:
        super().__init__()
        self.may_work = asyncio.Event()
        self.runs = 0

    async def run(self, work: Callable[[], T]) -> T:
        await self.may_work.wait()
        self.runs += 1
        return await super().run(work)


class FailingCheckpointDisk(InlineDisk):
    """Does every piece of work but checkpoints, which fail as SQLite's do."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code

    async def run(self, work: Callable[[], T]) -> T:
        if getattr(work, "__name__", "") == "checkpoint":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self.code
            raise error
        return await super().run(work)


@pytest.fixture
def database() -> Iterator[Database]:
    database = SqliteDatabase(None)
    database.change_schema(upgrade)
    yield database
    database.close()


def add_run(unit: Unit, number: int) -> int:
    unit.runs.add(build_run(id=f"run_{number}"))
    return number


async def test_what_comes_while_a_group_commits_is_one_group(database: Database, process: RecordingProcess) -> None:
    disk = SlowDisk()
    writer = Writer(database, disk, process)
    callers = [asyncio.create_task(writer.write("north", partial(add_run, number=0)))]
    for _ in range(2):
        await asyncio.sleep(0)
    callers += [asyncio.create_task(writer.write("north", partial(add_run, number=n))) for n in range(1, 101)]
    await asyncio.sleep(0)
    disk.may_work.set()
    assert await asyncio.gather(*callers) == list(range(101))
    assert disk.runs == 2


async def test_who_goes_first_cuts_what_is_being_committed_and_nobody_else_is_lost(process: RecordingProcess) -> None:
    done, hurried = list[int](), list[asyncio.Task[int]]()
    beside = SqliteDatabase(None)
    beside.change_schema(upgrade)
    disk, loop = ThreadDisk("store"), asyncio.get_running_loop()
    writer, is_under_way, may_go_on = Writer(beside, disk, process), asyncio.Event(), threading.Event()

    def write(unit: Unit, number: int) -> int:
        done.append(number)
        if number == 1:
            loop.call_soon_threadsafe(is_under_way.set)
            assert may_go_on.wait(10)
        return add_run(unit, number)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(writer.write("north", partial(write, number=number)))
        await is_under_way.wait()
        for number in (100, 101):
            hurried.append(group.create_task(writer.write("north", partial(write, number=number), goes_first=True)))
        await asyncio.sleep(0)
        may_go_on.set()
    assert [task.result() for task in hurried] == [100, 101]
    assert done == [0, 1, 100, 101, 2, 3, 4]
    disk.close()
    beside.close()


async def test_a_group_has_a_largest_size(database: Database, process: RecordingProcess) -> None:
    disk = SlowDisk()
    disk.may_work.set()
    writer = Writer(database, disk, process)
    writes = (writer.write("north", lambda unit: unit.workspace) for _ in range(2 * GROUP_LIMIT + 1))
    assert len(await asyncio.gather(*writes)) == 2 * GROUP_LIMIT + 1
    assert disk.runs == 3


async def test_a_work_whose_caller_has_gone_before_it_began_is_not_done(
    database: Database, process: RecordingProcess
) -> None:
    disk = SlowDisk()
    writer = Writer(database, disk, process)
    first = asyncio.create_task(writer.write("north", partial(add_run, number=0)))
    for _ in range(2):
        await asyncio.sleep(0)
    second = asyncio.create_task(writer.write("north", partial(add_run, number=1)))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    disk.may_work.set()
    assert await first == 0
    assert await writer.write("north", lambda unit: unit.runs.get("run_1")) is None


async def test_a_work_whose_caller_has_gone_after_it_began_is_done(
    database: Database, process: RecordingProcess
) -> None:
    disk = SlowDisk()
    writer = Writer(database, disk, process)
    caller = asyncio.create_task(writer.write("north", partial(add_run, number=1)))
    for _ in range(2):
        await asyncio.sleep(0)
    caller.cancel()
    disk.may_work.set()
    assert await writer.write("north", lambda unit: unit.runs.get("run_1")) is not None


async def test_nobody_waits_for_a_writer_that_was_cancelled(database: Database, process: RecordingProcess) -> None:
    disk = SlowDisk()
    writer = Writer(database, disk, process)
    callers = [asyncio.create_task(writer.write("north", partial(add_run, number=n))) for n in range(2)]
    for _ in range(2):
        await asyncio.sleep(0)
    callers.append(asyncio.create_task(writer.write("north", partial(add_run, number=2))))
    await asyncio.sleep(0)
    writer._committing.cancel()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == 3 * [asyncio.CancelledError]
    disk.may_work.set()
    assert await writer.write("north", partial(add_run, number=3)) == 3


async def test_a_failed_fsync_of_a_checkpoint_ends_the_process(database: Database, process: RecordingProcess) -> None:
    writer = Writer(database, FailingCheckpointDisk(sqlite3.SQLITE_IOERR_FSYNC), process)
    await writer.write("north", lambda unit: [add_run(unit, number) for number in range(1000)])
    await writer.close()
    assert len(process.deaths) == 1
    with pytest.raises(UnavailableError) as caught:
        await writer.write("north", lambda unit: unit.workspace)
    assert caught.value.code == "disk_failed"


async def test_a_disk_that_has_failed_is_left_alone_even_where_a_checkpoint_is_due(
    database: Database, process: RecordingProcess
) -> None:
    disk = BreakingDisk()
    disk.break_at(1, is_written=True)
    writer = Writer(database, disk, process)
    with pytest.raises(UnavailableError):
        await writer.write("north", lambda unit: [add_run(unit, number) for number in range(1000)])
    await writer.close()
    assert database.is_checkpoint_due()
    assert (disk.runs, len(process.deaths)) == (1, 1)


async def test_a_checkpoint_that_has_to_wait_disturbs_nobody(database: Database, process: RecordingProcess) -> None:
    writer = Writer(database, FailingCheckpointDisk(sqlite3.SQLITE_BUSY), process)
    await writer.write("north", lambda unit: [add_run(unit, number) for number in range(1000)])
    assert await writer.write("north", partial(add_run, number=5000)) == 5000
    await writer.close()
    assert process.deaths == []


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "soar.db")
    database.change_schema(upgrade)
    yield database
    database.close()


async def fill_log(writer: Writer, start: int) -> None:
    await writer.write("north", lambda unit: [add_run(unit, number) for number in range(start, start + 1000)])


async def test_others_write_while_a_checkpoint_is_made(file: SqliteDatabase, process: RecordingProcess) -> None:
    slow = SlowDisk()
    writer = Writer(file, InlineDisk(), process, log_disk=slow)
    await fill_log(writer, 0)
    await fill_log(writer, 1000)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    assert (slow.runs, closing.done()) == (0, False)
    slow.may_work.set()
    await closing
    assert slow.runs == 1


async def test_others_wait_for_the_checkpoint_of_a_long_log_which_begins_anew(
    file: SqliteDatabase, process: RecordingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soar.store.sqlite._LONG_LOG", -1)
    slow = SlowDisk()
    writer = Writer(file, InlineDisk(), process, log_disk=slow)
    await fill_log(writer, 0)
    waiting = asyncio.create_task(writer.write("north", partial(add_run, number=5000)))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    slow.may_work.set()
    assert await waiting == 5000
    await writer.close()
    _, pages, _ = file.keeper.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
    assert pages < 20


async def test_nobody_waits_while_much_of_a_long_log_is_to_be_moved_unless_it_gets_too_long(
    file: SqliteDatabase, process: RecordingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soar.store.sqlite._LONG_LOG", 100)
    monkeypatch.setattr("soar.store.sqlite._LITTLE", 200)
    writer = Writer(file, InlineDisk(), process, log_disk=InlineDisk())
    await fill_log(writer, 0)
    await writer.close()
    assert not file.is_log_long
    file.checkpoint()
    assert file.is_log_long
    monkeypatch.setattr("soar.store.sqlite._LITTLE", 0)
    file.checkpoint()
    assert not file.is_log_long
    monkeypatch.setattr("soar.store.sqlite._TOO_LONG_LOG", 200)
    assert file.is_log_long


async def test_seeded_faults_lose_nothing_that_was_acknowledged(process: RecordingProcess) -> None:
    for seed in range(20):
        database = SqliteDatabase(None)
        database.change_schema(upgrade)
        writer = Writer(database, FaultyDisk(seed, before=0.05, after=0.05), process)
        acknowledged = await write_until_refused(writer)
        found = database.commit([("north", lambda unit: {run.id for run in unit.runs.list(1000).items})])[0].result
        assert {f"run_{number}" for number in acknowledged} <= found
        database.close()


async def write_until_refused(writer: Writer) -> list[int]:
    acknowledged = []
    for number in range(100):
        try:
            acknowledged.append(await writer.write("north", partial(add_run, number=number)))
        except UnavailableError:
            break
    return acknowledged
