"""Questions to people."""

from sqlalchemy import case, func, or_, select

from soar.model.approval import Approval, ApprovalStatus, Precedent
from soar.model.errors import ConflictError
from soar.model.page import Page
from soar.store.approval_tables import APPROVALS
from soar.store.repository import Repository
from soar.store.response_tables import RESPONSES
from soar.store.rows import Rows, given

_APPROVALS = Rows(APPROVALS, Approval)
_TABLE = _APPROVALS.table
_GET = _APPROVALS.where("id")
_OPEN_FIRST = case((_TABLE.c.status == ApprovalStatus.PENDING, 0), else_=1)
_FIND_CODE = _APPROVALS.where("code").order_by(_OPEN_FIRST, _TABLE.c.position.desc()).limit(1)
_LIKE_IT = 20
_DECIDED = (ApprovalStatus.APPROVED, ApprovalStatus.DENIED, ApprovalStatus.EXPIRED)
_HELD = RESPONSES.c
_TAKEN_BACK = (
    select(_HELD.id)
    .where(
        _HELD.workspace == _TABLE.c.workspace,
        _HELD.run == _TABLE.c.run,
        _HELD.lifted_at.is_not(None),
        or_(_HELD.expires_at.is_(None), _HELD.lifted_at < _HELD.expires_at),
    )
    .exists()
)
_LATEST = (
    select(
        case((_TABLE.c.status == ApprovalStatus.APPROVED, 1), else_=0).label("is_approved"),
        case((_TAKEN_BACK, 1), else_=0).label("is_undone"),
    )
    .where(*_APPROVALS.match("playbook", "step"), _TABLE.c.status.in_(_DECIDED))
    .order_by(_TABLE.c.position.desc())
    .limit(_LIKE_IT)
    .subquery()
)
_PRECEDENT = select(
    func.count(),
    func.coalesce(func.sum(_LATEST.c.is_approved), 0),
    func.coalesce(func.sum(_LATEST.c.is_approved * _LATEST.c.is_undone), 0),
).select_from(_LATEST)
_OPEN = (
    _APPROVALS.where("playbook", "step")
    .where(_TABLE.c.status == ApprovalStatus.PENDING)
    .order_by(_TABLE.c.position.desc())
    .limit(given("limit"))
)
_UPDATE = _APPROVALS.change().where(_TABLE.c.version == given("expected"))


class Approvals(Repository):
    """The approvals of a workspace."""

    __slots__ = ()

    def add(self, approval: Approval) -> None:
        """Add a question.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_APPROVALS, approval, f"there is an approval {approval.id} already")

    def get(self, approval: str) -> Approval | None:
        """Return the approval with this id."""
        return self._first(_APPROVALS, _GET, given_id=approval)

    def find_code(self, code: str) -> Approval | None:
        """Return the open approval with this code, or else the newest one that had it."""
        return self._first(_APPROVALS, _FIND_CODE, given_code=code)

    def is_code_open(self, code: str) -> bool:
        """Whether an open approval has this code."""
        found = self.find_code(code)
        return found is not None and found.status is ApprovalStatus.PENDING

    def update(self, approval: Approval, *, expected: int) -> None:
        """Replace the approval.

        Args:
            approval: as it is from now on.
            expected: the `version` it has in the store.

        Raises:
            ConflictError: the stored approval has another version, or is not there.
        """
        if not self._change(_APPROVALS, _UPDATE, approval, given_expected=expected):
            raise ConflictError(f"approval {approval.id} is no longer at version {expected}")

    def find_open(self, playbook: str, step: str, limit: int) -> tuple[Approval, ...]:
        """Return the open questions of a step of a playbook, the newest first."""
        return self._all(_APPROVALS, _OPEN, given_playbook=playbook, given_step=step, given_limit=limit)

    def find_precedent(self, approval: Approval) -> Precedent:
        """Return how the last twenty questions of the same step of the same playbook ended, whatever its revision.

        What was lifted before its time counts as undone; what fell away when it was to does not.
        """
        row = self._run(_PRECEDENT, given_playbook=approval.playbook, given_step=approval.step).one()
        return Precedent(*map(int, row))

    def list(
        self,
        limit: int,
        cursor: str | None = None,
        status: ApprovalStatus | None = None,
        run: str | None = None,
    ) -> Page[Approval]:
        """Return a page of approvals, newest first."""
        return self._page(_APPROVALS, limit, cursor, (("status", status), ("run", run)))
