"""Playbooks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from soar.api.schemas.base import Incoming, Name
from soar.ingest.schedule import Upcoming
from soar.model.playbook import Playbook
from soar.model.run import Mode
from soar.model.step import UseAction, walk_steps
from soar.playbook import Finding, Severity

LONGEST_DOCUMENT = 256 * 1024
_MINUTE = timedelta(minutes=1)


class DocumentSent(Incoming):
    """A playbook's document, to be checked."""

    id: Name
    text: Annotated[str, Field(max_length=LONGEST_DOCUMENT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingView:
    """When a schedule starts a playbook next, and what came of the last time: a run, or why there is none."""

    moment: datetime | None
    last_moment: datetime | None
    last_run: str | None
    last_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookView:
    """A playbook that serves; `revision` is the digest of its text, `upcoming` is null where it has no schedule."""

    id: str
    name: str
    description: str
    owner: str | None
    tags: tuple[str, ...]
    revision: str
    mode: Mode
    is_enabled: bool
    steps: int
    gates: int
    connectors: tuple[str, ...]
    saves_minutes: int | None
    upcoming: UpcomingView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookPage:
    """All playbooks, by id."""

    items: tuple[PlaybookView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputView:
    """What a run needs to begin; `may_stay_away` says that something else stands in where it is not given."""

    name: str
    type: str
    description: str
    may_stay_away: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookDetail(PlaybookView):
    """A playbook with its inputs and its document."""

    inputs: tuple[InputView, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """What is wrong or doubtful in a document, and what to do."""

    code: str
    severity: Severity
    line: int
    column: int
    path: str
    message: str
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Whether a document could serve."""

    findings: tuple[FindingView, ...]
    is_valid: bool


def view_inputs(playbook: Playbook) -> tuple[InputView, ...]:
    """Return what a run needs to begin, in the order of the document."""
    return tuple(
        InputView(
            name=spec.id,
            type=spec.type,
            description=spec.description,
            may_stay_away=spec.has_default or not spec.is_required,
        )
        for spec in playbook.inputs.values()
    )


def view_playbook(playbook: Playbook, upcoming: Upcoming | None) -> PlaybookView:
    """Return a playbook as lists show it; `upcoming` is when a schedule starts it."""
    steps = walk_steps(playbook.steps + playbook.on_failure + playbook.finally_)
    actions = [step.body.action for step in steps if isinstance(step.body, UseAction)]
    return PlaybookView(
        id=playbook.id,
        name=playbook.name,
        description=playbook.description,
        owner=playbook.owner,
        tags=playbook.tags,
        revision=playbook.revision,
        mode=playbook.mode,
        is_enabled=playbook.is_enabled,
        steps=len(steps),
        gates=sum(step.gate is not None for step in steps),
        connectors=tuple(sorted({action.partition(".")[0] for action in actions})),
        saves_minutes=playbook.saves // _MINUTE if playbook.saves is not None else None,
        upcoming=_view_upcoming(upcoming) if upcoming is not None else None,
    )


def _view_upcoming(upcoming: Upcoming) -> UpcomingView:
    return UpcomingView(
        moment=upcoming.moment,
        last_moment=upcoming.last_moment,
        last_run=upcoming.last_run,
        last_reason=upcoming.last_reason,
    )


def view_finding(finding: Finding) -> FindingView:
    """Return a finding without the name of the file, which the caller knows."""
    return FindingView(
        code=finding.code,
        severity=finding.severity,
        line=finding.line,
        column=finding.column,
        path=finding.path,
        message=finding.message,
        hint=finding.hint,
    )
