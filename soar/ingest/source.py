"""What sends alerts: how it proves itself, and how its documents become ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic import JsonValue as JsonDocument
from pydantic_core import ErrorDetails

from soar.expr import ExpressionError, Program, compile_expression
from soar.ingest.auth_file import AuthFile, Strict, read_span, split_names
from soar.ingest.authentication import Hmac, Recipe
from soar.ingest.bodies.rule import ONE_OBJECT, Format, LargeNumbers, Rule
from soar.ingest.grouping import Grouping
from soar.ingest.handshake import Handshake
from soar.model.alert import OWN_SOURCE
from soar.model.errors import FieldFault, InputError
from soar.model.observable import ObservableKind
from soar.model.poll import Poll
from soar.model.values import JsonValue

_SOURCE_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LARGEST_WINDOW = timedelta(days=7)
_SAMPLES = 5
_MOST_SAMPLES = 100
_SHORTEST_SILENCE = timedelta(minutes=1)
_LONGEST_SILENCE = timedelta(days=31)
_SHORTEST_PERIOD = timedelta(seconds=1)
_LONGEST_PERIOD = timedelta(days=1)
_EVERY = timedelta(minutes=1)
_NOBODY = Hmac(header="x-signature", secrets=())


Programs: TypeAlias = tuple[Program, ...]
"""The expressions of one field, in the order in which they are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The expressions that make an alert of a document, over the name `raw`.

    Of a field's expressions the first that has a value counts, of a kind of entities all do. What has none falls back
    to a default.

    Attributes:
        is_guessed: whether names and shapes in the document are looked at first, before a default.
    """

    kind: Programs
    title: Programs
    severity: Programs
    time: Programs
    url: Programs
    fingerprint: Programs
    entities: Mapping[str, Programs]
    labels: Mapping[str, Programs]
    is_guessed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source, read from `sources/<id>.yaml`.

    Attributes:
        team: whose it is, for roles that are limited to a team.
        body: what it sends.
        networks: the only ones it sends from; none means any.
        proxies: networks whose word is taken for where a request comes from.
        handshake: how it is told that we are who it looks for; None if it does not ask.
        rate: how many requests a second it may send; None is the server's `hooks.rate`.
        grouping: how its repeats are held together; None lets each alert stand alone.
        silent_after: how long nothing may come from it before that is told; None if it may be silent.
        poll: how it is asked for alerts; None if it sends them. Nobody can send in the place of one that is asked.
    """

    id: str
    description: str
    team: str | None
    recipe: Recipe
    mapped: Mapped
    body: Rule = ONE_OBJECT
    networks: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    handshake: Handshake | None = None
    rate: float | None = None
    grouping: Grouping | None = None

    silent_after: timedelta | None = None
    poll: Poll | None = None

    @property
    def format(self) -> Format:
        """What its bodies hold."""
        return self.body.format


def _read_silence(text: object) -> timedelta:
    duration = read_span(text)
    if not _SHORTEST_SILENCE <= duration <= _LONGEST_SILENCE:
        raise ValueError("a silence that is told of lasts at least a minute and at most 31 days")
    return duration


def _read_period(text: object) -> timedelta:
    duration = read_span(text)
    if not _SHORTEST_PERIOD <= duration <= _LONGEST_PERIOD:
        raise ValueError("a product is asked at most every second and at least once a day")
    return duration


def _read_window(text: object) -> timedelta:
    duration = read_span(text)
    if not timedelta() < duration <= _LARGEST_WINDOW:
        raise ValueError("a window is more than nothing and at most seven days")
    return duration


Window = Annotated[timedelta, BeforeValidator(_read_window)]
Expressions = Annotated[tuple[str, ...], BeforeValidator(split_names), Field(max_length=20)]


Silence = Annotated[timedelta, BeforeValidator(_read_silence)]
Period = Annotated[timedelta, BeforeValidator(_read_period)]
Trigger = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]


class _Alert(Strict):
    kind: Expressions = ()
    title: Expressions = ()
    severity: Expressions = ()
    time: Expressions = ()
    url: Expressions = ()
    fingerprint: Expressions = ()
    entities: dict[ObservableKind, Expressions] = Field(default_factory=dict)
    labels: dict[str, Expressions] = Field(default_factory=dict)
    guess: bool = False


class _Group(Strict):
    by: Literal["fingerprint"]
    window: Window
    samples: int = Field(default=_SAMPLES, ge=0, le=_MOST_SAMPLES)

    def build(self) -> Grouping:
        return Grouping(window=self.window, samples=self.samples)


class _Poll(Strict):
    """What is asked in place of being sent to; the arguments are the trigger's own."""

    uses: Trigger
    connection: str | None = None
    arguments: dict[str, JsonDocument] = Field(default_factory=dict, alias="with")
    every: Period = _EVERY

    def build(self) -> Poll:
        connector = self.uses.partition(".")[0]
        return Poll(
            trigger=self.uses, connection=self.connection or connector, arguments=self.arguments, every=self.every
        )


class _File(Strict):
    description: str = ""
    team: str | None = None
    auth: AuthFile | None = None
    poll: _Poll | None = None
    format: Format = Format.OBJECT
    rate: float | None = Field(default=None, gt=0)
    group: _Group | None = None
    large_numbers: LargeNumbers = LargeNumbers.REFUSE
    field: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    items: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$", max_length=200)] = None
    gzip: bool = False
    silent_after: Silence | None = None
    alert: _Alert

    @model_validator(mode="after")
    def _check_way(self) -> Self:
        if (self.auth is None) == (self.poll is None):
            raise ValueError("a source has either `auth`, by which it proves itself, or `poll`, by which it is asked")
        if self.poll is not None and self.format is not Format.OBJECT:
            raise ValueError("what is polled comes one document at a time; leave `format` out")
        return self

    @model_validator(mode="after")
    def _check_format(self) -> Self:
        """Refuse what a body of this format does not have."""
        if (self.field is not None) != (self.format is Format.FORM):
            raise ValueError("`format: form` and `field`, the name of its field with the JSON, go together")
        if self.items is not None and self.format is not Format.OBJECT:
            raise ValueError("`items` says where in one object the alerts stand; this format holds several anyhow")
        return self

    @model_validator(mode="after")
    def _check_group(self) -> Self:
        if self.group is not None and not (self.alert.fingerprint or self.alert.guess):
            raise ValueError("`group` by fingerprint needs `alert.fingerprint` or `alert.guess`")
        return self

    @property
    def body(self) -> Rule:
        return Rule(
            format=self.format, field=self.field, items=self.items, may_gzip=self.gzip, large_numbers=self.large_numbers
        )


def parse_source(document: JsonValue, source_id: str) -> Source:
    """Read a source's file.

    Args:
        document: the file as plain data.
        source_id: the file's name.

    Raises:
        InputError: a key is unknown or missing, it has no way to prove itself or more than one, or an expression does
            not compile; each fault with its pointer.
    """
    if not _SOURCE_ID.fullmatch(source_id):
        hint = "call the file by lower-case letters, digits and single hyphens"
        raise InputError(f"`{source_id}` is no source id", code="source.invalid", hint=hint)
    if source_id == OWN_SOURCE:
        hint = "call the file by another name"
        raise InputError(f"`{OWN_SOURCE}` is the source of alerts that runs raise", code="source.invalid", hint=hint)
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        faults = [_describe(fault) for fault in error.errors()]
        said = "; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults)
        raise InputError(
            f"source {source_id} does not fit: {said}",
            code="source.invalid",
            hint="correct these fields of its file",
            faults=faults,
        ) from error
    return Source(
        id=source_id,
        description=file.description,
        team=file.team,
        recipe=file.auth.build() if file.auth else _NOBODY,
        mapped=_compile_all(source_id, file.alert),
        body=file.body,
        networks=file.auth.networks if file.auth else (),
        proxies=file.auth.proxies if file.auth else (),
        handshake=file.auth.handshake if file.auth else None,
        rate=file.rate,
        grouping=file.group.build() if file.group else None,
        silent_after=file.silent_after,
        poll=file.poll.build() if file.poll else None,
    )


def _describe(fault: ErrorDetails) -> FieldFault:
    pointer = "".join(f"/{part}" for part in fault["loc"])
    match fault["type"]:
        case "extra_forbidden":
            return FieldFault(pointer, f"there is no `{fault['loc'][-1]}` here")
        case "missing":
            return FieldFault(pointer, "this is missing")
        case _:
            return FieldFault(pointer, fault["msg"].removeprefix("Value error, "))


def _compile_all(source_id: str, alert: _Alert) -> Mapped:
    def compiled(name: str, texts: tuple[str, ...]) -> Programs:
        return tuple(_compile(source_id, name, text) for text in texts)

    return Mapped(
        kind=compiled("kind", alert.kind),
        title=compiled("title", alert.title),
        severity=compiled("severity", alert.severity),
        time=compiled("time", alert.time),
        url=compiled("url", alert.url),
        fingerprint=compiled("fingerprint", alert.fingerprint),
        entities={kind.value: compiled(f"entities/{kind}", texts) for kind, texts in alert.entities.items()},
        labels={name: compiled(f"labels/{name}", texts) for name, texts in alert.labels.items()},
        is_guessed=alert.guess,
    )


def _compile(source_id: str, name: str, text: str) -> Program:
    try:
        program = compile_expression(text)
    except ExpressionError as error:
        fault = FieldFault(f"/alert/{name}", error.message)
        said = f"source {source_id}: alert.{name}: {error.message}"
        raise InputError(said, code=error.code, hint=error.hint, faults=[fault]) from error
    unknown = program.roots - {"raw"}
    if unknown:
        fault = FieldFault(f"/alert/{name}", f"only `raw` is known here, not `{min(unknown)}`")
        said = f"source {source_id}: alert.{name}: {fault.message}"
        hint = "`raw` is the document as it was sent; quote what is meant as a text"
        raise InputError(said, code="source.name", hint=hint, faults=[fault])
    return program
