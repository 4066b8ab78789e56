"""Writes that were begun."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, delete, func, select

from soar.model.catalog import Effect
from soar.model.deed import Deed
from soar.model.page import Page
from soar.store.policy_tables import DEEDS
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.tables import RUNS

_DEEDS = Rows(DEEDS, Deed)
_TABLE = _DEEDS.table
_GET = _DEEDS.where("run", "step")
_LIST = _DEEDS.where().where(_TABLE.c.at > given("after"))

_RUN = RUNS.c
_OPEN_RUN = select(_RUN.id).where(
    _RUN.workspace == _TABLE.c.workspace, _RUN.id == _TABLE.c.run, _RUN.finished_at.is_(None)
)
_OLD = (
    select(_TABLE.c.position)
    .where(*_DEEDS.match(), _TABLE.c.at <= given("before"), ~_TABLE.c.was_asked, ~_OPEN_RUN.exists())
    .order_by(_TABLE.c.at)
    .limit(given("limit"))
)
_FORGET = delete(_TABLE).where(_TABLE.c.position.in_(_OLD))


@lru_cache(maxsize=16)  # one for each way to choose, at most eight
def _count(*names: str) -> Select[Any]:
    total = func.coalesce(func.sum(_TABLE.c.size), 0)
    return select(total).where(*_DEEDS.match(*names), _TABLE.c.at > given("after"))


class Deeds(Repository):
    """The writes that the runs of a workspace have begun."""

    __slots__ = ()

    def add(self, deed: Deed) -> None:
        """Add a write; a later attempt at the same one changes nothing."""
        self._insert(_DEEDS, deed)

    def get(self, run: str, step: str) -> Deed | None:
        """Return what a step of a run has begun."""
        return self._first(_DEEDS, _GET, given_run=run, given_step=step)

    def count(
        self, after: datetime, *, action: str | None = None, effect: Effect | None = None, connection: str | None = None
    ) -> int:
        """Return how many targets the writes have together that were begun after a moment.

        Args:
            after: the moment.
            action: only writes of this action; None is any.
            effect: only writes with this effect; None is any.
            connection: only writes over this connection; None is any.
        """
        chosen = {"action": action, "effect": effect, "connection": connection}
        wanted = {name: value for name, value in chosen.items() if value is not None}
        parameters = {f"given_{name}": value for name, value in wanted.items()}
        ((total,),) = self._fetch(_count(*wanted), given_after=after, **parameters)
        return int(total)

    def list(self, after: datetime, limit: int, cursor: str | None = None) -> Page[Deed]:
        """Return a page of the writes that were begun after a moment, newest first."""
        return self._page(_DEEDS, limit, cursor, statement=_LIST, given_after=after)

    def forget(self, before: datetime, limit: int) -> int:
        """Remove the oldest writes that were begun at or before a moment, and return how many.

        A write that people had said yes to stays, since its question tells how long it took; and so does that of a run
        which has not ended, since a later attempt at it is still the same write.

        Args:
            before: the moment.
            limit: how many at most.
        """
        return self._send(_FORGET, given_before=before, given_limit=limit)
