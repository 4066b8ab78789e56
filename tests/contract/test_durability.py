"""What was acknowledged is there after the process is gone, and a disk that fails or fills up loses none of it."""

import asyncio
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from soar.model.disk import Disk
from soar.model.errors import ConflictError, InputError, UnavailableError
from soar.store import Store, Unit, open_store
from tests.contract.writing_process import DISK_FAILED
from tests.support.builders import build_alert, build_journal_entry, build_run
from tests.support.disk import FaultyDisk, InlineDisk
from tests.support.process import RecordingProcess
from tests.support.threads import ThreadDisk

T = TypeVar("T")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "soar.db"


def open_file(path: Path, process: RecordingProcess | None = None, disk: Disk | None = None) -> Store:
    process = process or RecordingProcess()
    return open_store(f"sqlite:///{path}", disk=disk or InlineDisk(), process=process, readers=InlineDisk)


def start_writing(path: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.contract.writing_process", f"sqlite:///{path}", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def find_missing(path: Path, acknowledged: list[int]) -> list[int]:
    store = open_file(path)
    assert await store.is_current()
    missing = await store.read("north", lambda unit: [n for n in acknowledged if unit.runs.get(f"run_{n}") is None])
    await store.write("north", lambda unit: unit.runs.add(build_run(id="run_after")))
    await store.close()
    return missing


@pytest.mark.crash
async def test_what_was_acknowledged_survives_a_killed_process(path: Path) -> None:
    with start_writing(path) as child:
        acknowledged = [int(child.stdout.readline()) for _ in range(300)]
        child.kill()
        rest = child.stdout.read()
    acknowledged += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    assert len(acknowledged) >= 300
    assert await find_missing(path, acknowledged) == []


@pytest.mark.crash
async def test_a_disk_that_fails_ends_the_process_and_loses_nothing_acknowledged(path: Path) -> None:
    with start_writing(path, str(1_000_000)) as child:
        printed, complaint = child.communicate(timeout=60)
    assert child.returncode == DISK_FAILED
    assert "SQLITE_IOERR" in complaint
    acknowledged = [int(line) for line in printed.splitlines()]
    assert len(acknowledged) > 20
    assert await find_missing(path, acknowledged) == []


async def test_what_was_written_is_there_when_the_file_is_opened_again(path: Path) -> None:
    first = open_file(path)
    await first.migrate()
    await first.write("north", lambda unit: unit.runs.add(build_run()))
    second = open_file(path)
    assert await second.read("north", lambda unit: unit.runs.get(build_run().id)) == build_run()
    assert await second.workspaces() == ["north"]
    await second.close()
    await first.close()


async def test_a_full_disk_refuses_the_whole_group_and_goes_on_when_there_is_room(path: Path) -> None:
    process = RecordingProcess()
    store = open_file(path, process)
    await store.migrate()
    await store.write("north", lambda unit: unit.alerts.add(build_alert()))
    limit_pages(store, more=4)
    large = {"text": "x" * 100_000}
    writes = [
        store.write("north", lambda unit: unit.alerts.add(build_alert(id="al_small"))),
        store.write("north", lambda unit: unit.alerts.add(build_alert(id="al_large", raw=large))),
        store.write("north", lambda unit: unit.alerts.add(build_alert(id="al_late"))),
    ]
    for refused in await asyncio.gather(*writes, return_exceptions=True):
        assert isinstance(refused, UnavailableError)
        assert refused.code == "disk_full"
        assert refused.hint
    assert [alert.id for alert in (await store.read("north", lambda unit: unit.alerts.list(9))).items] == [
        build_alert().id
    ]
    limit_pages(store, more=10_000)
    await store.write("north", lambda unit: unit.alerts.add(build_alert(id="al_large", raw=large)))
    assert (await store.read("north", lambda unit: unit.alerts.get("al_large"))).raw == large
    assert process.deaths == []
    await store.close()


async def test_a_work_that_hides_a_full_disk_does_not_take_half_a_group_along(path: Path) -> None:
    store = open_file(path)
    await store.migrate()
    limit_pages(store, more=4)

    def add_and_hide(unit: Unit) -> None:
        with pytest.raises(Exception, match="full"):
            unit.alerts.add(build_alert(id="al_large", raw="x" * 100_000))

    works = [lambda unit: unit.alerts.add(build_alert(id="al_1")), add_and_hide]
    outcomes = await asyncio.gather(*(store.write("north", work) for work in works), return_exceptions=True)
    found = await store.read("north", lambda unit: unit.alerts.get("al_1"))
    assert (found is not None) == (outcomes[0] is None)
    await store.close()


def limit_pages(store: Store, more: int) -> None:
    writer = store._database.writer
    pages = writer.exec_driver_sql("PRAGMA page_count").scalar()
    writer.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")


@pytest.mark.parametrize("share", ["before", "after"])
async def test_a_disk_that_fails_ends_the_process_and_nothing_more_is_taken(path: Path, share: str) -> None:
    process = RecordingProcess()
    sound = open_file(path)
    await sound.migrate()
    await sound.close()
    store = open_file(path, process, FaultyDisk(1, **{share: 1.0}))
    writes = [store.write("north", partial(add_run, number=number)) for number in range(3)]
    for lost in await asyncio.gather(*writes, return_exceptions=True):
        assert isinstance(lost, UnavailableError)
        assert lost.code == "disk_failed"
    assert len(process.deaths) == 1
    with pytest.raises(UnavailableError) as caught:
        await store.write("north", partial(add_run, number=9))
    assert caught.value.code == "disk_failed"
    assert len(process.deaths) == 1


def add_run(unit: Unit, number: int) -> None:
    unit.runs.add(build_run(id=f"run_{number}"))


async def test_a_write_behind_a_failed_disk_is_refused_too(path: Path) -> None:
    process = RecordingProcess()
    sound = open_file(path)
    await sound.migrate()
    await sound.close()
    store = open_file(path, process, FaultyDisk(1, before=1.0))
    first = asyncio.create_task(store.write("north", partial(add_run, number=1)))
    for _ in range(2):
        await asyncio.sleep(0)
    second = asyncio.create_task(store.write("north", partial(add_run, number=2)))
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert [outcome.code for outcome in outcomes] == ["disk_failed", "disk_failed"]
    assert len(process.deaths) == 1


async def test_a_read_from_a_broken_file_ends_the_process(path: Path) -> None:
    process = RecordingProcess()
    store = open_file(path, process)
    await store.migrate()
    await store.write("north", partial(add_run, number=1))
    await store.close()
    path.write_bytes(b"no database" * 1000)  # noqa: ASYNC240 -- nothing else runs on this loop
    broken = open_file(path, process)
    with pytest.raises(UnavailableError) as caught:
        await broken.read("north", lambda unit: unit.runs.get("run_1"))
    assert caught.value.code == "disk_failed"
    assert len(process.deaths) == 1


async def test_another_process_with_the_lock_is_named(path: Path) -> None:
    first, second = open_file(path), open_file(path)
    await first.migrate()
    second._database.writer.exec_driver_sql("PRAGMA busy_timeout = 0")
    first._database.writer.exec_driver_sql("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError) as caught:
        await second.write("north", partial(add_run, number=1))
    assert caught.value.code == "store.locked"
    first._database.writer.exec_driver_sql("ROLLBACK")
    await second.write("north", partial(add_run, number=1))
    await first.close()
    await second.close()


async def test_readers_on_their_own_threads_see_each_write_once_it_is_acknowledged(path: Path) -> None:
    process, disk = RecordingProcess(), ThreadDisk()
    store = open_store(f"sqlite:///{path}", disk=disk, process=process, readers=ThreadDisk)
    await store.migrate()

    async def write_and_read(number: int) -> bool:
        await store.write("north", partial(add_run, number=number))
        return await store.read("north", lambda unit: unit.runs.get(f"run_{number}")) is not None

    assert all(await asyncio.gather(*(write_and_read(number) for number in range(300))))
    assert len((await store.read("north", lambda unit: unit.runs.list(999))).items) == 300
    await store.close()
    disk.close()
    assert process.deaths == []


async def test_a_cancelled_reader_leaves_its_connection_to_the_next(path: Path) -> None:
    disk = ThreadDisk()
    store = open_store(f"sqlite:///{path}", disk=disk, process=RecordingProcess(), readers=ThreadDisk)
    await store.migrate()
    readers = [asyncio.create_task(store.read("north", lambda unit: unit.users.is_empty())) for _ in range(20)]
    await asyncio.sleep(0)
    for reader in readers[:10]:
        reader.cancel()
    outcomes = await asyncio.gather(*readers, return_exceptions=True)
    assert outcomes[10:] == 10 * [True]
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[:10])
    await store.close()
    disk.close()


async def test_a_reader_keeps_its_state_while_others_write(path: Path) -> None:
    store = open_file(path)
    await store.migrate()
    await store.write("north", partial(add_run, number=1))

    def read_around_a_write(unit: Unit) -> tuple[int, int]:
        before = len(unit.runs.list(9).items)
        store._database.commit([("north", partial(add_run, number=2))])
        return before, len(unit.runs.list(9).items)

    assert await store.read("north", read_around_a_write) == (1, 1)
    assert len((await store.read("north", lambda unit: unit.runs.list(9))).items) == 2
    await store.close()


async def test_the_file_and_its_log_are_for_their_owner_alone(path: Path) -> None:
    store = open_file(path)
    await store.migrate()
    await store.write("north", partial(add_run, number=1))
    modes = {name.name: name.stat().st_mode & 0o777 for name in path.parent.iterdir()}
    assert modes == {"soar.db": 0o600, "soar.db-wal": 0o600, "soar.db-shm": 0o600}
    await store.close()


async def test_the_log_does_not_grow_for_ever(path: Path) -> None:
    store = open_file(path)
    await store.migrate()
    for batch in range(30):
        await store.write("north", lambda unit, batch=batch: [add_run(unit, 100 * batch + n) for n in range(100)])
    rows, log = (measure(path), measure(path.with_name("soar.db-wal")))
    assert rows > 1_000_000
    assert log < rows * 4
    await store.close()


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def measure(path: Path) -> int:
    return path.stat().st_size


async def test_each_commit_reaches_the_disk(path: Path) -> None:
    store = open_file(path)
    await store.migrate()
    writer = store._database.writer
    assert writer.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert writer.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert writer.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert writer.exec_driver_sql("PRAGMA trusted_schema").scalar() == 0
    await store.close()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    store = open_file(tmp_path / "none" / "soar.db")
    with pytest.raises(InputError, match="none") as caught:
        await store.migrate()
    assert caught.value.code == "store.file"
    assert list_names(tmp_path) == []


async def test_two_stores_on_one_file_are_fenced_by_the_journal(path: Path) -> None:
    first, second = open_file(path), open_file(path)
    await first.migrate()
    await first.write("north", lambda unit: unit.journal.append("run_1", [build_journal_entry(sequence=1)]))
    with pytest.raises(ConflictError):
        await second.write("north", lambda unit: unit.journal.append("run_1", [build_journal_entry(sequence=1)]))
    await first.close()
    await second.close()
