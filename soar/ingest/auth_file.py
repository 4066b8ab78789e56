"""The part of a source's file that says how it proves itself."""

import re
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated, Final, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from soar.expr import ExpressionError, parse_duration
from soar.ingest.authentication import (
    Algorithm,
    Basic,
    Bearer,
    Certificate,
    ClientState,
    Ed25519,
    Encoding,
    Hmac,
    Recipe,
    Signed,
    Sns,
    Unit,
)
from soar.ingest.client_certificate import Form
from soar.ingest.handshake import Handshake
from soar.model.errors import BugError

Kind = TypeVar("Kind", bound=Signed)

_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_TOPIC: Final = r"^arn:aws(-[a-z]+)*:sns:[a-z0-9-]{1,40}:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$"
_DEFAULT_TOLERANCE = timedelta(minutes=5)
_LARGEST_TOLERANCE = timedelta(hours=1)


def split_names(names: object) -> object:
    """Let one name stand without a list around it."""
    return [names] if isinstance(names, str) else names


def read_span(text: object) -> timedelta:
    """Read a duration such as `10m`.

    Raises:
        ValueError: it is none.
    """
    try:
        return parse_duration(str(text))
    except ExpressionError as error:
        raise ValueError(f"{error.message}; {error.hint}" if error.hint else error.message) from error


def _read_tolerance(text: object) -> timedelta:
    duration = read_span(text)
    if not timedelta() < duration <= _LARGEST_TOLERANCE:
        raise ValueError("a tolerance is more than nothing and at most an hour")
    return duration


def _read_header(name: object) -> str:
    if not isinstance(name, str) or not _HEADER.fullmatch(name):
        raise ValueError("a header's name is letters, digits and hyphens")
    return name.lower()


def _check_network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ValueError(f"`{text}` is no address or network; write 192.0.2.7 or 2001:db8::/32") from error


def _read_fingerprint(text: str) -> str:
    plain = text.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(plain):
        raise ValueError("a fingerprint is SHA-256 in hex: openssl x509 -noout -fingerprint -sha256 -in client.pem")
    return plain


Names = Annotated[tuple[str, ...], BeforeValidator(split_names), Field(min_length=1, max_length=2)]
Span = Annotated[timedelta, BeforeValidator(_read_tolerance)]
Header = Annotated[str, BeforeValidator(_read_header)]
Network = Annotated[str, AfterValidator(_check_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(split_names), Field(max_length=100)]
Fingerprint = Annotated[str, AfterValidator(_read_fingerprint)]
Topic = Annotated[str, Field(pattern=_TOPIC)]


class Strict(BaseModel):
    """A part of a source's file; a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Signed(Strict):
    """A recipe; a tolerance without a header means `X-Timestamp`."""

    header: Header
    secret: Names
    template: str | None = None
    encoding: Encoding = Encoding.HEX
    prefix: str = ""
    separator: Annotated[str | None, Field(min_length=1, max_length=4)] = None
    timestamp: Header | None = None
    timestamp_field: Annotated[str | None, Field(min_length=1, max_length=20)] = None
    unit: Unit = Unit.SECONDS
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
        if self.timestamp_field is not None and (self.moment is None or self.separator is None):
            raise ValueError("`timestamp_field` needs the header `timestamp` that it stands in, and its `separator`")
        return self

    @property
    def moment(self) -> str | None:
        """The header with the moment of signing."""
        return self.timestamp or ("x-timestamp" if self.tolerance is not None else None)

    @property
    def signed(self) -> str:
        """The template, as written or by default."""
        return self.template or ("{timestamp}.{body}" if self.moment else "{body}")

    def build_as(self, kind: type[Kind]) -> Kind:
        """Return the recipe, of this kind of signature."""
        return kind(
            header=self.header,
            secrets=self.secret,
            template=self.signed,
            encoding=self.encoding,
            prefix=self.prefix,
            separator=self.separator,
            timestamp=self.moment,
            timestamp_field=self.timestamp_field,
            unit=self.unit,
            tolerance=self.tolerance or _DEFAULT_TOLERANCE,
            id=self.id,
        )


class _Hmac(_Signed):
    algorithm: Algorithm = Algorithm.SHA256

    def build(self) -> Hmac:
        return replace(self.build_as(Hmac), algorithm=self.algorithm)


class _Ed25519(_Signed):
    def build(self) -> Ed25519:
        return self.build_as(Ed25519)


class _Bearer(Strict):
    secret: Names
    id: Header | None = None

    def build(self) -> Bearer:
        return Bearer(secrets=self.secret, id=self.id)


class _Token(Strict):
    header: Header
    secret: Names
    id: Header | None = None

    def build(self) -> Bearer:
        return Bearer(secrets=self.secret, id=self.id, header=self.header, scheme="")


class _Basic(Strict):
    user: Annotated[str, Field(pattern=r"^[^:\x00-\x1f\x7f]{1,100}$")]
    secret: Names
    id: Header | None = None

    def build(self) -> Basic:
        return Basic(user=self.user, secrets=self.secret, id=self.id)


class _Certificate(Strict):
    fingerprint: Annotated[tuple[Fingerprint, ...], BeforeValidator(split_names), Field(min_length=1, max_length=2)]
    header: Header = "client-cert"
    form: Form = Form.RFC9440
    id: Header | None = None

    def build(self, proxies: tuple[str, ...]) -> Certificate:
        return Certificate(
            fingerprints=self.fingerprint, header=self.header, form=self.form, proxies=proxies, id=self.id
        )


class _Sns(Strict):
    topic: Annotated[tuple[Topic, ...], BeforeValidator(split_names), Field(min_length=1, max_length=20)]

    def build(self) -> Sns:
        return Sns(topics=self.topic)


class _Preset(Strict):
    secret: Names


class AuthFile(Strict):
    """Exactly one way; there is no way without a key."""

    hmac: _Hmac | None = None
    ed25519: _Ed25519 | None = None
    bearer: _Bearer | None = None
    token: _Token | None = None
    basic: _Basic | None = None
    mtls: _Certificate | None = None
    sns: _Sns | None = None
    atlassian: _Preset | None = None
    github: _Preset | None = None
    microsoft_graph: _Preset | None = Field(default=None, alias="microsoft-graph")
    okta: _Preset | None = None
    pagerduty: _Preset | None = None
    slack: _Preset | None = None
    standard_webhooks: _Preset | None = Field(default=None, alias="standard-webhooks")
    standard_webhooks_v1a: _Preset | None = Field(default=None, alias="standard-webhooks-v1a")
    stripe: _Preset | None = None
    networks: Networks = Field(default=(), alias="from")
    proxies: Networks = ()

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        ways = {
            field.alias or name: getattr(self, name)
            for name, field in AuthFile.model_fields.items()
            if name not in ("networks", "proxies")
        }
        if sum(way is not None for way in ways.values()) != 1:
            *names, last = ways
            raise ValueError(f"a source proves itself in exactly one way: {', '.join(names)} or {last}")
        if self.mtls is not None and not self.proxies and self.mtls.model_fields_set & {"header", "form"}:
            raise ValueError("the header of `mtls` needs `proxies`: only they may say which certificate was shown")
        return self

    @property
    def handshake(self) -> Handshake | None:
        """What the product asks before it sends."""
        asking = ((self.microsoft_graph, Handshake.MICROSOFT_GRAPH), (self.okta, Handshake.OKTA))
        found = [handshake for preset, handshake in (*asking, (self.slack, Handshake.SLACK)) if preset is not None]
        return found[0] if found else None

    def build(self) -> Recipe:
        """Return the recipe that was chosen."""
        if self.mtls is not None:
            return self.mtls.build(self.proxies)
        for own in (self.hmac, self.ed25519, self.bearer, self.token, self.basic, self.sns):
            if own is not None:
                return own.build()
        presets = (
            (self.atlassian, _atlassian),
            (self.github, _github),
            (self.microsoft_graph, _microsoft_graph),
            (self.okta, _okta),
            (self.pagerduty, _pagerduty),
            (self.slack, _slack),
            (self.standard_webhooks, _standard),
            (self.standard_webhooks_v1a, _standard_v1a),
            (self.stripe, _stripe),
        )
        for preset, build in presets:
            if preset is not None:
                return build(preset.secret)
        raise BugError("a source without a way to prove itself")


def _atlassian(secrets: tuple[str, ...]) -> Recipe:
    """Return the recipe of Jira and Bitbucket (developer.atlassian.com: Secure webhooks; W3C WebSub, section 7.1)."""
    return Hmac(header="x-hub-signature", secrets=secrets, prefix="sha256=")


def _github(secrets: tuple[str, ...]) -> Recipe:
    """Return GitHub's recipe (docs.github.com: Validating webhook deliveries)."""
    return Hmac(header="x-hub-signature-256", secrets=secrets, prefix="sha256=")


def _microsoft_graph(secrets: tuple[str, ...]) -> Recipe:
    """Return the recipe of Microsoft Graph (learn.microsoft.com/graph: changeNotification, `clientState`)."""
    return ClientState(secrets=secrets)


def _okta(secrets: tuple[str, ...]) -> Recipe:
    """Return Okta's recipe (developer.okta.com: Event hooks): the secret alone in `Authorization`."""
    return Bearer(secrets=secrets, scheme="")


def _pagerduty(secrets: tuple[str, ...]) -> Recipe:
    """Return PagerDuty's recipe, version 3 (developer.pagerduty.com: Verifying signatures)."""
    return Hmac(header="x-pagerduty-signature", secrets=secrets, prefix="v1=", separator=",")


def _slack(secrets: tuple[str, ...]) -> Recipe:
    """Return Slack's recipe (docs.slack.dev: Verifying requests from Slack)."""
    return Hmac(
        header="x-slack-signature",
        secrets=secrets,
        template="v0:{timestamp}:{body}",
        prefix="v0=",
        timestamp="x-slack-request-timestamp",
    )


def _standard(secrets: tuple[str, ...]) -> Recipe:
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


def _standard_v1a(secrets: tuple[str, ...]) -> Recipe:
    """Return the asymmetric recipe of Standard Webhooks, version 1a."""
    return Ed25519(
        header="webhook-signature",
        secrets=secrets,
        template="{id}.{timestamp}.{body}",
        encoding=Encoding.BASE64,
        prefix="v1a,",
        separator=" ",
        timestamp="webhook-timestamp",
        id="webhook-id",
    )


def _stripe(secrets: tuple[str, ...]) -> Recipe:
    """Return Stripe's recipe (docs.stripe.com: Verify webhook signatures manually): `t=…,v1=…` in one header."""
    return Hmac(
        header="stripe-signature",
        secrets=secrets,
        template="{timestamp}.{body}",
        prefix="v1=",
        separator=",",
        timestamp="stripe-signature",
        timestamp_field="t=",
    )
