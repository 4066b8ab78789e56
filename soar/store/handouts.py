"""Runs that have something to do, and which process drives each; used where several processes share a database."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, literal, null, or_, select, text, tuple_, update

from soar.model.run import Handout
from soar.store.repository import Repository
from soar.store.rows import PerDialect, given
from soar.store.statement import change, fetch
from soar.store.tables import HANDOUTS, INBOX, RUNNABLE, RUNS

HANDED_OUT = "soar_handed_out"
"""The channel on which the server says that something was handed out."""

_TABLE = HANDOUTS
_KEY = ("workspace", "run")
_HAND_OUT = PerDialect(
    lambda insert: insert(_TABLE).on_conflict_do_update(index_elements=_KEY, set_={"told": _TABLE.c.told + 1}).inline()
)
_NOTIFY = text(f"NOTIFY {HANDED_OUT}")

_HANDED = (_TABLE.c.position, _TABLE.c.workspace, _TABLE.c.run, _TABLE.c.told)
_FREE = or_(_TABLE.c.worker.is_(None), _TABLE.c.until <= given("now"))
_OLDEST_FREE = select(_TABLE.c.position).where(_FREE).order_by(_TABLE.c.position).limit(given("limit"))
_CLAIM = (
    update(_TABLE)
    .where(_TABLE.c.position.in_(_OLDEST_FREE))
    .values(worker=given("worker"), until=given("until"))
    .returning(*_HANDED)
)
_OF_WORKER = _TABLE.c.worker == given("worker")
_RENEW = update(_TABLE).where(_OF_WORKER).values(until=given("until"))
_RELEASE = update(_TABLE).where(_OF_WORKER).values(worker=null(), until=null())
_HELD = select(*_HANDED).where(_OF_WORKER)
_HELD_RUN = _HELD.where(_TABLE.c.position == given("number"))
_FINISH = delete(_TABLE).where(_OF_WORKER, _TABLE.c.position == given("number"), _TABLE.c.told == given("told"))

_RUNS, _INBOX = RUNS, INBOX
_OPEN = select(_RUNS.c.workspace, _RUNS.c.id).where(RUNNABLE).union(select(_INBOX.c.workspace, _INBOX.c.run)).subquery()
_FORGOTTEN = select(_OPEN.c.workspace, _OPEN.c.id, literal(1)).where(
    tuple_(_OPEN.c.workspace, _OPEN.c.id).not_in(select(_TABLE.c.workspace, _TABLE.c.run))
)
_ADOPT = insert(_TABLE).from_select(("workspace", "run", "told"), _FORGOTTEN)


class Handouts(Repository):
    """The hand-outs of all workspaces. A worker holds a run until it has finished it, or its lease is over."""

    __slots__ = ()

    def claim(self, worker: str, *, now: datetime, until: datetime, limit: int) -> tuple[Handout, ...]:
        """Take the runs that were handed out first and that nobody holds.

        Args:
            worker: who takes them.
            now: leases that were over by then are void.
            until: how long this worker holds them, if it does not renew.
            limit: how many at most.
        """
        values = {"given_worker": worker, "given_now": now, "given_until": until, "given_limit": limit}
        return _load(fetch(self._connection, _CLAIM, values))

    def renew(self, worker: str, until: datetime) -> None:
        """Hold on to what this worker still has."""
        self._connection.execute(_RENEW, {"given_worker": worker, "given_until": until})

    def held(self, worker: str) -> tuple[Handout, ...]:
        """Return what this worker holds, with how often each was told something."""
        return _load(fetch(self._connection, _HELD, {"given_worker": worker}))

    def finish(self, worker: str, handout: Handout) -> Handout | None:
        """Drop a hand-out; if the run was told more since, keep it and return what it has become.

        None says that this worker holds it no longer.
        """
        values = {"given_worker": worker, "given_number": handout.number}
        if change(self._connection, _FINISH, {**values, "given_told": handout.told}) == 1:
            return None
        left = _load(fetch(self._connection, _HELD_RUN, values))
        return left[0] if left else None

    def release(self, worker: str) -> None:
        """Give back whatever this worker holds, for others to take."""
        if self._connection.execute(_RELEASE, {"given_worker": worker}).rowcount:
            notify(self._connection)

    def adopt(self) -> None:
        """Hand out the runs of all workspaces that are not at rest and are not handed out."""
        self._connection.execute(_ADOPT)


def hand_out(connection: Connection, runs: Iterable[tuple[str, str]]) -> None:
    """Hand out runs, by workspace and id, inside the transaction that told them something."""
    rows = [{"workspace": workspace, "run": run, "told": 1} for workspace, run in runs]
    if rows:
        connection.execute(_HAND_OUT.on(connection), rows)
        notify(connection)


def notify(connection: Connection) -> None:
    """Say, when this is committed, that something was handed out; in a database that one process has, to nobody."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY)


def _load(rows: Iterable[Iterable[object]]) -> tuple[Handout, ...]:
    return tuple(Handout(*row) for row in rows)  # type: ignore[arg-type]  # the columns as selected above
