"""Files of sources: written to begin with, and tried on what a source sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from soar.app.clock import SystemClock
from soar.app.documents import read_yaml
from soar.app.site import read_site
from soar.cli.site import find_settings, replace_file
from soar.ingest.bodies.read import check_type, read_documents, unpack_body
from soar.ingest.bodies.rule import Format, Parcel
from soar.ingest.mapping import map_alert
from soar.ingest.source import parse_source
from soar.model.alert import Alert
from soar.model.errors import ConflictError, InputError
from soar.model.values import JsonValue, dump_value

_SOURCE = Template("""\
description: $id
auth:
  $way: $settings
$body
alert:
  kind: '"$id.alert"'
  title: default(raw.title, default(raw.message, "$id"))
  severity: '"medium"'
  # time: raw.time
  # entities:
  #   hosts: "[raw.host]"
""")
_SETTINGS = {
    "hmac": "{header: X-Signature, tolerance: 5m, secret: $secret}",
    "ed25519": "{header: X-Signature, tolerance: 5m, secret: $secret}",
    "token": "{header: X-Token, secret: $secret}",
    "basic": "{user: $id, secret: $secret}",
    "mtls": "{fingerprint: $zeros}\n  proxies: [127.0.0.1]",
    "sns": "{topic: arn:aws:sns:eu-central-1:000000000000:$id}",
}
_ANY = "{secret: $secret}"
_UNTOLD = ("id", "received_at", "delivery")


@dataclass(frozen=True, slots=True)
class Draft:
    """A source's file, and the credentials that it names."""

    file: Path
    text: str
    credentials: tuple[str, ...]


def draft_source(source_id: str, way: str, body: Format, config: Path | None) -> Draft:
    """Return a new source's file; nothing is written.

    Args:
        source_id: in kebab-case.
        way: how it proves itself, as a key under `auth`.
        body: what it sends.
        config: the site's settings; None means the usual file, if it is there.

    Raises:
        InputError: the id is none, or there is no such way.
    """
    secret = f"{source_id.replace('-', '_')}_hook"
    names = {"id": source_id, "secret": secret, "zeros": 64 * "0"}
    settings = Template(_SETTINGS.get(way, _ANY)).safe_substitute(names)
    lines = [f"format: {body}"] + ["field: message"] * (body is Format.FORM)
    text = _SOURCE.substitute(id=source_id, way=way, settings=settings, body="\n".join(lines))
    source = parse_source(read_yaml(text, f"{source_id}.yaml"), source_id)
    folder = find_settings(config).paths.sources
    return Draft(folder / f"{source_id}.yaml", text, source.recipe.secrets)


def write_source(draft: Draft, *, may_replace: bool) -> None:
    """Write a source's file.

    Raises:
        ConflictError: it is there, and may not be replaced.
    """
    if draft.file.exists() and not may_replace:
        raise ConflictError(f"{draft.file} is there already", hint="choose another id, or replace it with --force")
    draft.file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(draft.file, draft.text)


def map_body(source_id: str, file: Path, headers: Sequence[str], config: Path | None) -> list[JsonValue]:
    """Return the alerts that a source's file makes of a body: what expressions see of them, without what is empty.

    Raises:
        InputError: there is no such source, the body cannot be read, or is not what the source sends.
    """
    sources = read_site(find_settings(config)).sources
    if source_id not in sources:
        raise InputError(f"there is no source {source_id}", code="source", hint=f"there are {', '.join(sources)}")
    try:
        body = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", code="unreadable") from error
    source = sources[source_id]
    parcel = unpack_body(source.body, Parcel(_read_headers(headers), body))
    check_type(source.body, parcel)
    return [
        _describe(map_alert(source, document, alert_id="al_test", delivery="dl_test", now=SystemClock().now()))
        for document in read_documents(source.body, parcel)
    ]


def _describe(alert: Alert) -> dict[str, JsonValue]:
    value = dump_value(alert.to_value())
    fields = value if isinstance(value, dict) else {}
    return {name: field for name, field in fields.items() if field and name not in _UNTOLD}


def _read_headers(headers: Sequence[str]) -> dict[str, str]:
    pairs = [header.partition(":") for header in headers]
    for name, colon, _ in pairs:
        if not colon:
            raise InputError(f"`{name}` is no header", code="usage", hint="write `Name: value`")
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
