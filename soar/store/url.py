"""Which database a URL names."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from soar.model.errors import InputError
from soar.store.database import Database
from soar.store.sqlite import SqliteDatabase

_SQLITE = frozenset({"sqlite", "sqlite+pysqlite"})
_POSTGRES = frozenset({"postgresql", "postgresql+psycopg"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HINT = (
    "use sqlite:///relative/path, sqlite:////absolute/path, sqlite:// for one in memory, "
    "or postgresql://user:password@host/name"
)


def open_database(url: str) -> Database:
    """Return the database that a URL names. Nothing is opened before it is used.

    Raises:
        InputError: the URL names no database that we know (`store.url`), or its driver is not installed
            (`store.driver`).
    """
    parsed = _parse(url)
    if parsed.drivername in _SQLITE:
        return SqliteDatabase(find_file(url))
    try:
        from soar.store.postgres import PostgresDatabase  # noqa: PLC0415 -- its driver is an extra
    except ImportError as error:
        raise InputError(
            "the driver for PostgreSQL is not installed", code="store.driver", hint="pip install 'soar[postgres]'"
        ) from error
    return PostgresDatabase(parsed)


def find_file(url: str) -> Path | None:
    """Return the file that a SQLite URL names; None for a database in memory or on a server.

    Raises:
        InputError: the URL names no database that we know (`store.url`).
    """
    parsed = _parse(url)
    if parsed.drivername not in _SQLITE or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def is_shared(url: str) -> bool:
    """Whether several processes may work on the database at once.

    Raises:
        InputError: the URL names no database that we know (`store.url`).
    """
    return _parse(url).drivername in _POSTGRES


def is_exposed(url: str) -> bool:
    """Whether what is said to the database crosses a network without a proof of who listens.

    `sslmode=verify-full` is such a proof (https://www.postgresql.org/docs/current/libpq-ssl.html); a socket and the
    machine itself need none.

    Raises:
        InputError: the URL names no database that we know (`store.url`).
    """
    parsed = _parse(url)
    host = parsed.host or str(parsed.query.get("host", ""))
    is_near = not host or host.startswith("/") or host in _LOOPBACK
    return parsed.drivername in _POSTGRES and not is_near and parsed.query.get("sslmode") != "verify-full"


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError("the database URL cannot be read", code="store.url", hint=_HINT) from error
    if parsed.drivername not in _SQLITE | _POSTGRES:
        raise InputError(f"there is no store for {parsed.drivername} databases", code="store.url", hint=_HINT)
    return parsed
