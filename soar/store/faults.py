"""What a database's errors mean for the service."""

import errno
import sqlite3
from enum import StrEnum

from sqlalchemy.exc import StatementError

from soar.model.errors import BugError, InputError, SoarError, UnavailableError

_PRIMARY = 0xFF  # the low byte of an extended result code (https://www.sqlite.org/rescode.html)
_LONG_RETRY_AFTER = 5.0
_SHORT_RETRY_AFTER = 1.0


class Fault(StrEnum):
    """What has to be done about an error."""

    FULL = "full"  # there is no room: nothing was written, and it goes on when there is some
    BROKEN = "broken"  # the disk failed: what was written is unknown, and the process has to end
    BUSY = "busy"  # somebody else holds the lock
    CONTESTED = "contested"  # the server was asked for too much at once: nothing was written
    READ_ONLY = "read_only"  # the server takes no writes: nothing was written
    LOST = "lost"  # the server is not reached: what was being committed may have been


# https://www.postgresql.org/docs/current/errcodes-appendix.html, by state or by class of states
_STATES = {
    "25006": Fault.READ_ONLY,
    "25P03": Fault.LOST,
    "40": Fault.CONTESTED,
    "53": Fault.CONTESTED,
    "53100": Fault.FULL,
    "55P03": Fault.CONTESTED,
    "57": Fault.LOST,
    "57014": Fault.CONTESTED,
    "58030": Fault.BROKEN,
    "XX001": Fault.BROKEN,
    "XX002": Fault.BROKEN,
    "08": Fault.LOST,
}
_OS_FAULTS = {errno.ENOSPC: Fault.FULL, errno.EDQUOT: Fault.FULL, errno.EIO: Fault.BROKEN}


def classify(error: BaseException) -> Fault | None:
    """Say what has to be done about an error; None if it concerns nobody but its own work."""
    cause = _find_cause(error)
    if isinstance(cause, sqlite3.Error):
        return _classify_code(getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR))
    state = find_state(cause)
    if state is not None:
        return _STATES.get(state, _STATES.get(state[:2]))
    if isinstance(cause, ConnectionError):
        return Fault.LOST
    if isinstance(cause, OSError):
        return _OS_FAULTS.get(cause.errno or 0)
    return None


def find_state(error: BaseException) -> str | None:
    """Return the SQLSTATE of a PostgreSQL error; None for every other error."""
    state = getattr(_find_cause(error), "sqlstate", None)
    return state if isinstance(state, str) else None


def _classify_code(code: int) -> Fault | None:
    # SQLite reports a full disk under the write-ahead log's shared memory as an I/O error of its own.
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}:
        return Fault.FULL
    match code & _PRIMARY:
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Fault.BROKEN
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Fault.BUSY
        case _:
            return None


def explain(error: Exception) -> Exception:
    """Return what the caller is told, with the error as its cause; drivers' errors do not leave the store."""
    told = _translate(error)
    if told is not error:
        told.__cause__ = error
    return told


def _translate(error: Exception) -> Exception:
    match classify(error):
        case Fault.FULL:
            return UnavailableError(
                "the disk is full; nothing was written",
                retry_after=_LONG_RETRY_AFTER,
                code="disk_full",
                hint="make room where the database lies; the service goes on by itself",
            )
        case Fault.BROKEN:
            return UnavailableError(f"the disk failed: {describe(error)}", code="disk_failed")
        case Fault.BUSY:
            return UnavailableError(
                "another process holds the database's lock",
                retry_after=_SHORT_RETRY_AFTER,
                code="store.locked",
                hint="let only one service use this database",
            )
        case Fault.CONTESTED:
            return UnavailableError(
                f"the database has too much to do: {describe(error)}", retry_after=_SHORT_RETRY_AFTER, code="store.busy"
            )
        case Fault.READ_ONLY:
            return UnavailableError(
                "the database takes no writes now",
                retry_after=_LONG_RETRY_AFTER,
                code="store.read_only",
                hint="let the URL name the primary server",
            )
        case Fault.LOST:
            return UnavailableError(
                f"the database is not reached: {describe(error)}",
                retry_after=_SHORT_RETRY_AFTER,
                code="store.unreachable",
                hint="see that the server runs and lets us in; what was being written may have been",
            )
        case None:
            return _translate_own(error)


def _translate_own(error: Exception) -> Exception:
    cause = _find_cause(error)
    if isinstance(cause, SoarError):
        return cause
    if isinstance(cause, UnicodeEncodeError):
        return InputError(
            "a text holds half of a surrogate pair, which cannot be stored",
            code="store.text",
            hint="send texts that UTF-8 can write",
        )
    if isinstance(error, StatementError | sqlite3.Error) or hasattr(error, "sqlstate"):
        return BugError(f"the database refused a statement: {describe(error)}")
    return error


def describe(error: BaseException) -> str:
    """Say what went wrong without the statement's values, which may be secret."""
    cause = _find_cause(error)
    state = find_state(cause)
    if state is not None:  # the server's sentences quote values
        place = getattr(getattr(cause, "diag", None), "constraint_name", None)
        return f"{type(cause).__name__} ({state}{f', {place}' if place else ''})"
    return f"{cause} ({getattr(cause, 'sqlite_errorname', type(cause).__name__)})"


def _find_cause(error: BaseException) -> BaseException:
    """Return what SQLAlchemy has wrapped."""
    return error.orig if isinstance(error, StatementError) and error.orig is not None else error
