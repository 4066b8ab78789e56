"""Runs as lists see them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select

from soar.model.alert import Severity
from soar.model.errors import ConflictError
from soar.model.page import Page
from soar.model.run import Run, RunStatus
from soar.model.standing import Standing, find_source
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.statement import fetch
from soar.store.tables import ALERTS, INBOX, RUNNABLE, RUNS, SHARED

_RUNS = Rows(RUNS, Run)
_GET = _RUNS.where("id")
_UPDATE = _RUNS.change().where(_RUNS.table.c.sequence == given("expected"))

_RUNNABLE_COUNT = select(func.count()).select_from(_RUNS.table).where(RUNNABLE)
_RUNNING = (
    select(_RUNS.table.c.workspace, _RUNS.table.c.id)
    .where(RUNNABLE, _RUNS.table.c.status == RunStatus.RUNNING)
    .order_by(_RUNS.table.c.position)
)

_RETRIES = _RUNS.where("retry_of").order_by(_RUNS.table.c.position)
_SHARING = _RUNS.where("concurrency_key").where(SHARED).order_by(_RUNS.table.c.position)

_RUN, _ALERT, _TOLD = _RUNS.table.c, ALERTS.c, INBOX.c
_STANDING = (_RUN.playbook, _RUN.initiator, _RUN.status, _ALERT.severity)
_WITH_ALERTS = RUNS.outerjoin(ALERTS, (_ALERT.workspace == _RUN.workspace) & (_ALERT.id == _RUN.alert))
_OLDEST_EVENT = (
    select(func.min(_TOLD.id)).where(_TOLD.workspace == _RUN.workspace, _TOLD.run == _RUN.id).scalar_subquery()
)
_STANDINGS = (
    select(_RUN.id, *_STANDING, _OLDEST_EVENT.label("place"))
    .select_from(_WITH_ALERTS)
    .where(_RUN.workspace == given("workspace"), _RUN.id.in_(bindparam("given_ids", expanding=True)))
)
_TOLD_RUNS = (
    select(_TOLD.workspace, _TOLD.run, *_STANDING, _TOLD.id.label("place"))
    .select_from(INBOX)
    .join(_WITH_ALERTS, (_RUN.workspace == _TOLD.workspace) & (_RUN.id == _TOLD.run))
    .where(_TOLD.id >= given("first"))
    .order_by(_TOLD.id)
    .limit(given("limit"))
)


class Runs(Repository):
    """The runs of a workspace."""

    __slots__ = ()

    def add(self, run: Run) -> None:
        """Add a run.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_RUNS, run, f"there is a run {run.id} already")

    def get(self, run: str) -> Run | None:
        """Return the run with this id."""
        return self._first(_RUNS, _GET, given_id=run)

    def update(self, run: Run, *, before: Run) -> None:
        """Write what is new in a run; the columns and indexes of everything else are left alone.

        Args:
            run: as it is from now on.
            before: as it is in the store; its `sequence` is the fence.

        Raises:
            ConflictError: the stored run has another sequence, so somebody else drove it on, or it is not there.
        """
        changed = {**_RUNS.dump_new(run, before), "sequence": run.sequence}
        if self._send(_UPDATE, **changed, given_id=run.id, given_expected=before.sequence) != 1:
            raise ConflictError(f"run {run.id} is no longer at journal entry {before.sequence}")

    def list_sharing(self, concurrency_key: str) -> tuple[Run, ...]:
        """Return the runs with this key that are not over, the oldest first."""
        return self._all(_RUNS, _SHARING, given_concurrency_key=concurrency_key)

    def list_retries(self, run: str) -> tuple[Run, ...]:
        """Return the runs that try this one again, the oldest first."""
        return self._all(_RUNS, _RETRIES, given_retry_of=run)

    def find_standings(self, runs: Sequence[str]) -> Mapping[str, Standing]:
        """Return where these runs stand in the line, by their ids; at most some hundreds at once."""
        return {
            row.id: _load_standing(row.playbook, row.initiator, row.status, row.severity, row.place)
            for row in self._run(_STANDINGS, given_ids=runs)
        }

    def list(
        self,
        limit: int,
        cursor: str | None = None,
        status: RunStatus | None = None,
        playbook: str | None = None,
        alert: str | None = None,
    ) -> Page[Run]:
        """Return a page of runs, newest first."""
        return self._page(_RUNS, limit, cursor, (("status", status), ("playbook", playbook), ("alert", alert)))


def find_told_runs(connection: Connection, first: int, limit: int) -> list[tuple[tuple[str, str], Standing]]:
    """Return workspace and id of the runs of all workspaces that events wait for, with where they stand.

    They come in the order of the events, once for each, and with its number as their place.

    Args:
        connection: inside a transaction.
        first: number of the event from which on.
        limit: how many events at most.
    """
    found = fetch(connection, _TOLD_RUNS, {"given_first": first, "given_limit": limit})
    return [((row[0], row[1]), _load_standing(*row[2:])) for row in found]


def find_running_runs(connection: Connection) -> list[tuple[str, str]]:
    """Return workspace and id of each run of any workspace that has something under way."""
    return [(row.workspace, row.id) for row in connection.execute(_RUNNING)]


def count_runnable_runs(connection: Connection) -> int:
    """Return how many runs of all workspaces are queued or running."""
    return connection.execute(_RUNNABLE_COUNT).scalar_one()


def _load_standing(
    playbook: str, initiator: str, status: RunStatus, severity: Severity | None, place: int | None
) -> Standing:
    return Standing(
        severity=severity or Severity.MEDIUM,
        source=find_source(initiator),
        playbook=playbook,
        is_begun=status is not RunStatus.QUEUED,
        place=place or 0,
    )
