"""Questions to people, and their answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from soar.api.schemas.base import Incoming, Name, PageQuery, Text
from soar.model.approval import ApprovalStatus, VoteChoice
from soar.model.catalog import Effect
from soar.model.step import Assurance


class Progress(StrEnum):
    """Whether a question still waits."""

    PENDING = "pending"
    DECIDED = "decided"


class ApprovalQuery(PageQuery):
    """Which approvals; all, where no status is named."""

    status: Progress | None = None


class VoteSent(Incoming):
    """A vote; the digest is that of what the voter was shown."""

    vote: VoteChoice
    digest: Name
    comment: Text | None = None
    confirm: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """A piece of evidence; hostile text."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """What would be done, to what and why."""

    question: str
    action: str
    connection: str
    effect: Effect
    is_reversible: bool
    targets: tuple[str, ...]
    target_count: int
    reason: str
    impact: str
    undo: str
    evidence: tuple[EvidenceView, ...]
    arguments: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationView:
    """From this moment this principal may decide, too."""

    at: datetime
    to: str
    is_reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteView:
    """One person's answer."""

    user: str
    name: str
    roles: tuple[str, ...]
    choice: VoteChoice
    assurance: Assurance
    via: str
    at: datetime
    comment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """A question.

    `confirm` is what must be typed for a yes, empty if nothing; `digest_code` is ten characters of the digest for
    people to compare; `may_vote` and `why_not` are about the caller.
    """

    id: str
    code: str
    run: str
    step: str
    playbook: str
    playbook_name: str
    revision: str
    alert: str | None
    status: ApprovalStatus
    digest: str
    digest_code: str
    card: CardView
    by: tuple[str, ...]
    quorum: int
    yes: int
    assurance: Assurance
    confirm: str
    confirm_hint: str
    comment: str
    asked_at: datetime
    expires_at: datetime
    escalations: tuple[EscalationView, ...]
    votes: tuple[VoteView, ...]
    decided_at: datetime | None
    reason: str | None
    may_vote: bool
    why_not: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPage:
    """A page of approvals, newest first."""

    items: tuple[ApprovalView, ...]
    next: str | None
