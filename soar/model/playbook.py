"""A playbook as checked data: what `soar.playbook` parses a document into and `soar.engine` interprets.

Expressions stand here as their source text; `soar.expr` compiles them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from soar.model.run import Mode
from soar.model.step import Gate, Retry, Step, Template
from soar.model.values import JsonValue


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


class CatchUp(StrEnum):
    """Which of the moments that passed while nothing ran are made up for."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTrigger:
    """Start at moments, said by exactly one of `cron` and `every`.

    Attributes:
        cron: five fields, as in crontab(5).
        every: how much time lies between two moments; one of them was midnight of the first Monday of 2001 in the zone.
        timezone: name in the IANA time zone database.
    """

    cron: str | None = None
    every: timedelta | None = None
    timezone: str = "UTC"
    catch_up: CatchUp = CatchUp.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """Start for each of the service's own events of this type that matches; `match` is an expression over `event`."""

    type: str
    match: str | None = None


Trigger: TypeAlias = AlertTrigger | ManualTrigger | CallTrigger | ScheduleTrigger | EventTrigger


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
    """How many runs with one key may be open.

    Attributes:
        key: expression; None means that all runs of the playbook share one.
        limit: with `parallel`, how many may have begun at once; what comes above waits.
    """

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


class Rollback(StrEnum):
    """When what a run has changed is taken back without anybody asking for it."""

    MANUAL = "manual"
    ON_FAILURE = "on_failure"
    ON_CANCEL = "on_cancel"


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
    concurrency: Concurrency | None = None
    case: CaseSpec | None = None
    notify: Notify | None = None
    default_timeout: timedelta | None = None
    default_retry: Retry | None = None
    default_gate: Gate | None = None
    default_connections: Mapping[str, str] = field(default_factory=dict)
    rollback: Rollback = Rollback.MANUAL
    timeout: timedelta = timedelta(days=7)
    on_failure: tuple[Step, ...] = ()
    finally_: tuple[Step, ...] = ()
    outputs: Mapping[str, Template] = field(default_factory=dict)
    locations: Mapping[str, Location] = field(default_factory=dict, repr=False)

    @property
    def team(self) -> str | None:
        """Whose it is, if its owner is a team."""
        kind, _, name = (self.owner or "").partition(":")
        return name if kind == "team" else None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A draft that a person has made the revision that runs.

    Attributes:
        digest: of the draft.
        over: digest of the file that it was published over, empty if there was none; it serves while that is the file.
        published_by: id of the person.
    """

    playbook: str
    digest: str
    over: str
    published_at: datetime
    published_by: str
