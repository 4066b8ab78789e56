"""A step of a playbook as checked data.

Expressions and templates stand here as their source text; `soar.expr` compiles them. A template is any plain value in
which strings may hold `${{ expression }}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, TypeAlias

from soar.model.values import JsonValue

Template: TypeAlias = JsonValue

EXCLUDABLE = ("initiator", "author", "publisher", "target")
"""Whom a gate can keep from deciding: who started the run, wrote or published its playbook, or is acted on."""

UNDO_ACTION = "core.undo"
"""Takes back what a step of the same run holds. The engine does it: a step that uses it calls nothing itself."""


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
        exclude: of `EXCLUDABLE`.
        assurance: None means by the action's effect.
        confirm: what must be typed, a template; None means what the engine finds (the target, or their number).
        comment: `optional`, `required` or `required_on_deny`.
        per_item: ask for each element of a `foreach` instead of once.
        remind: moments after asking; empty means at half and at four fifths of the timeout.
        may_choose: whoever decides may leave out elements of the `foreach`.
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
    may_choose: bool = False
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
class Poll:
    """Call an action again and again until its answer says that it is done.

    Attributes:
        every: the time from an answer to the next call.
        until: expression over `output`, the last answer.
        timeout: counted from the first call.
    """

    every: timedelta
    until: str
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """Look for what an action did, which has succeeded once it is seen.

    Attributes:
        action: `connector.action` that reads; None means the check that the connector declares for what is verified.
        arguments: template, a map; of the connector's own check, None.
        connection: id; None means that of what is verified if it is the same connector's.
        until: expression over `output`, the answer of the action that looks.
        attempts: how often is looked at most.
        every: the time from an answer to the next look.
        timeout: counted from the answer of what is verified; no look begins after it.
    """

    action: str | None = None
    arguments: Template = None
    connection: str | None = None
    until: str = "output.holds"
    attempts: int = 10
    every: timedelta = timedelta(seconds=10)
    timeout: timedelta = timedelta(minutes=5)

    def find_connection(self, verified: str, connection: str, defaults: Mapping[str, str]) -> str:
        """Return the id of the connection that is looked through.

        Args:
            verified: the action whose effect is looked for.
            connection: what that one uses.
            defaults: the playbook's default connections, by connector.
        """
        connector = (self.action or verified).partition(".")[0]
        if self.connection is not None:
            return self.connection
        return connection if connector == verified.partition(".")[0] else defaults.get(connector) or connector


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

    kind: ClassVar[str] = "use"
    action: str
    major: int | None = None
    arguments: Template = None
    connection: str | None = None
    retry: Retry | None = None
    poll: Poll | None = None
    verify: Verify | None = None
    undo: UndoSpec | None = None
    expires: Template = None
    outputs: Mapping[str, Template] = field(default_factory=dict)
    mask: bool | tuple[str, ...] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlaybook:
    """Start another playbook and wait for its end; its outputs are the step's output.

    Attributes:
        playbook: its id.
        arguments: template, a map of its inputs.
        outputs: templates over `output`, by name.
    """

    kind: ClassVar[str] = "call"
    playbook: str
    arguments: Template = None
    outputs: Mapping[str, Template] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSteps:
    """Several steps under one condition, gate and timeout."""

    kind: ClassVar[str] = "group"
    steps: tuple["Step", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelSteps:
    """Several lists of steps at once, by name; with `has_fail_fast` a failure in one lets the others begin nothing."""

    kind: ClassVar[str] = "parallel"
    branches: Mapping[str, tuple["Step", ...]]
    has_fail_fast: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Steps that are taken if a condition is true."""

    condition: str
    steps: tuple["Step", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseSteps:
    """The first choice whose condition is true; `otherwise` if none is."""

    kind: ClassVar[str] = "choose"
    choices: tuple[Choice, ...]
    otherwise: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetValues:
    """Name values; they are the step's output."""

    kind: ClassVar[str] = "set"
    values: Mapping[str, Template]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRun:
    """End the run here; status is `succeeded`, `denied` or `cancelled`."""

    kind: ClassVar[str] = "stop"
    status: str = "succeeded"
    reason: Template = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailStep:
    """Fail on purpose, with a message."""

    kind: ClassVar[str] = "fail"
    message: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class AskGate:
    """A gate on its own, with nothing behind it."""

    kind: ClassVar[str] = "gate"


class AfterSilence(StrEnum):
    """What it means that nobody answered, or that nothing happened, in time."""

    STOP = "stop"
    CONTINUE = "continue"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One field of a form; `type` is written as an input's."""

    type: str
    label: str
    enum: tuple[JsonValue, ...] = ()
    has_default: bool = False
    default: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPeople:
    """Ask somebody for facts; the answers are the step's output.

    Attributes:
        to: a principal or a person's mail address, or a template that gives one.
        question: a template.
        fields: by id.
    """

    kind: ClassVar[str] = "ask"
    to: Template
    question: Template
    fields: Mapping[str, Question]
    timeout: timedelta = timedelta(hours=24)
    on_timeout: AfterSilence = AfterSilence.STOP


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitWhile:
    """Wait for a while."""

    kind: ClassVar[str] = "wait"
    duration: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil:
    """Wait for a moment; the expression gives a timestamp, and one in the past is no wait."""

    kind: ClassVar[str] = "wait"
    moment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForEvent:
    """Wait for one of the service's own events; it is the step's output.

    Attributes:
        event: its type.
        match: expression over `event` and everything that a step can read; None takes the first.
    """

    kind: ClassVar[str] = "wait"
    event: str
    match: str | None
    timeout: timedelta
    on_timeout: AfterSilence = AfterSilence.STOP


StepBody: TypeAlias = (
    UseAction
    | CallPlaybook
    | GroupSteps
    | ParallelSteps
    | ChooseSteps
    | SetValues
    | StopRun
    | FailStep
    | AskGate
    | AskPeople
    | WaitWhile
    | WaitUntil
    | WaitForEvent
)


@dataclass(frozen=True, slots=True)
class Branch:
    """A list of steps inside a step; `key` is its path below the step's own, such as `parallel/noise`."""

    key: str
    steps: tuple["Step", ...]


def list_branches(body: StepBody) -> tuple[Branch, ...]:
    """Return the lists of steps that a step consists of; none unless it is a group of some kind."""
    match body:
        case GroupSteps(steps=steps):
            return (Branch("steps", steps),)
        case ParallelSteps(branches=branches):
            return tuple(Branch(f"parallel/{name}", steps) for name, steps in branches.items())
        case ChooseSteps(choices=choices, otherwise=otherwise):
            chosen = (Branch(f"choose/{index}/steps", choice.steps) for index, choice in enumerate(choices))
            return (*chosen, Branch("else", otherwise))
        case _:
            return ()


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


def walk_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the steps and all steps inside them (groups, handlers, deny branches), in document order."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        for branch in list_branches(step.body):
            found.extend(walk_steps(branch.steps))
        if step.gate is not None:
            found.extend(walk_steps(step.gate.on_deny.steps))
        found.extend(walk_steps(step.on_failure.steps))
    return tuple(found)
