"""What sends alerts: how it proves itself, and how its documents become ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from soar.expr import ExpressionError, Program, compile_expression, parse_duration
from soar.ingest.authentication import Bearer, Encoding, Hmac, Recipe
from soar.model.errors import FieldFault, InputError
from soar.model.observable import ObservableKind
from soar.model.values import JsonValue

LARGEST_BODY = 1024 * 1024
"""Bytes of a request's body at most."""


class Format(StrEnum):
    """What a body holds."""

    OBJECT = "object"
    ARRAY = "array"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The expressions that make an alert of a document, over the name `raw`; what is None falls back to a default."""

    kind: Program | None
    title: Program | None
    severity: Program | None
    time: Program | None
    url: Program | None
    fingerprint: Program | None
    entities: Mapping[str, Program]
    labels: Mapping[str, Program]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source, read from `sources/<id>.yaml`."""

    id: str
    description: str
    recipe: Recipe
    format: Format
    mapped: Mapped


def _split_names(names: object) -> object:
    return [names] if isinstance(names, str) else names


def _read_duration(text: object) -> object:
    return parse_duration(text) if isinstance(text, str) else text


Names = Annotated[tuple[str, ...], BeforeValidator(_split_names), Field(min_length=1, max_length=2)]
Span = Annotated[timedelta, BeforeValidator(_read_duration)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Hmac(_Strict):
    header: str
    secret: Names
    template: str | None = None
    encoding: Encoding = Encoding.HEX
    prefix: str = ""
    timestamp: str | None = None
    tolerance: Span = timedelta(minutes=5)
    id: str | None = None

    def build(self) -> Hmac:
        return Hmac(
            header=self.header.lower(),
            secrets=self.secret,
            template=self.template or ("{timestamp}.{body}" if self.timestamp else "{body}"),
            encoding=self.encoding,
            prefix=self.prefix,
            timestamp=self.timestamp.lower() if self.timestamp else None,
            tolerance=self.tolerance,
            id=self.id.lower() if self.id else None,
        )


class _Bearer(_Strict):
    secret: Names
    id: str | None = None

    def build(self) -> Bearer:
        return Bearer(secrets=self.secret, id=self.id.lower() if self.id else None)


class _Preset(_Strict):
    secret: Names


class _Auth(_Strict):
    """Exactly one way; there is no way without a key."""

    hmac: _Hmac | None = None
    bearer: _Bearer | None = None
    github: _Preset | None = None
    slack: _Preset | None = None
    standard_webhooks: _Preset | None = Field(default=None, alias="standard-webhooks")

    def build(self) -> Recipe:
        ways = [way for way in (self.hmac, self.bearer) if way is not None]
        presets = {name: preset for name in PRESETS if (preset := getattr(self, name)) is not None}
        if len(ways) + len(presets) != 1:
            raise InputError(
                "a source proves itself in exactly one way",
                code="source.auth",
                hint="write one of hmac, bearer, github, slack, standard-webhooks under `auth`",
            )
        for name, preset in presets.items():
            return PRESETS[name](preset.secret)
        return ways[0].build()


def _github(secrets: tuple[str, ...]) -> Hmac:
    """Return GitHub's recipe (docs.github.com: Validating webhook deliveries)."""
    return Hmac(header="x-hub-signature-256", secrets=secrets, prefix="sha256=", id="x-github-delivery")


def _slack(secrets: tuple[str, ...]) -> Hmac:
    """Return Slack's recipe (docs.slack.dev: Verifying requests from Slack)."""
    return Hmac(
        header="x-slack-signature",
        secrets=secrets,
        template="v0:{timestamp}:{body}",
        prefix="v0=",
        timestamp="x-slack-request-timestamp",
    )


def _standard_webhooks(secrets: tuple[str, ...]) -> Hmac:
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


PRESETS = {"github": _github, "slack": _slack, "standard_webhooks": _standard_webhooks}


class _Alert(_Strict):
    kind: str | None = None
    title: str | None = None
    severity: str | None = None
    time: str | None = None
    url: str | None = None
    fingerprint: str | None = None
    entities: dict[ObservableKind, str] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)


class _File(_Strict):
    description: str = ""
    auth: _Auth
    format: Literal["object", "array", "ndjson"] = "object"
    alert: _Alert


def parse_source(document: JsonValue, source_id: str) -> Source:
    """Read a source's file.

    Args:
        document: the file as plain data.
        source_id: the file's name.

    Raises:
        InputError: a key is unknown or missing, it has no way to prove itself or more than one, or an expression does
            not compile; each fault with its pointer.
    """
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        faults = [FieldFault("/" + "/".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
        said = "; ".join(f"{fault.pointer}: {fault.message}" for fault in faults)
        raise InputError(f"source {source_id} does not fit: {said}", code="source.invalid", faults=faults) from error
    return Source(
        id=source_id,
        description=file.description,
        recipe=file.auth.build(),
        format=Format(file.format),
        mapped=_compile_all(source_id, file.alert),
    )


def _compile_all(source_id: str, alert: _Alert) -> Mapped:
    def compiled(name: str, text: str | None) -> Program | None:
        return _compile(source_id, name, text) if text is not None else None

    return Mapped(
        kind=compiled("kind", alert.kind),
        title=compiled("title", alert.title),
        severity=compiled("severity", alert.severity),
        time=compiled("time", alert.time),
        url=compiled("url", alert.url),
        fingerprint=compiled("fingerprint", alert.fingerprint),
        entities={kind.value: _compile(source_id, f"entities/{kind}", text) for kind, text in alert.entities.items()},
        labels={name: _compile(source_id, f"labels/{name}", text) for name, text in alert.labels.items()},
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
        raise InputError(f"source {source_id}: alert.{name}: {fault.message}", code="source.name", faults=[fault])
    return program
