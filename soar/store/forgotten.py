"""Runs at rest that nothing in the store would wake.

Each part of the statement goes over one table once, so that it stays cheap with ten thousand runs at rest.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, not_, or_, select, tuple_

from soar.model.approval import ApprovalStatus
from soar.model.response import ResponseStatus
from soar.model.run import RunStatus
from soar.store.approval_tables import APPROVALS
from soar.store.response_tables import RESPONSES
from soar.store.tables import INBOX, RUNS, TIMERS

_RUN = RUNS.c
_TIMER = TIMERS.c
_ASKED = APPROVALS.c
_HELD = RESPONSES.c
_TOLD = INBOX.c
_OTHER = RUNS.alias("other").c

_LIMIT = _TIMER.run + ":run"  # id of the timer that ends a run which takes too long; see `soar.engine.need`
_QUESTION = "ap_"  # what the ids of a question's timers begin with, as its own does

_TOLD_RUNS = select(_TOLD.workspace, _TOLD.run)
_LIMITED_RUNS = select(_TIMER.workspace, _TIMER.run).where(_TIMER.id == _LIMIT)
_TIMED_RUNS = select(_TIMER.workspace, _TIMER.run).where(_TIMER.id.startswith(_TIMER.run + ":"), _TIMER.id != _LIMIT)
_ASKING_RUNS = select(_ASKED.workspace, _ASKED.run).where(_ASKED.status == ApprovalStatus.PENDING)
_ENDING_RUNS = select(_TIMER.workspace, _TIMER.run).where(_TIMER.id.startswith(_QUESTION, autoescape=True))
_CALLING_RUNS = select(_OTHER.workspace, _OTHER.parent).where(_OTHER.finished_at.is_(None), _OTHER.parent.is_not(None))
_LIFTING_RUNS = select(_HELD.workspace, _HELD.run).where(_HELD.status == ResponseStatus.LIFTING)
_BEGUN_KEYS = select(_OTHER.workspace, _OTHER.concurrency_key).where(
    _OTHER.concurrency_key.is_not(None),
    _OTHER.finished_at.is_(None),
    or_(_OTHER.status != RunStatus.QUEUED, _OTHER.waiting_for.is_(None)),
)


def _is_among(runs: Select[Any], column: ColumnElement[Any] = _RUN.id) -> ColumnElement[bool]:
    return tuple_(_RUN.workspace, column).in_(runs)


_IS_AWAITING = and_(
    _RUN.status == RunStatus.WAITING,
    _is_among(_LIMITED_RUNS),
    or_(
        *map(_is_among, (_TIMED_RUNS, _CALLING_RUNS, _LIFTING_RUNS)),
        and_(_is_among(_ASKING_RUNS), _is_among(_ENDING_RUNS)),
    ),
)
_IS_HELD = and_(
    _RUN.status == RunStatus.QUEUED,
    _RUN.waiting_for.is_not(None),
    _RUN.concurrency_key.is_not(None),
    _is_among(_BEGUN_KEYS, _RUN.concurrency_key),
)
_FORGOTTEN = (
    select(_RUN.workspace, _RUN.id)
    .where(
        _RUN.finished_at.is_(None),
        _RUN.status.in_((RunStatus.QUEUED, RunStatus.WAITING)),
        not_(_is_among(_TOLD_RUNS)),
        not_(or_(_IS_AWAITING, _IS_HELD)),
    )
    .order_by(_RUN.position)
)


def find_forgotten_runs(connection: Connection) -> list[tuple[str, str]]:
    """Return workspace and id of each run of any workspace that rests and that nothing here would wake, oldest first.

    What would wake a run that waits is a timer of its own beside the one that ends it, an open question that has a
    timer, a playbook that it called, or a change that is being taken back; without the timer that ends it, it counts as
    forgotten all the same. What would wake one that is held is another with its key that has begun.
    """
    return [(row[0], row[1]) for row in connection.execute(_FORGOTTEN)]
