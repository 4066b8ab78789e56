import errno
import sqlite3

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from soar.model.errors import BugError, ConflictError, UnavailableError
from soar.store.faults import Fault, classify, describe, explain


def build_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("as the driver says it")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (sqlite3.SQLITE_FULL, Fault.FULL),
        (sqlite3.SQLITE_IOERR_SHMSIZE, Fault.FULL),
        (sqlite3.SQLITE_IOERR, Fault.BROKEN),
        (sqlite3.SQLITE_IOERR_FSYNC, Fault.BROKEN),
        (sqlite3.SQLITE_IOERR_DIR_FSYNC, Fault.BROKEN),
        (sqlite3.SQLITE_IOERR_WRITE, Fault.BROKEN),
        (sqlite3.SQLITE_CORRUPT, Fault.BROKEN),
        (sqlite3.SQLITE_NOTADB, Fault.BROKEN),
        (sqlite3.SQLITE_BUSY, Fault.BUSY),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Fault.BUSY),
        (sqlite3.SQLITE_ERROR, None),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, None),
    ],
)
def test_result_codes_say_what_is_to_be_done(code: int, fault: Fault | None) -> None:
    assert classify(build_error(code)) is fault


@pytest.mark.parametrize(
    ("state", "fault", "code"),
    [
        ("53100", Fault.FULL, "disk_full"),
        ("53300", Fault.CONTESTED, "store.busy"),
        ("40001", Fault.CONTESTED, "store.busy"),
        ("40P01", Fault.CONTESTED, "store.busy"),
        ("55P03", Fault.CONTESTED, "store.busy"),
        ("57014", Fault.CONTESTED, "store.busy"),
        ("25006", Fault.READ_ONLY, "store.read_only"),
        ("57P01", Fault.LOST, "store.unreachable"),
        ("08006", Fault.LOST, "store.unreachable"),
        ("25P03", Fault.LOST, "store.unreachable"),
        ("58030", Fault.BROKEN, "disk_failed"),
        ("XX001", Fault.BROKEN, "disk_failed"),
        ("23505", None, "internal"),
        ("25P02", None, "internal"),
    ],
)
def test_states_say_what_is_to_be_done(state: str, fault: Fault | None, code: str) -> None:
    error = psycopg.errors.lookup(state)("as the server says it, with hush")
    assert classify(error) is fault
    told = explain(error)
    assert getattr(told, "code", None) == code
    assert "hush" not in str(told)


def test_a_lost_connection_is_told_as_such() -> None:
    told = explain(ConnectionError("the connection was lost"))
    assert isinstance(told, UnavailableError)
    assert (told.code, told.retry_after) == ("store.unreachable", 1.0)


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.ENOSPC, Fault.FULL),
        (errno.EDQUOT, Fault.FULL),
        (errno.EIO, Fault.BROKEN),
        (errno.ENOENT, None),
    ],
)
def test_system_errors_say_what_is_to_be_done(number: int, fault: Fault | None) -> None:
    assert classify(OSError(number, "as the system says it")) is fault


def test_a_disk_of_no_room_is_told_apart_from_one_that_failed() -> None:
    full = explain(build_error(sqlite3.SQLITE_FULL))
    broken = explain(build_error(sqlite3.SQLITE_IOERR_FSYNC))
    assert isinstance(full, UnavailableError)
    assert (full.code, full.retry_after) == ("disk_full", 5.0)
    assert isinstance(broken, UnavailableError)
    assert broken.code == "disk_failed"


def test_our_own_errors_are_told_as_they_are() -> None:
    error = ConflictError("moved on")
    assert explain(error) is error


def test_a_refused_statement_shows_none_of_its_values() -> None:
    connection = create_engine("sqlite://", hide_parameters=True).connect()
    connection.exec_driver_sql("CREATE TABLE t (c TEXT NOT NULL UNIQUE)")
    connection.exec_driver_sql("INSERT INTO t VALUES (?)", ("hush",))
    with pytest.raises(IntegrityError) as caught:
        connection.exec_driver_sql("INSERT INTO t VALUES (?)", ("hush",))
    told = explain(caught.value)
    assert told.__cause__ is caught.value
    assert isinstance(told, BugError)
    assert "hush" not in str(told)
    assert "SQLITE_CONSTRAINT_UNIQUE" in describe(caught.value)
    connection.close()
