"""Settings of anchors: what each needs to be told."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Every = Annotated[float, Field(ge=0, le=86_400)]
_Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,254}$")]


class _AnchorSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GitAnchorSettings(_AnchorSettings):
    """A work tree whose commits are pushed.

    Attributes:
        folder: the work tree, on the branch that is pushed; its remote should forbid force pushes.
        remote: name of the remote.
        branch: that is pushed to.
        file: within the work tree, that checkpoints are appended to.
        every: seconds between commits at least.
    """

    kind: Literal["git"]
    folder: Path
    remote: _Word = "origin"
    branch: _Word = "main"
    file: _Word = "checkpoints.txt"
    every: Every = 60.0


class S3AnchorSettings(_AnchorSettings):
    """A bucket with object lock; needs the extra `aws`.

    Attributes:
        bucket: made with object lock.
        prefix: what object names begin with.
        days: that nobody can delete or replace an object for (compliance mode).
        region: of the bucket; empty takes that of the environment.
        endpoint: of another product with the same API; empty is AWS.
        every: seconds between objects at least.
    """

    kind: Literal["s3"]
    bucket: _Word
    prefix: str = "soar-checkpoints/"
    days: int = Field(default=365, ge=1, le=36_500)
    region: str = ""
    endpoint: str = ""
    every: Every = 60.0

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, endpoint: str) -> str:
        return _check_url(endpoint) if endpoint else endpoint


class SyslogAnchorSettings(_AnchorSettings):
    """A syslog receiver over TCP (RFC 5424, framed as RFC 5425 and RFC 6587 say).

    Attributes:
        host: of the receiver.
        port: 6514 is that of syslog over TLS.
        ca_file: certificates of who may speak for it; none takes the system's.
        is_plain: whether it is spoken to without TLS; this machine's own receiver alone.
        every: seconds between messages at least; 0 sends each checkpoint.
    """

    kind: Literal["syslog"]
    host: str
    port: int = Field(default=6514, ge=1, le=65_535)
    ca_file: Path | None = None
    is_plain: bool = False
    every: Every = 0.0

    @model_validator(mode="after")
    def _check_plain(self) -> "SyslogAnchorSettings":
        if self.is_plain and self.host not in _LOOPBACK:
            raise ValueError("plain syslog goes to this machine alone; use TLS for another")
        return self


class ChannelAnchorSettings(_AnchorSettings):
    """A channel of the built-in chat, where people see size and root.

    Attributes:
        channel: with its `#`.
        every: seconds between messages at least.
    """

    kind: Literal["channel"]
    channel: Annotated[str, StringConstraints(pattern=r"^#[a-z0-9][a-z0-9_-]{0,63}$")]
    every: Every = 3_600.0


class WitnessAnchorSettings(_AnchorSettings):
    """A witness (https://c2sp.org/tlog-witness), such as `soar witness`.

    Attributes:
        url: what `/add-checkpoint` is appended to.
        key: the witness's public key.
        every: seconds between requests at least.
    """

    kind: Literal["witness"]
    url: str
    key: str
    every: Every = 10.0

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return _check_url(url)


class TimestampAnchorSettings(_AnchorSettings):
    """A time-stamping authority (RFC 3161); needs the extra `timestamp`.

    Attributes:
        url: of the authority.
        ca_file: certificates of its root.
        folder: where its answers are kept, beside the checkpoints they are for.
        every: seconds between requests at least.
    """

    kind: Literal["timestamp"]
    url: str
    ca_file: Path
    folder: Path
    every: Every = 3_600.0

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return _check_url(url)


class SyslogForwardSettings(SyslogAnchorSettings):
    """A syslog receiver that gets every event.

    Attributes:
        format: RFC 5424 with structured data, or the Common Event Format in its place.
        every: seconds between batches of 1,000 events at least.
    """

    format: Literal["syslog", "cef"] = "syslog"
    every: Every = 0.5


class HttpForwardSettings(_AnchorSettings):
    """A receiver that every event is posted to, a batch a request, a line an event.

    Attributes:
        url: what is posted to; any answer from 200 to 299 says that the batch is kept.
        format: JSON lines as `soar audit export` writes them, or OCSF.
        token_file: holds what is sent as `Authorization: Bearer`; read anew for each request.
        every: seconds between requests at least; each has up to 1,000 events.
    """

    kind: Literal["http"]
    url: str
    format: Literal["jsonl", "ocsf"] = "jsonl"
    token_file: Path | None = None
    every: Every = 0.5

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return _check_url(url)


ForwardSettings: TypeAlias = Annotated[SyslogForwardSettings | HttpForwardSettings, Field(discriminator="kind")]
"""A place that every event is sent to."""


AnchorSettings: TypeAlias = Annotated[
    GitAnchorSettings
    | S3AnchorSettings
    | SyslogAnchorSettings
    | ChannelAnchorSettings
    | WitnessAnchorSettings
    | TimestampAnchorSettings,
    Field(discriminator="kind"),
]
"""An anchor that is no plain file."""


def _check_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.hostname is None or parts.query or parts.fragment:
        raise ValueError("write a URL without query, such as https://witness.example")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("use https; plain http goes to this machine alone")
    return url.rstrip("/")
