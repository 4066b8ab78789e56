"""A playbook as checked data: what `soar.playbook` parses a document into and `soar.engine` interprets.

Expressions and templates stand here as their source text; `soar.expr` compiles them. A template is any plain value in
which strings may hold `${{ expression }}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from soar.model.run import Mode
from soar.model.values import JsonValue

Template: TypeAlias = JsonValue


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a document; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTrigger:
    """Start for each alert from one of these sources that matches.

    Attributes:
        sources: ids; empty means any source.
        match: expression over `alert` and `config`; None means every alert.
    """

    sources: tuple[str, ...]
    match: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualTrigger:
    """Start by hand; `by` names who may, empty means whoever may run playbooks."""

    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrigger:
    """May be used by other playbooks."""


Trigger: TypeAlias = AlertTrigger | ManualTrigger | CallTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One input of a playbook.

    Attributes:
        type: as written: `string`, `list<sha256>`, `url?`, …
        source: the expression under `from`.
        has_default: whether a default is given; it may be null.
        default: a template.
        pattern: RE2 that a text must match as a whole.
    """

    id: str
    type: str
    source: str | None = None
    has_default: bool = False
    default: Template = None
    is_required: bool = True
    enum: tuple[JsonValue, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    description: str = ""
    is_secret: bool = False


class OnDuplicate(StrEnum):
    """What happens to a second alert within the window."""

    ATTACH = "attach"
    DROP = "drop"
    RUN = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedupe:
    """When two alerts are the same to this playbook; `key` is an expression over `inputs` and `alert`."""

    key: str
    window: timedelta = timedelta(hours=1)
    on_duplicate: OnDuplicate = OnDuplicate.ATTACH


class Overlap(StrEnum):
    """What happens to a run while another with the same key is open."""

    QUEUE = "queue"
    DROP = "drop"
    REPLACE = "replace"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """How many runs with one key may be open."""

    key: str | None = None
    mode: Overlap = Overlap.PARALLEL
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSpec:
    """The case that a run belongs to; `key` is an expression, equal keys share a case."""

    title: Template
    key: str
    severity: Template = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Where people are told of a run."""

    channel: str
    on: tuple[str, ...] = ("waiting", "finished", "failed")
    thread: str = "run"


class Backoff(StrEnum):
    """How the delay between attempts grows."""

    FIXED = "fixed"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When and how often an action is tried again.

    Attributes:
        attempts: calls in all, the first included.
        on: action codes worth another try; empty means the transient ones.
        when: expression over `error`; None means always.
    """

    attempts: int
    delay: timedelta = timedelta(seconds=2)
    backoff: Backoff = Backoff.EXPONENTIAL
    max_delay: timedelta = timedelta(minutes=5)
    has_jitter: bool = True
    on: tuple[str, ...] = ()
    when: str | None = None


class AfterFailure(StrEnum):
    """What a failed step means for its list."""

    STOP = "stop"
    CONTINUE = "continue"
    HANDLE = "handle"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnFailure:
    """What to do when a step fails; `steps` only with `HANDLE`."""

    then: AfterFailure = AfterFailure.STOP
    steps: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDeny:
    """What to do when a gate ends without a yes; `steps` only with `HANDLE`."""

    then: AfterFailure = AfterFailure.STOP
    steps: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who else may decide after a while, and how they are told."""

    after: timedelta
    to: str
    via: tuple[str, ...] = ()


class Assurance(StrEnum):
    """How sure we must be that a vote is meant and by whom; each level includes the ones before."""

    LINKED = "linked"
    CONFIRMED = "confirmed"
    MFA = "mfa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A question to people before a step.

    Attributes:
        by: principals, such as `role:analyst`; empty means nobody.
        condition: expression; the gate asks only if it is true. None means always.
        quorum: a whole number or a template that gives one.
        has_veto: whether one no decides.
        exclude: of `initiator`, `author`, `target`.
        assurance: None means by the action's effect.
        confirm: what must be typed, a template; None means what the engine finds (the target, or their number).
        comment: `optional`, `required` or `required_on_deny`.
        per_item: ask for each element of a `foreach` instead of once.
        remind: moments after asking; empty means at half and at four fifths of the timeout.
        on_timeout: `deny` or `fail`.
    """

    by: tuple[str, ...]
    condition: str | None = None
    quorum: Template = 1
    has_veto: bool = True
    exclude: tuple[str, ...] = ("initiator", "target")
    assurance: Assurance | None = None
    reason: Template = None
    impact: Template = None
    evidence: Mapping[str, Template] = field(default_factory=dict)
    confirm: Template = None
    comment: str = "optional"
    per_item: bool = False
    timeout: timedelta = timedelta(minutes=30)
    remind: tuple[timedelta, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    on_timeout: str = "deny"
    on_deny: OnDeny = field(default_factory=OnDeny)
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreach:
    """Do a step for each element of a list.

    Attributes:
        expression: gives the list.
        name: what an element is called in expressions.
        max_parallel: how many at once.
        max_items: more than this is an error before the first call.
        has_fail_fast: whether one failed element stops the rest.
    """

    expression: str
    name: str = "item"
    max_parallel: int = 1
    max_items: int = 1000
    has_fail_fast: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoSpec:
    """The way back; `action` None means the connector's own inverse."""

    action: str | None = None
    arguments: Template = None
    connection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UseAction:
    """Call an action.

    Attributes:
        action: `connector.action`, without the major.
        major: pinned major version of the connector, or None.
        arguments: template, a map.
        connection: id; None means the connector's default.
        expires: template that gives a duration after which the undo runs by itself.
        outputs: templates over `output`, by name.
        mask: True for all outputs, or paths to hide.
    """

    action: str
    major: int | None = None
    arguments: Template = None
    connection: str | None = None
    retry: Retry | None = None
    undo: UndoSpec | None = None
    expires: Template = None
    outputs: Mapping[str, Template] = field(default_factory=dict)
    mask: bool | tuple[str, ...] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSteps:
    """Several steps under one condition, gate and timeout."""

    steps: tuple["Step", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetValues:
    """Name values; they are the step's output."""

    values: Mapping[str, Template]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRun:
    """End the run here; status is `succeeded`, `denied` or `cancelled`."""

    status: str = "succeeded"
    reason: Template = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskGate:
    """A gate on its own, with nothing behind it."""


StepBody: TypeAlias = UseAction | GroupSteps | SetValues | StopRun | AskGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A node of a playbook.

    Attributes:
        path: where it stands in the document, such as `steps/4/steps/0`.
        id: what expressions call it; None if it has none.
        condition: expression under `if`.
        needs: ids it waits for; None means everything above it in its list, empty means nothing.
    """

    path: str
    body: StepBody
    id: str | None = None
    name: str | None = None
    note: str | None = None
    condition: str | None = None
    needs: tuple[str, ...] | None = None
    foreach: Foreach | None = None
    gate: Gate | None = None
    timeout: timedelta | None = None
    on_failure: OnFailure = field(default_factory=OnFailure)
    saves: timedelta | None = None

    @property
    def label(self) -> str:
        """What people call it: its name, its id, or its path."""
        return self.name or self.id or self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A playbook revision, parsed.

    Attributes:
        id: the file's name in kebab-case.
        revision: `sha256:…` of the document's bytes.
        default_timeout: for steps that name none; None means the action's own.
        locations: for each document path (`steps/2/with/url`), where it stands, for messages.
    """

    id: str
    name: str
    revision: str
    triggers: tuple[Trigger, ...]
    steps: tuple[Step, ...]
    description: str = ""
    owner: str | None = None
    tags: tuple[str, ...] = ()
    saves: timedelta | None = None
    is_enabled: bool = True
    mode: Mode = Mode.LIVE
    inputs: Mapping[str, InputSpec] = field(default_factory=dict)
    variables: Mapping[str, Template] = field(default_factory=dict)
    dedupe: Dedupe | None = None
    concurrency: Concurrency = field(default_factory=Concurrency)
    case: CaseSpec | None = None
    notify: Notify | None = None
    default_timeout: timedelta | None = None
    default_retry: Retry | None = None
    default_gate: Gate | None = None
    default_connections: Mapping[str, str] = field(default_factory=dict)
    timeout: timedelta = timedelta(days=7)
    on_failure: tuple[Step, ...] = ()
    finally_: tuple[Step, ...] = ()
    outputs: Mapping[str, Template] = field(default_factory=dict)
    locations: Mapping[str, Location] = field(default_factory=dict, repr=False)


def walk_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the steps and all steps inside them (groups, handlers, deny branches), in document order."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        if isinstance(step.body, GroupSteps):
            found.extend(walk_steps(step.body.steps))
        if step.gate is not None:
            found.extend(walk_steps(step.gate.on_deny.steps))
        found.extend(walk_steps(step.on_failure.steps))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The text of a playbook at one moment; runs are pinned to its digest.

    Attributes:
        digest: `sha256:…` of the text's bytes.
        text: the YAML document.
        author: id of the person or system that brought it in.
    """

    playbook: str
    digest: str
    text: str
    created_at: datetime
    author: str
