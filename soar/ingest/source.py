"""What sends alerts: how it proves itself, and how its documents become ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from soar.expr import ExpressionError, Program, compile_expression, parse_duration
from soar.ingest.authentication import Bearer, Encoding, Hmac, Recipe
from soar.ingest.grouping import Grouping
from soar.model.alert import OWN_SOURCE
from soar.model.errors import BugError, FieldFault, InputError
from soar.model.observable import ObservableKind
from soar.model.values import JsonValue

LARGEST_BODY = 1024 * 1024
"""Bytes of a request's body at most."""

_SOURCE_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_DEFAULT_TOLERANCE = timedelta(minutes=5)
_LARGEST_TOLERANCE = timedelta(hours=1)
_LARGEST_WINDOW = timedelta(days=7)
_SAMPLES = 5
_MOST_SAMPLES = 100


Programs: TypeAlias = tuple[Program, ...]
"""The expressions of one field, in the order in which they are asked."""


class Format(StrEnum):
    """What a body holds."""

    OBJECT = "object"
    ARRAY = "array"
    NDJSON = "ndjson"


class LargeNumbers(StrEnum):
    """What becomes of a whole number that not every JSON reader keeps as it is; see `strict_json`."""

    REFUSE = "refuse"
    TEXT = "text"


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
        rate: how many requests a second it may send; None is the server's `hooks.rate`.
        grouping: how its repeats are held together; None lets each alert stand alone.
    """

    id: str
    description: str
    team: str | None
    recipe: Recipe
    format: Format
    large_numbers: LargeNumbers = LargeNumbers.REFUSE
    mapped: Mapped
    rate: float | None = None
    grouping: Grouping | None = None


def _split_names(names: object) -> object:
    return [names] if isinstance(names, str) else names


def _read_duration(text: object) -> timedelta:
    try:
        return parse_duration(str(text))
    except ExpressionError as error:
        raise ValueError(f"{error.message}; {error.hint}" if error.hint else error.message) from error


def _read_tolerance(text: object) -> timedelta:
    duration = _read_duration(text)
    if not timedelta() < duration <= _LARGEST_TOLERANCE:
        raise ValueError("a tolerance is more than nothing and at most an hour")
    return duration


def _read_window(text: object) -> timedelta:
    duration = _read_duration(text)
    if not timedelta() < duration <= _LARGEST_WINDOW:
        raise ValueError("a window is more than nothing and at most seven days")
    return duration


def _read_header(name: object) -> str:
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        raise ValueError("a header's name is letters, digits and hyphens")
    return name.lower()


Names = Annotated[tuple[str, ...], BeforeValidator(_split_names), Field(min_length=1, max_length=2)]
Window = Annotated[timedelta, BeforeValidator(_read_window)]
Expressions = Annotated[tuple[str, ...], BeforeValidator(_split_names), Field(max_length=20)]
Span = Annotated[timedelta, BeforeValidator(_read_tolerance)]
Header = Annotated[str, BeforeValidator(_read_header)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Hmac(_Strict):
    """A recipe; a tolerance without a header means `X-Timestamp`."""

    header: Header
    secret: Names
    template: str | None = None
    encoding: Encoding = Encoding.HEX
    prefix: str = ""
    timestamp: Header | None = None
    tolerance: Span | None = None
    id: Header | None = None

    @model_validator(mode="after")
    def _check_coverage(self) -> Self:
        """Refuse a template that leaves out what we go by: then anybody could change it."""
        template = self.signed
        if template.count("{body}") != 1:
            raise ValueError("the template must hold {body} once, or the signature says nothing about it")
        if (self.moment is not None) != ("{timestamp}" in template):
            raise ValueError("a header `timestamp` and {timestamp} in the template go together")
        if self.id is None and "{id}" in template:
            raise ValueError("{id} in the template needs a header `id`")
        return self

    @property
    def moment(self) -> str | None:
        """The header with the moment of signing."""
        return self.timestamp or ("x-timestamp" if self.tolerance is not None else None)

    @property
    def signed(self) -> str:
        """The template, as written or by default."""
        return self.template or ("{timestamp}.{body}" if self.moment else "{body}")

    def build(self) -> Hmac:
        return Hmac(
            header=self.header,
            secrets=self.secret,
            template=self.signed,
            encoding=self.encoding,
            prefix=self.prefix,
            timestamp=self.moment,
            tolerance=self.tolerance or _DEFAULT_TOLERANCE,
            id=self.id,
        )


class _Bearer(_Strict):
    secret: Names
    id: Header | None = None

    def build(self) -> Bearer:
        return Bearer(secrets=self.secret, id=self.id)


class _Preset(_Strict):
    secret: Names


class _Auth(_Strict):
    """Exactly one way; there is no way without a key."""

    hmac: _Hmac | None = None
    bearer: _Bearer | None = None
    github: _Preset | None = None
    slack: _Preset | None = None
    standard_webhooks: _Preset | None = Field(default=None, alias="standard-webhooks")

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        ways = (self.hmac, self.bearer, self.github, self.slack, self.standard_webhooks)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(
                "a source proves itself in exactly one way: hmac, bearer, github, slack or standard-webhooks"
            )
        return self

    def build(self) -> Recipe:
        for own in (self.hmac, self.bearer):
            if own is not None:
                return own.build()
        for preset, build in ((self.github, _github), (self.slack, _slack), (self.standard_webhooks, _standard)):
            if preset is not None:
                return build(preset.secret)
        raise BugError("a source without a way to prove itself")


def _github(secrets: tuple[str, ...]) -> Hmac:
    """Return GitHub's recipe (docs.github.com: Validating webhook deliveries)."""
    return Hmac(header="x-hub-signature-256", secrets=secrets, prefix="sha256=")


def _slack(secrets: tuple[str, ...]) -> Hmac:
    """Return Slack's recipe (docs.slack.dev: Verifying requests from Slack)."""
    return Hmac(
        header="x-slack-signature",
        secrets=secrets,
        template="v0:{timestamp}:{body}",
        prefix="v0=",
        timestamp="x-slack-request-timestamp",
    )


def _standard(secrets: tuple[str, ...]) -> Hmac:
    """Return the symmetric recipe of Standard Webhooks, version 1."""
    return Hmac(
        header="webhook-signature",
        secrets=secrets,
        template="{id}.{timestamp}.{body}",
        encoding=Encoding.BASE64,
        prefix="v1,",
        separator=" ",
        timestamp="webhook-timestamp",
        id="webhook-id",
        has_encoded_key=True,
    )


class _Alert(_Strict):
    kind: Expressions = ()
    title: Expressions = ()
    severity: Expressions = ()
    time: Expressions = ()
    url: Expressions = ()
    fingerprint: Expressions = ()
    entities: dict[ObservableKind, Expressions] = Field(default_factory=dict)
    labels: dict[str, Expressions] = Field(default_factory=dict)
    guess: bool = False


class _Group(_Strict):
    by: Literal["fingerprint"]
    window: Window
    samples: int = Field(default=_SAMPLES, ge=0, le=_MOST_SAMPLES)

    def build(self) -> Grouping:
        return Grouping(window=self.window, samples=self.samples)


class _File(_Strict):
    description: str = ""
    team: str | None = None
    auth: _Auth
    format: Format = Format.OBJECT
    rate: float | None = Field(default=None, gt=0)
    group: _Group | None = None
    large_numbers: LargeNumbers = LargeNumbers.REFUSE
    alert: _Alert

    @model_validator(mode="after")
    def _check_group(self) -> Self:
        if self.group is not None and not (self.alert.fingerprint or self.alert.guess):
            raise ValueError("`group` by fingerprint needs `alert.fingerprint` or `alert.guess`")
        return self


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
        recipe=file.auth.build(),
        format=file.format,
        large_numbers=file.large_numbers,
        mapped=_compile_all(source_id, file.alert),
        rate=file.rate,
        grouping=file.group.build() if file.group else None,
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
