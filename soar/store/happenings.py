"""What happened in the service, until it has been taken to those who wait for it, and who these are."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, or_, select

from soar.model.event import EventType, Happening, Watch
from soar.model.values import Value
from soar.store.known import KnowingRepository, Known
from soar.store.rows import Rows, given
from soar.store.statement import change
from soar.store.tables import EVENT_TRIGGERS, HAPPENINGS, WATCHES

_HAPPENINGS = Rows(HAPPENINGS, Happening)
_ADD = insert(_HAPPENINGS.table).inline()
_REMOVE = delete(_HAPPENINGS.table).where(*_HAPPENINGS.match("id"))
_WAITING = (
    select(_HAPPENINGS.table.c.workspace, *(_HAPPENINGS.table.c[name] for name in _HAPPENINGS.names))
    .order_by(_HAPPENINGS.table.c.id)
    .limit(given("limit"))
)

_WATCHES = Rows(WATCHES, Watch, key=("run", "path"))
_SET = _WATCHES.upsert()
_FORGET = delete(_WATCHES.table).where(*_WATCHES.match("run", "path"))
_FORGET_RUN = delete(_WATCHES.table).where(*_WATCHES.match("run"))
_LIST = _WATCHES.where("type").where(_WATCHES.table.c.since <= given("at"))
_LIST = _LIST.order_by(_WATCHES.table.c.run, _WATCHES.table.c.path)
_OF_RUN = _WATCHES.where("run").order_by(_WATCHES.table.c.path)

_TRIGGERS = EVENT_TRIGGERS
_ADD_TRIGGER = insert(_TRIGGERS).inline()
_CLEAR_TRIGGERS = delete(_TRIGGERS).where(_TRIGGERS.c.workspace == given("workspace"))
_IS_AWAITED = select(
    or_(
        exists().where(*_WATCHES.match("type")),
        exists().where(_TRIGGERS.c.workspace == given("workspace"), _TRIGGERS.c.type == given("type")),
    )
)


class Happenings(KnowingRepository):
    """What happened in a workspace and is yet to be taken to those who wait for it.

    Args:
        connection: inside a transaction.
        workspace: whose rows are seen.
        known: what the transaction has read.
        tell: called for each that is added.
    """

    __slots__ = ("_tell",)

    def __init__(self, connection: Connection, workspace: str, known: Known, tell: Callable[[], None]) -> None:
        super().__init__(connection, workspace, known)
        self._tell = tell

    def add(
        self,
        type: EventType,  # noqa: A002 -- the word of the language
        subject: str,
        data: Mapping[str, Value],
        at: datetime,
        *,
        playbook: str | None = None,
        depth: int = 0,
    ) -> None:
        """Put down what happened, if somebody waits for its like; whoever takes it there is told after the commit.

        Args:
            type: what kind of thing.
            subject: id of what it is about.
            data: what is known of it.
            at: the moment.
            playbook: id of the playbook whose run it comes from.
            depth: how many runs stand above one that it starts.
        """
        if not self._known.find(("awaited", self._workspace, type), lambda: self._is_awaited(type)):
            return
        row = {"type": type, "subject": subject, "data": data, "at": at, "playbook": playbook, "depth": depth}
        change(self._connection, _ADD, {"workspace": self._workspace, **row})
        self._tell()

    def _is_awaited(self, type: EventType) -> bool:  # noqa: A002 -- the word of the language
        [(is_awaited,)] = self._fetch(_IS_AWAITED, given_type=type)
        return bool(is_awaited)

    def remove(self, happening: int) -> bool:
        """Remove what has this id; return whether it was there: nobody else has taken it."""
        return self._send(_REMOVE, given_id=happening) == 1

    def set_triggers(self, triggers: Iterable[tuple[EventType, str]]) -> None:
        """Name the playbooks that can be started, each with a type of what starts it, in the place of all before."""
        self._known.forget()
        self._run(_CLEAR_TRIGGERS)
        rows = [{"workspace": self._workspace, "type": kind, "playbook": playbook} for kind, playbook in triggers]
        if rows:
            self._connection.execute(_ADD_TRIGGER, rows)


class Watches(KnowingRepository):
    """The steps of a workspace that wait for something to happen."""

    __slots__ = ()

    def set(self, watch: Watch) -> None:
        """Let a step wait; what it waited for before is replaced."""
        self._known.forget()
        change(self._connection, _SET.on(self._connection), {"workspace": self._workspace, **_WATCHES.dump(watch)})

    def forget(self, run: str, path: str) -> None:
        """Let a step wait no longer."""
        self._known.forget()
        self._send(_FORGET, given_run=run, given_path=path)

    def forget_run(self, run: str) -> None:
        """Let no step of a run wait any longer."""
        self._known.forget()
        self._send(_FORGET_RUN, given_run=run)

    def list(self, type: EventType, at: datetime) -> tuple[Watch, ...]:  # noqa: A002 -- the word of the language
        """Return who waits for what happened at a moment."""
        return self._all(_WATCHES, _LIST, given_type=type, given_at=at)

    def of_run(self, run: str) -> tuple[Watch, ...]:
        """Return what the steps of a run wait for."""
        return self._all(_WATCHES, _OF_RUN, given_run=run)


def find_happenings(connection: Connection, limit: int) -> list[tuple[str, Happening]]:
    """Return workspace and content of what is yet to be taken to somebody, over all workspaces, the oldest first."""
    found = connection.execute(_WAITING, {"given_limit": limit})
    return [(row[0], _HAPPENINGS.load(row[1:])) for row in found]
