"""A question to people that a run waits on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from soar.model.catalog import Effect
from soar.model.step import Assurance, Question
from soar.model.values import JsonValue, Value


class ApprovalStatus(StrEnum):
    """Where a question stands."""

    PENDING = "pending"
    APPROVED = "approved"
    ANSWERED = "answered"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


APPROVAL_TRANSITIONS: Mapping[ApprovalStatus, frozenset[ApprovalStatus]] = {
    **dict.fromkeys(ApprovalStatus, frozenset[ApprovalStatus]()),
    ApprovalStatus.PENDING: frozenset(ApprovalStatus) - {ApprovalStatus.PENDING},
}
"""Which status may follow which: every answer is the last."""


class VoteChoice(StrEnum):
    """What a person says."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's answer.

    Attributes:
        user: id of the person.
        name: their name, for the card.
        roles: the roles they held when they voted.
        assurance: how sure we were of them.
        via: where the vote came from: `web`, `cli`, `api`, `chat`.
        for_user: id of the person whom the voter stands in for; None if they voted in their own right.
        for_name: that person's name.
        only: the targets that a yes allows, where not all of them; empty is all that were allowed by then.
    """

    user: str
    name: str
    roles: tuple[str, ...]
    choice: VoteChoice
    assurance: Assurance
    via: str
    at: datetime
    comment: str | None = None
    for_user: str | None = None
    for_name: str | None = None
    only: tuple[str, ...] = ()

    @property
    def people(self) -> frozenset[str]:
        """The ids of those who have had their say with this: the voter, and whom they stand in for."""
        return frozenset({self.user} if self.for_user is None else {self.user, self.for_user})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a person knew, where facts were asked for.

    Attributes:
        user: id of the person.
        name: their name, for the card.
        roles: the roles they held when they answered.
        via: where it came from: `web`, `cli`, `api`, `chat`.
        answers: by field, typed.
    """

    user: str
    name: str
    roles: tuple[str, ...]
    via: str
    at: datetime
    answers: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What somebody wants to know before they decide; `text` is their own, and `user` their id."""

    user: str
    name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a list that people may leave out: the path of its record, and what would be acted on."""

    path: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A question that is decided together with another one: its id, and the digest that it binds to."""

    id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What became of a question besides the votes on it.

    Attributes:
        inquiries: what people wanted to know first.
        extended_by: id of the person who gave it more time; None if nobody did.
        exclude: of `initiator`, `author`, `publisher`, `target`: whom the gate and the policy keep from deciding.
        policy: digest of the policy's gates that it was asked under; empty if they have no say in it.
        standing: id of the standing approval that answered it; None if people were asked.
        members: the questions that are decided together with this one.
        parts: the elements of which people may allow some; empty if it is decided as a whole.
    """

    inquiries: tuple[Inquiry, ...] = ()
    extended_by: str | None = None
    exclude: tuple[str, ...] = ()
    policy: str = ""
    parts: tuple[Part, ...] = ()
    members: tuple[Member, ...] = ()
    standing: str | None = None


@dataclass(frozen=True, slots=True)
class Precedent:
    """How the last questions like one ended, for whoever has to decide it.

    Attributes:
        asked: how many there were that people or the clock decided; twenty at most.
        approved: how many of these got their yes.
        undone: after how many of those people took something back that the run had done.
    """

    asked: int
    approved: int
    undone: int


@dataclass(frozen=True, slots=True)
class EscalationLevel:
    """From this moment this principal is told, and may decide too unless the policy wants others.

    Attributes:
        via: the channels in which that is said, besides the question's own.
    """

    at: datetime
    to: str
    is_reached: bool = False
    may_decide: bool = True
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What people are shown, from one structure for every channel. Frozen when the question is asked.

    Attributes:
        question: the decision, as a question; computed by the engine.
        action: `connector.action`, or empty for a gate on its own.
        effect: of the action.
        is_reversible: whether there is a way back.
        targets: what is acted on; the first fifty.
        target_count: how many there are.
        reason: the author's words, possibly with hostile text in it.
        impact: the author's words.
        undo: how it is taken back, in words; computed.
        evidence: label and text, the author's choice; hostile.
        arguments: the list of calls exactly as they will be made; the digest is taken over it. Secrets are null.
    """

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
    evidence: tuple[tuple[str, str], ...]
    arguments: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question, everything that decides it, and the answers so far.

    Attributes:
        id: `ap_…`.
        code: short code for people, unique among open questions.
        digest: of what would be executed, which is less once somebody leaves something out; a vote must name it, the
            executor recomputes it.
        by: principals that may decide; empty means nobody.
        exclude_users: ids of people who may not, whoever they are: the initiator, the author, the person concerned.
        quorum: how many different people must say yes.
        confirm: what must be typed to say yes at `confirmed` and above; empty if nothing.
        expires_at: from then on the answer is no.
        version: counts changes; a late timer finds another version and does nothing.
        fields: what is asked for, by id, where people are asked for facts; empty where they decide.
        reply: what was answered.
        course: what became of it besides the votes.
        merged_into: id of the question that this one is decided together with, and shown by; None if it has a card.
    """

    id: str
    code: str
    run: str
    step: str
    playbook: str
    revision: str
    digest: str
    status: ApprovalStatus
    card: Card
    by: tuple[str, ...]
    exclude_users: Mapping[str, str]
    quorum: int
    has_veto: bool
    assurance: Assurance
    confirm: str
    comment: str
    channel: str
    asked_at: datetime
    expires_at: datetime
    escalations: tuple[EscalationLevel, ...] = ()
    remind_at: tuple[datetime, ...] = ()
    reminded: int = 0
    votes: tuple[Vote, ...] = ()
    decided_at: datetime | None = None
    reason: str | None = None
    version: int = 1
    fields: Mapping[str, Question] = field(default_factory=dict)
    reply: Reply | None = None
    course: Course = Course()
    merged_into: str | None = None

    @property
    def is_question(self) -> bool:
        """Whether people are asked for facts: it is answered, and not voted on."""
        return bool(self.fields)
