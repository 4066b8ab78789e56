"""A PostgreSQL database, written to by several processes in turn. Everything here blocks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper, TextLoader
from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from soar.model.errors import BugError, InputError
from soar.store.database import Heard, Outcome, Work, attempt_all, never
from soar.store.faults import find_state
from soar.store.handouts import HANDED_OUT, hand_out

T = TypeVar("T")

_READERS = 3
_TRIES = 3
_SCHEMA_LOCK = 0x736F6172  # any number that nobody else takes, for `pg_advisory_xact_lock`

# https://www.postgresql.org/docs/current/runtime-config-client.html. A writer that stops while it is its turn, and one
# that waits too long for its turn, are let go of by the server, so that the others go on.
_LIMIT_WRITER = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '10s'"

# https://www.postgresql.org/docs/current/libpq-connect.html: a peer that is gone is noticed within some ten seconds.
_DEFAULTS = {
    "application_name": "soar",
    "client_encoding": "utf8",
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

# A commit that is acknowledged is on the disk, whatever weaker setting the server has; a stronger one stays.
_MAKE_DURABLE = """
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
"""

_WEAK_SETTINGS = """
SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name
"""

# The lock on the audit's head makes the writers of all processes take turns; see decision 0012.
_TAKE_TURN = "SELECT pg_current_xact_id()::text FROM audit_head FOR UPDATE"

_ANNOUNCED = "soar_announced"
_LOST = "the connection was lost"
_SERIALIZATION_FAILURE, _DEADLOCK = "40001", "40P01"
_READ_ONLY = "25006"


class PostgresDatabase:
    """One PostgreSQL database and this process's connection that writes to it; see `soar.store.database.Database`.

    Args:
        url: of the database; what it says about the connection goes before our own defaults.
    """

    readers = _READERS
    is_shared = True
    is_log_long = False

    def __init__(self, url: URL) -> None:
        defaults = {name: value for name, value in _DEFAULTS.items() if name not in url.query}
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # transactions are begun and ended here, in words
            connect_args=defaults,
            hide_parameters=True,
        )
        event.listen(self._engine, "connect", _keep_zero_bytes)
        self._writer: Connection | None = None
        self._known: set[str] = set()

    @property
    def writer(self) -> Connection:
        """The connection that writes, opened when it is first asked for."""
        if self._writer is None:
            self._writer = self._connect(_MAKE_DURABLE, _LIMIT_WRITER)
        return self._writer

    def connect(self) -> Connection:
        """Open a connection.

        Raises:
            ConnectionError: the server is not reached, or does not let us in.
        """
        return self._connect()

    def _connect(self, *words: str) -> Connection:
        try:
            connection = self._engine.connect()
        except DBAPIError as error:
            raise ConnectionError(str(error.orig).strip()) from error
        try:
            with _watch(connection):
                for sentence in words:
                    driver_of(connection).execute(sentence)
        except BaseException:
            disconnect(connection)
            raise
        return connection

    def disconnect(self, connection: Connection) -> None:
        """Close a connection, whether it is alive or not."""
        disconnect(connection)

    def read(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        """Do the work on one unchanging state of the database; a write in it fails."""
        driver = driver_of(connection)
        with _watch(connection):
            driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                return work(connection)
            except (psycopg.Error, DBAPIError) as error:
                if find_state(error) == _READ_ONLY:
                    raise BugError("a read tried to write, and a read is read-only") from error
                raise
            finally:
                _roll_back(driver)

    def commit(self, works: Sequence[Work], is_hurried: Callable[[], bool] = never) -> list[Outcome]:
        """Do each workspace's work in one transaction and return once it is on the server's disk.

        A work that raises is undone alone. What concerns all of them undoes the group and is raised. Where the server
        ends the transaction for the sake of another one, the works are done again.

        Raises:
            ConnectionError: the server is not reached; a group that was being committed may have been.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._commit_once(works, is_hurried)
            except (psycopg.Error, DBAPIError) as error:
                if find_state(error) not in {_SERIALIZATION_FAILURE, _DEADLOCK}:
                    raise
        return self._commit_once(works, is_hurried)

    def _commit_once(self, works: Sequence[Work], is_hurried: Callable[[], bool]) -> list[Outcome]:
        number = self._begin()
        connection, known = self.writer, set(self._known)
        driver = driver_of(connection)
        with _watch(connection):
            try:
                outcomes = attempt_all(connection, driver, works, known, is_hurried)
                begun = works[: len(outcomes)]
                told = [
                    (workspace, run) for (workspace, _), done in zip(begun, outcomes, strict=True) for run in done.told
                ]
                hand_out(connection, told)
            except BaseException:
                _roll_back(driver)
                raise
        self._end(number)
        self._known = known
        return outcomes

    def _begin(self) -> str:
        """Begin a transaction once it is our turn and return its number; a connection that has died is replaced."""
        try:
            return self._take_turn()
        except ConnectionError:
            self.close()
        return self._take_turn()

    def _take_turn(self) -> str:
        driver = driver_of(self.writer)
        with _watch(self.writer):
            driver.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            try:
                found = driver.execute(_TAKE_TURN).fetchone()
            except BaseException:
                _roll_back(driver)
                raise
        if found is None:
            _roll_back(driver)
            raise BugError("the audit has no head")
        return cast("str", found[0])

    def _end(self, number: str) -> None:
        """Commit; where the answer is lost on its way, ask the server what came of the transaction."""
        driver = driver_of(self.writer)
        try:
            driver.execute("COMMIT")
        except psycopg.Error as error:
            if not driver.closed:
                _roll_back(driver)
                raise
            self.close()
            if not self._is_committed(number):
                raise ConnectionError(_LOST) from error

    def _is_committed(self, number: str) -> bool:
        with _watch(self.writer):
            found = driver_of(self.writer).execute("SELECT pg_xact_status(%s::xid8)", (number,)).fetchone()
        return found is not None and found[0] == "committed"

    def change_schema(self, work: Callable[[Connection], T]) -> T:
        """Do the work in one transaction of its own, while no other process changes the schema.

        Raises:
            InputError: the database cannot hold every text (`store.encoding`).
        """
        driver = driver_of(self.writer)
        with _watch(self.writer):
            driver.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            try:
                driver.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
                _check_encoding(driver)
                result = work(self.writer)
                driver.execute("COMMIT")
            except BaseException:
                _roll_back(driver)
                raise
        return result

    def is_checkpoint_due(self) -> bool:
        """Never: the server makes its checkpoints by itself."""
        return False

    def checkpoint(self) -> None:
        """Do nothing, as the server does it."""

    def scrub(self) -> None:
        """Write the audit and its terms anew, since an update or a deletion leaves the former row where it was."""
        with _watch(self.writer):
            driver_of(self.writer).execute("VACUUM (FULL, ANALYZE) audit, audit_postings")

    def find_weaknesses(self, connection: Connection) -> tuple[str, ...]:
        """Return a sentence for each of the server's settings under which something acknowledged may be lost."""
        found = connection.exec_driver_sql(_WEAK_SETTINGS).scalars()
        return tuple(
            f"the server has {name} switched off: a power cut may lose what was acknowledged" for name in found
        )

    def publish(self, notices: Sequence[str]) -> None:
        """Say something to all processes that listen; it may be lost.

        Raises:
            ConnectionError: the server is not reached.
        """
        try:
            with _watch(self.writer):
                for notice in notices:
                    driver_of(self.writer).execute("SELECT pg_notify(%s, %s)", (_ANNOUNCED, notice))
        except ConnectionError:
            self.close()
            raise

    def listen(self) -> "PostgresListener":
        """Open a connection that hears of hand-outs, and of what is published.

        Raises:
            ConnectionError: the server is not reached.
        """
        return PostgresListener(self.connect())

    def close(self) -> None:
        """Close the connection that writes."""
        if self._writer is not None:
            disconnect(self._writer)
            self._writer = None


class PostgresListener:
    """Hears what any process hands out or publishes; see `soar.store.database.Listener`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        with _watch(connection):
            driver_of(connection).execute(f"LISTEN {HANDED_OUT}; LISTEN {_ANNOUNCED}")

    def wait(self, seconds: float) -> Heard:
        """Wait until something is heard, or so many seconds; return it.

        Raises:
            ConnectionError: the connection is lost.
        """
        with _watch(self._connection):
            heard = list(driver_of(self._connection).notifies(timeout=seconds, stop_after=1))
        notices = tuple(notice.payload for notice in heard if notice.channel == _ANNOUNCED)
        return Heard(is_handed_out=len(notices) < len(heard), notices=notices)

    def close(self) -> None:
        """Close the connection."""
        disconnect(self._connection)


def driver_of(connection: Connection) -> "psycopg.Connection[tuple[object, ...]]":
    """Return the driver's own connection.

    Raises:
        ConnectionError: SQLAlchemy has found it dead.
    """
    if connection.invalidated:
        raise ConnectionError(_LOST)
    return cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)


def disconnect(connection: Connection) -> None:
    """Close a connection, whether it is alive or not."""
    if not connection.invalidated:
        driver_of(connection).close()
        connection.invalidate()
    connection.close()


@contextmanager
def _watch(connection: Connection) -> Iterator[None]:
    """Say of an error that it came with the loss of the connection, which the driver does not say by its class."""
    driver = driver_of(connection)
    try:
        yield
    except Exception as error:
        if driver.closed:
            raise ConnectionError(_LOST) from error
        raise


def _roll_back(driver: "psycopg.Connection[tuple[object, ...]]") -> None:
    if not driver.closed:
        driver.execute("ROLLBACK")


def _check_encoding(driver: "psycopg.Connection[tuple[object, ...]]") -> None:
    encoding = driver.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise InputError(
            f"the database has the encoding {encoding}, which cannot hold every text",
            code="store.encoding",
            hint="create the database with ENCODING 'UTF8' TEMPLATE template0",
        )


# PostgreSQL's texts hold every character but U+0000, and alerts may hold that too. It is written as a mark that Unicode
# gives no meaning, and a digit; the mark itself as the mark and another digit. So equal texts stay equal, and prefixes
# prefixes.
_MARK = "\U0010ffff"
_ZERO, _ITSELF = _MARK + "0", _MARK + "1"


class _TextDumper(StrDumper):
    def dump(self, obj: str) -> Buffer | None:
        if "\x00" in obj or _MARK in obj:
            obj = obj.replace(_MARK, _ITSELF).replace("\x00", _ZERO)
        return super().dump(obj)


class _TextLoader(TextLoader):
    def load(self, data: Buffer) -> bytes | str:
        text = super().load(data)
        if isinstance(text, str) and _MARK in text:
            return text.replace(_ZERO, "\x00").replace(_ITSELF, _MARK)
        return text


def _keep_zero_bytes(driver: "psycopg.Connection[tuple[object, ...]]", _record: object) -> None:
    driver.adapters.register_dumper(str, _TextDumper)
    for kind in ("text", "varchar"):
        driver.adapters.register_loader(kind, _TextLoader)
