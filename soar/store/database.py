"""What a database is to the store, and how one work of a group is done. Everything here blocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection

from soar.store.audit import AuditEnd
from soar.store.faults import classify, explain
from soar.store.known import Known
from soar.store.rows import PerDialect
from soar.store.statement import change
from soar.store.tables import WORKSPACES
from soar.store.unit import Unit

T = TypeVar("T")

Work: TypeAlias = tuple[str, Callable[[Unit], object]]
"""A workspace, and what is to be done in it."""

_ADD_WORKSPACE = PerDialect(lambda insert: insert(WORKSPACES).on_conflict_do_nothing().inline())


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one work of a group ended.

    Attributes:
        told: the runs that it put something into the inbox for.
        has_happened: whether it put something down that somebody waits for.
    """

    result: object = None
    error: Exception | None = None
    told: tuple[str, ...] = ()
    has_happened: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of other processes, and of this one.

    Attributes:
        is_handed_out: whether a run was handed out.
        notices: what was published.
    """

    is_handed_out: bool = False
    notices: tuple[str, ...] = ()


class Listener(Protocol):
    """A connection that hears of other processes."""

    def wait(self, seconds: float) -> Heard:
        """Wait until something is heard, or so many seconds; return it.

        Raises:
            ConnectionError: the connection is lost.
        """
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Database(Protocol):
    """One database and the connection that writes to it.

    Attributes:
        readers: how many connections read beside the one that writes; 0 where that one reads too.
        is_shared: whether other processes may work on it at the same time.
        is_log_long: whether the write-ahead log should be emptied before more is written.
    """

    readers: int
    is_shared: bool

    @property
    def is_log_long(self) -> bool:
        """Whether the write-ahead log should be emptied before more is written."""
        ...

    @property
    def writer(self) -> Connection:
        """The connection that writes, opened when it is first asked for."""
        ...

    def connect(self) -> Connection:
        """Open a connection for `read`."""
        ...

    def disconnect(self, connection: Connection) -> None:
        """Close a connection, whether it is alive or not."""
        ...

    def read(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        """Do the work on one unchanging state of the database; a write in it fails.

        Raises:
            ConnectionError: the connection is lost; another one may be opened.
        """
        ...

    def commit(self, works: Sequence[Work], is_hurried: Callable[[], bool] = ...) -> list[Outcome]:
        """Do each workspace's work in one transaction and return once it is durable.

        A work that raises is undone alone. What concerns all of them (a full disk, a broken one) undoes the group and
        is raised.

        Args:
            works: what is done, and where.
            is_hurried: whether somebody waits for this; then it ends after the work that is being done.

        Returns:
            How the works ended, in their order; those that are missing at the end were not begun.
        """
        ...

    def change_schema(self, work: Callable[[Connection], T]) -> T:
        """Do the work in one transaction of its own, while nobody else changes the schema."""
        ...

    def is_checkpoint_due(self) -> bool:
        """Whether enough was written since the last checkpoint."""
        ...

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file as far as readers and room allow; the rest stays in the log.

        Somebody may write meanwhile, from another thread.
        """
        ...

    def scrub(self) -> None:
        """Leave nothing of what was overwritten or deleted, outside of transactions; see `Store.scrub`."""
        ...

    def find_weaknesses(self, connection: Connection) -> tuple[str, ...]:
        """Return a sentence for each setting under which something acknowledged may be lost."""
        ...

    def publish(self, notices: Sequence[str]) -> None:
        """Say something to all processes that listen; it may be lost."""
        ...

    def listen(self) -> Listener:
        """Open a connection that hears of other processes.

        Raises:
            InputError: there can be none with this database (`store.alone`).
        """
        ...

    def close(self) -> None:
        """Close the connection that writes."""
        ...


class Driver(Protocol):
    """The driver's own connection, for the words of a transaction: they are most of what small works cost."""

    def execute(self, words: str, /) -> object:
        """Send a statement."""
        ...


def never() -> bool:
    """Say that nobody is in a hurry."""
    return False


def attempt_all(
    connection: Connection, driver: Driver, works: Sequence[Work], known: set[str], is_hurried: Callable[[], bool]
) -> list[Outcome]:
    """Do the works of a group, each in a savepoint; those after the first only as long as nobody is in a hurry.

    Args:
        connection: inside the group's transaction.
        driver: what the connection stands on.
        works: what is done, and where.
        known: workspaces that have their row; grows.
        is_hurried: whether somebody waits for the end.

    Raises:
        Exception: it concerns the whole group, which has to be undone.
    """
    end, read = AuditEnd(connection), Known()
    outcomes: list[Outcome] = []
    for work in works:
        if outcomes and is_hurried():
            break
        outcomes.append(_attempt(connection, driver, work, known, end, read))
    end.save()
    return outcomes


def _attempt(
    connection: Connection, driver: Driver, wanted: Work, known: set[str], end: AuditEnd, read: Known
) -> Outcome:
    workspace, work = wanted
    before = end.mark()
    driver.execute("SAVEPOINT work")
    try:
        unit = Unit(connection, workspace, end, read)
        result = work(unit)
        if workspace not in known:
            change(connection, _ADD_WORKSPACE.on(connection), {"name": workspace})
        driver.execute("RELEASE work")
    except Exception as error:
        if classify(error) is not None:
            raise
        end.go_back(before)
        read.forget()
        driver.execute("ROLLBACK TO work")
        driver.execute("RELEASE work")
        return Outcome(error=explain(error))
    known.add(workspace)
    return Outcome(result, told=unit.told, has_happened=unit.has_happened)
