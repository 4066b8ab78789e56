"""Questions to people, and their answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, Strict

from soar.api.schemas.base import Incoming, Name, PageQuery, Text
from soar.model.approval import ApprovalStatus, VoteChoice
from soar.model.catalog import Effect
from soar.model.run import Mode
from soar.model.step import Assurance

_MOST_ANSWERS = 100
_MOST_TARGETS = 1_000
_LONGEST_EXTENSION = 2_592_000


class Progress(StrEnum):
    """Whether a question still waits."""

    PENDING = "pending"
    DECIDED = "decided"


class ApprovalQuery(PageQuery):
    """Which approvals; all, where no status is named."""

    status: Progress | None = None


class VoteSent(Incoming):
    """A vote; the digest is that of what the voter was shown.

    `only` are the targets that a yes is for, where it is not for all that is shown as allowed.
    """

    vote: VoteChoice
    digest: Name
    comment: Text | None = None
    confirm: Text | None = None
    only: Annotated[tuple[Text, ...], Field(max_length=_MOST_TARGETS), Strict(strict=False)] = ()


class InquirySent(Incoming):
    """What somebody wants to know before they decide."""

    text: Text


class ExtensionSent(Incoming):
    """How many seconds more a question gets."""

    seconds: Annotated[int, Field(ge=1, le=_LONGEST_EXTENSION)]


class DelegationWanted(Incoming):
    """Whom to lend one's say to, by name, mail address or id, and until when."""

    to: Name
    until: Annotated[datetime, Strict(strict=False)]


class AnswersSent(Incoming):
    """Facts that were asked for, by field; a field that is left out has its default."""

    answers: Annotated[dict[Name, JsonValue], Field(max_length=_MOST_ANSWERS)]


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
class PartView:
    """What is allowed together or not at all, and whether nobody who said yes has left it out."""

    targets: tuple[str, ...]
    is_allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationView:
    """From this moment this principal may decide, too."""

    at: datetime
    to: str
    is_reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteView:
    """One person's answer; `for_name` is whom they stand in for, if they do."""

    user: str
    name: str
    roles: tuple[str, ...]
    choice: VoteChoice
    assurance: Assurance
    via: str
    at: datetime
    comment: str | None
    for_name: str | None
    only: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryView:
    """What somebody wanted to know before they decide."""

    user: str
    name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationView:
    """Somebody who may vote in somebody else's place until a moment, unless it is ended before."""

    id: str
    giver: str
    giver_name: str
    receiver: str
    receiver_name: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegations:
    """The caller's delegations that count now, those they gave and those they were given."""

    items: tuple[DelegationView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One fact that is asked for; without a default it must be answered. The label is the author's text."""

    name: str
    type: str
    label: str
    enum: tuple[JsonValue, ...]
    has_default: bool
    default: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyView:
    """What a person answered, by field."""

    user: str
    name: str
    roles: tuple[str, ...]
    via: str
    at: datetime
    answers: dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A question that is decided together with another one, and the run that waits for it."""

    id: str
    run: str
    alert: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """A question.

    `confirm` is what must be typed for a yes, empty if nothing; `digest_code` is ten characters of the digest for
    people to compare; `may_vote` and `why_not` are about the caller. Where `fields` are asked for, it is answered and
    not voted on: `may_vote` says whether the caller may answer, and `reply` what was answered. Where there are `parts`,
    a yes may name the targets that it is for; the digest is over those that are allowed so far. `members` want the same
    and are decided together with it: the digest is over all of them; `merged_into` is the id of the question that this
    one is decided together with.
    """

    id: str
    code: str
    run: str
    step: str
    playbook: str
    playbook_name: str
    revision: str
    mode: Mode
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
    fields: tuple[FieldView, ...]
    reply: ReplyView | None
    inquiries: tuple[InquiryView, ...]
    is_extended: bool
    parts: tuple[PartView, ...]
    members: tuple[MemberView, ...]
    merged_into: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPage:
    """A page of approvals, newest first."""

    items: tuple[ApprovalView, ...]
    next: str | None
