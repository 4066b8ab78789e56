"""Runs and their steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from soar.api.schemas.approvals import ApprovalView
from soar.api.schemas.base import Incoming, Name, PageQuery, Text
from soar.api.schemas.responses import InitiatorView, ResponseView
from soar.model.catalog import Effect
from soar.model.run import Finding, Mode, RunStatus, StepStatus


class RunQuery(PageQuery):
    """Which runs."""

    status: RunStatus | None = None
    playbook: Name | None = None
    alert: Name | None = None


class CancelWanted(Incoming):
    """Why a run is to end."""

    reason: Text | None = None


class RetryWanted(Incoming):
    """From which step on a run is tried again; without one, from the first that is not over and done with.

    `accept_unknown` is what was found out about calls whose outcome is unknown.
    """

    step: Annotated[Name | None, Field(alias="from")] = None
    accept_unknown: Text | None = None


class Settling(Incoming):
    """What somebody found out about a call whose outcome is unknown, and how they know.

    `step` is its id or path; `output` is what the call came to, if it happened.
    """

    step: Name
    finding: Finding
    reason: Annotated[Text, Field(min_length=1)]
    output: JsonValue = None


class RunWanted(Incoming):
    """The inputs that a playbook is to be started with."""

    inputs: dict[str, JsonValue] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run, as lists show it."""

    id: str
    playbook: str
    playbook_name: str
    revision: str
    mode: Mode
    status: RunStatus
    alert: str | None
    case: str | None
    initiator: InitiatorView
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None
    waiting_for: str | None
    outputs: Mapping[str, JsonValue]
    retry_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """A page of runs, newest first."""

    items: tuple[RunView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultView:
    """Why a step failed."""

    code: str
    message: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtView:
    """A call of which nobody knows what it did: what is known, and until when people have time to find out."""

    message: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepItemView:
    """A step for one element of a `foreach`."""

    index: int
    path: str
    status: StepStatus
    item: JsonValue
    output: JsonValue
    fault: FaultView | None
    doubt: DoubtView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step of the document and what became of it. Secrets in `arguments` are null.

    `kind` is `use`, `group`, `set`, `stop` or `gate`; `is_handler` says that it only runs after a failure or a no, or
    at the very end.
    """

    path: str
    id: str | None
    label: str
    kind: str
    action: str | None
    effect: Effect | None
    depth: int
    status: StepStatus
    reason: str | None
    arguments: JsonValue
    output: JsonValue
    fault: FaultView | None
    doubt: DoubtView | None
    attempt: int
    approval: str | None
    outcome: str | None
    started_at: datetime | None
    finished_at: datetime | None
    items: tuple[StepItemView, ...]
    is_handler: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail(RunView):
    """A run with everything that happened in it."""

    steps: tuple[StepView, ...]
    approvals: tuple[ApprovalView, ...]
    responses: tuple[ResponseView, ...]
    inputs: Mapping[str, JsonValue]
    retried_by: tuple[str, ...]
