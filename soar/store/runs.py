"""Runs as lists see them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, select

from soar.model.alert import Severity
from soar.model.errors import ConflictError
from soar.model.page import Page
from soar.model.run import Run, RunStatus
from soar.model.standing import Standing, find_source
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.tables import ALERTS, INBOX, RUNNABLE, RUNS, SHARED

_RUNS = Rows(RUNS, Run)
_GET = _RUNS.where("id")
_UPDATE = _RUNS.change().where(_RUNS.table.c.sequence == given("expected"))

_INBOX = INBOX
_RUNNABLE_RUNS = select(_RUNS.table.c.workspace, _RUNS.table.c.id).where(RUNNABLE).order_by(_RUNS.table.c.position)
_RUNS_WITH_EVENTS = select(_INBOX.c.workspace, _INBOX.c.run).order_by(_INBOX.c.id)

_RETRIES = _RUNS.where("retry_of").order_by(_RUNS.table.c.position)
_SHARING = _RUNS.where("concurrency_key").where(SHARED).order_by(_RUNS.table.c.position)

_ALERTS = ALERTS
_STANDINGS = (
    select(_RUNS.table.c.id, _RUNS.table.c.playbook, _RUNS.table.c.initiator, _RUNS.table.c.status, _ALERTS.c.severity)
    .outerjoin_from(
        _RUNS.table,
        _ALERTS,
        (_ALERTS.c.workspace == _RUNS.table.c.workspace) & (_ALERTS.c.id == _RUNS.table.c.alert),
    )
    .where(_RUNS.table.c.workspace == given("workspace"), _RUNS.table.c.id.in_(bindparam("given_ids", expanding=True)))
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
        found = self._run(_STANDINGS, given_ids=runs)
        return {
            row.id: Standing(
                severity=row.severity or Severity.MEDIUM,
                source=find_source(row.initiator),
                playbook=row.playbook,
                is_begun=row.status is not RunStatus.QUEUED,
            )
            for row in found
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


def find_open_runs(connection: Connection) -> list[tuple[str, str]]:
    """Return workspace and id of each run of any workspace that is queued or running, or has an event in its inbox."""
    found = (tuple(row) for statement in (_RUNNABLE_RUNS, _RUNS_WITH_EVENTS) for row in connection.execute(statement))
    return list(dict.fromkeys(found))
