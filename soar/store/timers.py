"""Promises to tell runs something at a moment."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from soar.model.run import Timer
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.statement import change
from soar.store.tables import TIMERS

_TIMERS = Rows(TIMERS, Timer)
_SET = _TIMERS.upsert()
_TAKE = delete(_TIMERS.table).where(*_TIMERS.match("id", "due_at"))
_CANCEL = delete(_TIMERS.table).where(*_TIMERS.match("id"))
_GET = _TIMERS.where("id")
_TABLE = _TIMERS.table
_LIST = _TIMERS.where().where(_TABLE.c.id.startswith(given("prefix"), autoescape=False)).order_by(_TABLE.c.id)
_DUE = (
    select(_TABLE.c.workspace, *(_TABLE.c[name] for name in _TIMERS.names))
    .where(_TABLE.c.due_at <= given("until"))
    .order_by(_TABLE.c.due_at, _TABLE.c.workspace, _TABLE.c.id)
    .limit(given("limit"))
)
_NEXT = select(func.min(_TABLE.c.due_at))


class Timers(Repository):
    """The timers of a workspace's runs."""

    __slots__ = ()

    def set(self, timer: Timer) -> None:
        """Set a timer; one with the same id is replaced."""
        change(self._connection, _SET.on(self._connection), {"workspace": self._workspace, **_TIMERS.dump(timer)})

    def get(self, timer: str) -> Timer | None:
        """Return the timer with this id."""
        return self._first(_TIMERS, _GET, given_id=timer)

    def list(self, prefix: str) -> tuple[Timer, ...]:
        """Return the timers whose ids begin with a prefix (without `%` and `_`), by id."""
        return self._all(_TIMERS, _LIST, given_prefix=prefix)

    def take(self, timer: Timer) -> bool:
        """Remove a timer that is due; return whether it was there: nobody has fired, moved or cancelled it."""
        return self._send(_TAKE, given_id=timer.id, given_due_at=timer.due_at) == 1

    def cancel(self, timer: str) -> None:
        """Remove the timer with this id, if it is there."""
        self._send(_CANCEL, given_id=timer)


def find_due(connection: Connection, until: datetime, limit: int) -> list[tuple[str, Timer]]:
    """Return workspace and timer of what is due at or before `until`, over all workspaces, earliest first."""
    found = connection.execute(_DUE, {"given_until": until, "given_limit": limit})
    return [(row[0], _TIMERS.load(row[1:])) for row in found]


def find_next_due(connection: Connection) -> datetime | None:
    """Return when the earliest timer of any workspace is due."""
    found: datetime | None = connection.execute(_NEXT).scalar()
    return found
