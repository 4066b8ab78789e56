"""A test file as checked data: alerts, mocks, and tests with what people do and what must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeAlias, TypeVar

from soar.model.alert import Alert
from soar.model.approval import VoteChoice
from soar.model.errors import ActionCode
from soar.model.event import EventType
from soar.model.values import JsonValue

T = TypeVar("T")

DEFAULT_CLOCK = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""When a test plays unless its file says otherwise: a Monday morning."""


@dataclass(frozen=True, slots=True)
class Mock:
    """How one call ends.

    Attributes:
        output: what the action answers, if `code` is None.
        code: how it fails.
        message: why it fails.
    """

    output: JsonValue = None
    code: ActionCode | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Mocked:
    """What stands for an action or a step: the same answer to every call, or one answer a call and then none."""

    answers: tuple[Mock, ...]
    is_endless: bool


Mocks: TypeAlias = Mapping[str, Mocked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person does who is asked, or that nobody does anything until the question expires.

    Attributes:
        line: where it stands.
        choice: the vote at a gate; without it and without `answers`, time passes until the question expires.
        answers: to a question for facts, by field.
        user: name or e-mail address of the person; empty where nobody acts, or where whoever is asked answers.
        after: since the question was asked; None means a minute after what happened before.
        confirm: what is typed; None means what the question wants typed.
        only: the targets that a yes is for; empty is all of them.
        wanted: `accepted`, or the code of the refusal that the vote or the answer must meet.
    """

    line: int
    choice: VoteChoice | None = None
    answers: Mapping[str, JsonValue] | None = None
    user: str = ""
    roles: tuple[str, ...] = ()
    after: timedelta | None = None
    confirm: str | None = None
    comment: str | None = None
    only: tuple[str, ...] = ()
    wanted: str = "accepted"

    @property
    def is_silence(self) -> bool:
        """Whether nobody does anything."""
        return self.choice is None and self.answers is None


@dataclass(frozen=True, slots=True)
class Script:
    """What people do, in order, at each question that a step asks; `line` is where it stands."""

    line: int
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class AlertStart:
    """Start for an alert, as its source would have reported it."""

    alert: Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualStart:
    """Start by hand.

    Attributes:
        by: name or e-mail address of the person.
        inputs: plain; converted as what a person sends is.
    """

    by: str
    roles: tuple[str, ...] = ()
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleStart:
    """Start because a moment of a schedule has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStart:
    """Start because something happened in the service."""

    type: EventType
    subject: str
    data: Mapping[str, JsonValue]


Start: TypeAlias = AlertStart | ManualStart | ScheduleStart | EventStart


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens in the service while a step waits for its like.

    Attributes:
        line: where it stands.
        after: since the step began to wait.
    """

    line: int
    type: EventType
    subject: str
    data: Mapping[str, JsonValue]
    after: timedelta


@dataclass(frozen=True, slots=True)
class Wanted(Generic[T]):
    """What is expected, and the line that says so."""

    value: T
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCall:
    """Calls that must have been made.

    Attributes:
        times: how often exactly; None means at least once.
        arguments: what they were made with, as far as given; may hold matchers.
        is_any: whether arguments do not matter.
    """

    line: int
    action: str
    times: int | None = None
    arguments: JsonValue = None
    is_any: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must come of a test. What is not said does not matter.

    Attributes:
        steps: status by the step's id.
        outputs: by name; other outputs do not matter.
        never: actions that must not have been called.
        approvals: how many questions were asked.
        approval: what a step's first question was like, by id and by what is asked about it.
        escalated: to whom a step's first question went, in order.
        undone: ids of steps and groups whose changes must all have been taken back; time passes until what expires has
            expired.
        audit: types of audit events, in this order, others between them.
    """

    status: Wanted[str] | None = None
    steps: Mapping[str, Wanted[str]] = field(default_factory=dict)
    outputs: Mapping[str, Wanted[JsonValue]] = field(default_factory=dict)
    calls: tuple[WantedCall, ...] = ()
    never: tuple[Wanted[str], ...] = ()
    approvals: Wanted[int] | None = None
    approval: Mapping[str, Mapping[str, Wanted[JsonValue]]] = field(default_factory=dict)
    escalated: Mapping[str, Wanted[tuple[str, ...]]] = field(default_factory=dict)
    undone: tuple[Wanted[str], ...] = ()
    audit: Wanted[tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One rehearsal of a playbook.

    Attributes:
        line: where it stands.
        mocks: the file's, with the test's own in their place.
        approvals: what people do at gates, by the step's id.
        asks: what people answer to questions for facts, by the step's id.
        config: laid over the site's open settings.
        events: what happens in the service meanwhile, in order.
    """

    name: str
    line: int
    start: Start
    expect: Expectation
    mocks: Mocks = field(default_factory=dict)
    approvals: Mapping[str, Script] = field(default_factory=dict)
    asks: Mapping[str, Script] = field(default_factory=dict)
    config: Mapping[str, JsonValue] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A test file, parsed.

    Attributes:
        playbook: id of the playbook that is rehearsed.
        clock: when each of its tests begins.
    """

    playbook: str
    clock: datetime
    tests: tuple[Test, ...]
