"""What PostgreSQL adds: several processes at once, and a server that may go away."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from soar.audit.keeper import verify_unit
from soar.model.errors import ConflictError, InputError, UnavailableError
from soar.store import Store, Unit, open_store
from soar.store.columns import METADATA
from soar.store.database import Heard
from soar.store.postgres import PostgresDatabase, driver_of
from tests.support.builders import build_alert, build_journal_entry, build_run, build_timer
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.handouts import count_handouts
from tests.support.postgres import PostgresServer
from tests.support.process import RecordingProcess
from tests.support.threads import ThreadDisk

ROOT = Path(__file__).parents[2]


def open_url(url: str) -> Store:
    return open_store(url, disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk)


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    store = open_url(postgres_url)
    yield store
    await store.close()


@pytest.fixture
async def other(postgres_url: str) -> AsyncIterator[Store]:
    store = open_url(postgres_url)
    yield store
    await store.close()


@pytest.fixture
def operator(postgres_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def add_run(unit: Unit, number: int) -> None:
    unit.runs.add(build_run(id=f"run_{number}"))


# -- schema ---------------------------------------------------------------------------------------------------------


async def test_the_migrated_schema_is_the_one_the_tables_declare(store: Store) -> None:
    context = MigrationContext.configure(store._database.writer, opts={"compare_type": True})
    assert compare_metadata(context, METADATA) == []


async def test_what_is_an_index_over_some_rows_in_sqlite_is_one_here(
    store: Store, operator: psycopg.Connection
) -> None:
    declared = {
        index.name
        for table in METADATA.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    await store.is_current()
    found = operator.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '% WHERE %'").fetchall()
    assert {name for (name,) in found} == declared != set()


async def test_processes_that_migrate_at_once_do_it_once(postgres: PostgresServer) -> None:
    with postgres.create() as url:
        disks = [ThreadDisk() for _ in range(3)]
        stores = [open_store(url, disk=disk, process=RecordingProcess(), readers=InlineDisk) for disk in disks]
        await asyncio.gather(*(store.migrate() for store in stores))
        assert await stores[0].is_current()
        for store, disk in zip(stores, disks, strict=True):
            await store.close()
            disk.close()


async def test_a_migration_that_fails_leaves_nothing_behind(postgres: PostgresServer) -> None:
    with postgres.create() as url:
        store = open_url(url)
        store._database.writer.exec_driver_sql("CREATE TABLE checkpoints (other TEXT)")
        with pytest.raises(Exception, match="DuplicateTable"):
            await store.migrate()
        assert not await store.is_current()
        store._database.writer.exec_driver_sql("DROP TABLE checkpoints")
        await store.migrate()
        assert await store.is_current()
        await store.close()


async def test_a_database_that_cannot_hold_every_text_is_refused(postgres: PostgresServer) -> None:
    postgres.psql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    store = open_url(postgres.url("latin"))
    with pytest.raises(InputError, match="LATIN1") as caught:
        await store.migrate()
    assert caught.value.code == "store.encoding"
    await store.close()


async def test_a_write_before_the_migration_is_refused(postgres: PostgresServer) -> None:
    with postgres.create() as url:
        store = open_url(url)
        with pytest.raises(Exception, match="UndefinedTable"):
            await store.write("north", partial(add_run, number=1))
        await store.migrate()
        await store.write("north", partial(add_run, number=1))
        await store.close()


# -- several at once ------------------------------------------------------------------------------------------------


def record_at_once(url: str, processes: int, count: int) -> None:
    command = [sys.executable, "-m", "tests.contract.recording_process", url, str(count)]
    writers = [subprocess.Popen([*command, str(number)], cwd=ROOT) for number in range(processes)]
    assert [writer.wait(timeout=90) for writer in writers] == [0] * processes


async def test_processes_that_write_at_once_leave_one_unbroken_record(postgres_url: str) -> None:
    record_at_once(postgres_url, processes=3, count=150)
    store = open_url(postgres_url)
    found = await store.read("north", lambda unit: unit.audit.range(0, 1000))
    assert [event.sequence for event in found] == list(range(450))
    assert len({event.document["id"] for event in found}) == 450
    report = await store.read("north", lambda unit: verify_unit(unit, []))
    assert report.is_sound
    assert len({event.document["id"][:4] for event in found[:300]}) > 1, "one had the database for itself"
    await store.close()


@pytest.mark.crash
async def test_what_was_acknowledged_survives_a_killed_process(postgres_url: str) -> None:
    acknowledged = write_until_killed(postgres_url, count=300)
    store = open_url(postgres_url)
    missing = await store.read("north", lambda u: [n for n in acknowledged if u.runs.get(f"run_{n}") is None])
    assert missing == []
    await store.write("north", partial(add_run, number=1_000_000))
    await store.close()


def write_until_killed(url: str, count: int) -> list[int]:
    """Return the numbers that were acknowledged before the writer was killed."""
    command = [sys.executable, "-m", "tests.contract.writing_process", url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(count)]
        writer.kill()
        rest = writer.stdout.read()
    return acknowledged + [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]


async def test_two_stores_are_fenced_by_the_journal(store: Store, other: Store) -> None:
    append = partial(append_entry, sequence=1)
    await store.write("north", append)
    with pytest.raises(ConflictError):
        await other.write("north", append)


def append_entry(unit: Unit, sequence: int) -> None:
    unit.journal.append("run_1", [build_journal_entry(sequence=sequence)])


async def test_of_two_stores_that_move_a_run_on_one_wins(store: Store, other: Store) -> None:
    await store.write("north", lambda unit: unit.runs.add(build_run()))

    def move_on(unit: Unit) -> None:
        unit.runs.update(build_run(sequence=1), before=build_run())

    outcomes = await asyncio.gather(
        store.write("north", move_on), other.write("north", move_on), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ConflictError", "NoneType"]


async def test_who_looks_before_they_write_sees_what_the_others_wrote(postgres_url: str) -> None:
    disks = [ThreadDisk() for _ in range(2)]
    stores = [open_store(postgres_url, disk=disk, process=RecordingProcess(), readers=InlineDisk) for disk in disks]

    def add_if_alone(unit: Unit, number: int) -> bool:
        if unit.alerts.find_key("triage", "key", START) is not None:
            return False
        unit.alerts.remember_key("triage", "key", f"run_{number}", START)
        return True

    added = await asyncio.gather(
        *(store.write("north", partial(add_if_alone, number=number)) for number in range(20) for store in stores)
    )
    assert sum(added) == 1
    for store, disk in zip(stores, disks, strict=True):
        await store.close()
        disk.close()


async def test_a_reader_keeps_its_state_while_another_process_writes(store: Store, other: Store) -> None:
    await store.write("north", partial(add_run, number=1))

    def read_around_a_write(unit: Unit) -> tuple[int, int]:
        before = len(unit.runs.list(9).items)
        other._database.commit([("north", partial(add_run, number=2))])
        return before, len(unit.runs.list(9).items)

    assert await store.read("north", read_around_a_write) == (1, 1)
    assert len((await store.read("north", lambda unit: unit.runs.list(9))).items) == 2


async def test_a_group_that_the_server_ends_for_another_is_done_again(store: Store) -> None:
    tries: list[int] = []

    def fail_at_first(unit: Unit) -> int:
        tries.append(1)
        add_run(unit, 1)
        if len(tries) == 1:
            unit._connection.exec_driver_sql("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
        return len(tries)

    outcomes = await asyncio.gather(store.write("north", fail_at_first), store.write("north", lambda u: u.workspace))
    assert outcomes == [2, "north"]
    assert len((await store.read("north", lambda unit: unit.runs.list(9))).items) == 1


async def test_who_holds_the_turn_for_too_long_keeps_nobody_waiting_for_ever(
    store: Store, operator: psycopg.Connection
) -> None:
    await store.write("north", partial(add_run, number=1))
    store._database.writer.exec_driver_sql("SET lock_timeout = '50ms'")
    with operator.transaction():
        operator.execute("SELECT size FROM audit_head FOR UPDATE")
        with pytest.raises(UnavailableError) as caught:
            await store.write("north", partial(add_run, number=2))
    assert caught.value.code == "store.busy"
    assert caught.value.retry_after > 0
    await store.write("north", partial(add_run, number=2))


# -- a server that goes away ------------------------------------------------------------------------------------------


def end_sessions(operator: psycopg.Connection) -> None:
    operator.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def test_connections_that_died_while_nobody_used_them_are_replaced(
    store: Store, operator: psycopg.Connection
) -> None:
    await store.write("north", partial(add_run, number=1))
    assert await store.read("north", lambda unit: unit.runs.get("run_1")) is not None
    end_sessions(operator)
    await store.write("north", partial(add_run, number=2))
    assert await store.read("north", lambda unit: unit.runs.get("run_2")) is not None


async def test_a_connection_lost_in_the_middle_undoes_the_group_and_the_next_one_goes_on(
    store: Store, operator: psycopg.Connection
) -> None:
    def lose(unit: Unit) -> None:
        add_run(unit, 2)
        end_sessions(operator)
        unit.runs.get("run_2")

    outcomes = await asyncio.gather(
        store.write("north", partial(add_run, number=1)), store.write("north", lose), return_exceptions=True
    )
    assert [outcome.code for outcome in outcomes] == ["store.unreachable", "store.unreachable"]
    assert (await store.read("north", lambda unit: unit.runs.list(9))).items == ()
    await store.write("north", partial(add_run, number=1))


async def test_a_lost_answer_to_a_commit_is_looked_up(store: Store, operator: psycopg.Connection) -> None:
    database = store._database
    assert isinstance(database, PostgresDatabase)
    number = database._begin()
    add_run(Unit(database.writer, "north"), 1)
    driver_of(database.writer).execute("COMMIT")
    end_sessions(operator)
    database._end(number)
    assert await store.read("north", lambda unit: unit.runs.get("run_1")) is not None


async def test_a_commit_that_did_not_come_through_is_told(store: Store, operator: psycopg.Connection) -> None:
    database = store._database
    assert isinstance(database, PostgresDatabase)
    number = database._begin()
    add_run(Unit(database.writer, "north"), 1)
    end_sessions(operator)
    with pytest.raises(ConnectionError):
        database._end(number)
    assert await store.read("north", lambda unit: unit.runs.get("run_1")) is None


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    store = open_url(f"postgresql://postgres:hush@/soar?host={tmp_path}")
    for refused in (store.migrate(), store.write("north", lambda unit: unit.workspace), store.workspaces()):
        with pytest.raises(UnavailableError, match="not reached") as caught:
            await refused
        assert caught.value.code == "store.unreachable"
        assert "hush" not in str(caught.value)
    await store.close()


async def test_a_server_that_takes_no_writes_says_so(postgres: PostgresServer, postgres_url: str) -> None:
    store = open_url(f"{postgres_url}&options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(UnavailableError) as caught:
        await store.write("north", partial(add_run, number=1))
    assert caught.value.code == "store.read_only"
    await store.close()


# -- what a server might do otherwise ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("server", "ours"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")])
async def test_a_commit_is_never_weaker_than_the_disk(postgres_url: str, server: str, ours: str) -> None:
    store = open_url(f"{postgres_url}&options=-c%20synchronous_commit%3D{server}")
    assert store._database.writer.exec_driver_sql("SHOW synchronous_commit").scalar() == ours
    await store.close()


async def test_whoever_stops_in_a_transaction_is_let_go_of(store: Store) -> None:
    shown = store._database.writer.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
    assert shown == "10s"


async def test_texts_with_zero_bytes_stay_as_they_are_and_apart(store: Store) -> None:
    texts = ["\x00", "a\x00b", "\U0010ffff", "\U0010ffff0", "\U0010ffff1\x00", "\x00\U0010ffff", "0", ""]
    for number, title in enumerate(texts):
        await store.write("north", lambda u, n=number, t=title: u.alerts.add(build_alert(id=f"al_{n}", title=t)))
    found = await store.read("north", lambda unit: unit.alerts.list(99).items)
    assert [alert.title for alert in reversed(found)] == texts
    stored = store._database.writer.exec_driver_sql("SELECT count(DISTINCT title) FROM alerts").scalar()
    assert stored == len(texts)


async def test_a_work_that_hides_an_error_of_the_server_is_undone_alone(store: Store) -> None:
    def hide(unit: Unit) -> None:
        add_run(unit, 1)
        with pytest.raises(Exception, match="division"):
            unit._connection.exec_driver_sql("SELECT 1 / 0")

    outcomes = await asyncio.gather(
        store.write("north", hide), store.write("north", partial(add_run, number=2)), return_exceptions=True
    )
    assert "InFailedSqlTransaction" in str(outcomes[0])
    assert outcomes[1] is None
    assert [run.id for run in (await store.read("north", lambda unit: unit.runs.list(9))).items] == ["run_2"]


async def test_an_error_of_the_server_tells_no_values(store: Store) -> None:
    def write_twice(unit: Unit) -> None:
        for _ in range(2):
            unit._connection.exec_driver_sql("INSERT INTO workspaces VALUES ('hush')")

    with pytest.raises(Exception, match=r"UniqueViolation \(23505, pk_workspaces\)") as caught:
        await store.write("north", write_twice)
    assert "hush" not in str(caught.value)


# -- hand-outs and notices ---------------------------------------------------------------------------------------------


async def test_what_tells_a_run_something_hands_it_out_in_the_same_transaction(store: Store, other: Store) -> None:
    hearing = other.listen_around()
    await hearing.hear(0.0)
    tell = partial(tell_run, run="run_1")
    await store.write("north", tell)
    assert await hearing.hear(10.0) == Heard(is_handed_out=True)
    assert await other.write("north", count_handouts) == 1
    with pytest.raises(ConflictError):
        await store.write("north", lambda unit: (tell_run(unit, "run_2"), add_run(unit, 1), add_run(unit, 1)))
    assert await other.write("north", count_handouts) == 1
    await hearing.close()


def tell_run(unit: Unit, run: str) -> None:
    unit.inbox.add(run, {"kind": "vote"}, START)


async def test_what_is_released_is_heard_of(store: Store, other: Store) -> None:
    await store.write("north", partial(tell_run, run="run_1"))
    later = START + timedelta(minutes=1)
    await store.write("north", lambda unit: unit.handouts.claim("ann", now=START, until=later, limit=1))
    hearing = other.listen_around()
    await hearing.hear(0.0)
    await store.write("north", lambda unit: unit.handouts.release("ann"))
    assert await hearing.hear(10.0) == Heard(is_handed_out=True)
    await hearing.close()


async def test_notices_are_heard_by_all_and_a_lost_connection_is_replaced(
    store: Store, other: Store, operator: psycopg.Connection
) -> None:
    hearings = [one.listen_around() for one in (store, other)]
    for hearing in hearings:
        await hearing.hear(0.0)
    await store.publish(["run_1", "run_2"])
    for hearing in hearings:
        heard = [*(await hearing.hear(10.0)).notices]
        while len(heard) < 2:
            heard += (await hearing.hear(10.0)).notices
        assert heard == ["run_1", "run_2"]
    end_sessions(operator)
    with pytest.raises(UnavailableError) as caught:
        await hearings[0].hear(10.0)
    assert caught.value.code == "store.unreachable"
    with pytest.raises(UnavailableError):
        await store.publish(["run_3"])
    await hearings[0].hear(0.0)
    await store.publish(["run_4"])
    assert (await hearings[0].hear(10.0)).notices == ("run_4",)
    for hearing in hearings:
        await hearing.close()


async def test_a_timer_that_two_processes_fire_at_once_fires_once(store: Store, other: Store) -> None:
    timer = build_timer(due_at=START)
    await store.write("north", lambda unit: unit.timers.set(timer))
    assert await store.due_timers(START) == await other.due_timers(START) == [("north", timer)]
    taken = await asyncio.gather(*(one.write("north", lambda unit: unit.timers.take(timer)) for one in (store, other)))
    assert sorted(taken) == [False, True]
