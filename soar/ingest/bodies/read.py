"""From a request's body to its documents, by the source's rule."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from soar.ingest.bodies.cloudevents import read_events
from soar.ingest.bodies.form import read_field
from soar.ingest.bodies.mail import read_mail
from soar.ingest.bodies.packing import unpack
from soar.ingest.bodies.products import LARGEST_RECORDS, read_cef, read_leef
from soar.ingest.bodies.rule import LARGEST_BODY, MOST_ALERTS, TYPES, Format, Parcel, Rule
from soar.ingest.bodies.sns import read_notification
from soar.ingest.bodies.stix import read_bundle
from soar.ingest.bodies.syslog import read_syslog
from soar.ingest.bodies.text import list_lines
from soar.ingest.strict_json import parse_json, parse_json_lines
from soar.model.errors import InputError
from soar.model.values import JsonValue

_SUFFIX: Final = re.compile(r"application/[a-z0-9.-]{1,60}\+json", re.ASCII)
_CHARSETS: Final = ("utf-8", "us-ascii")


def unpack_body(rule: Rule, parcel: Parcel) -> Parcel:
    """Return what came as it was before it was packed.

    Raises:
        InputError: it is packed in a way that the source does not name (`unsupported_media_type`), or not well.
    """
    encoding = parcel.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return parcel
    if encoding != "gzip" or not rule.may_gzip:
        hint = (
            "send it packed with gzip, or as it is" if rule.may_gzip else "send it as it is, without Content-Encoding"
        )
        raise InputError("the body is encoded", code="unsupported_media_type", hint=hint)
    return Parcel(parcel.headers, unpack(parcel.body, LARGEST_BODY))


def check_type(rule: Rule, parcel: Parcel) -> None:
    """Refuse a body of another type than the source sends; one that says nothing of its type is read as what it sends.

    Raises:
        InputError: it is another (`unsupported_media_type`).
    """
    if "content-type" not in parcel.headers:
        return
    kind, _, parameters = parcel.headers["content-type"].lower().partition(";")
    wanted = TYPES[rule.format]
    is_json = "application/json" in wanted and _SUFFIX.fullmatch(kind.strip()) is not None
    charsets = [one.strip().removeprefix("charset=").strip('"') for one in parameters.split(";") if "charset=" in one]
    if (wanted and kind.strip() not in wanted and not is_json) or any(one not in _CHARSETS for one in charsets):
        raise InputError(
            "the body is of another type",
            code="unsupported_media_type",
            hint=f"send Content-Type: {' or '.join(sorted(wanted)) or 'that of the event, in UTF-8'}",
        )


def read_documents(rule: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    """Return what a body holds: a JSON object for each alert.

    Args:
        rule: what the source sends.
        parcel: unpacked.

    Raises:
        InputError: it holds something else (`invalid_json`, `invalid_body`), nothing, or too much.
    """
    documents = _pick(rule.items, _READERS[rule.format](rule, parcel))
    if not documents or len(documents) > MOST_ALERTS:
        raise InputError(f"a request holds 1 to {MOST_ALERTS} alerts, not {len(documents)}", code="invalid_json")
    if not all(isinstance(document, dict) for document in documents):
        raise InputError("an alert is a JSON object", code="invalid_json")
    return documents


def _read_object(rule: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    return [parse_json(parcel.body, is_large_text=rule.is_large_text)]


def _read_array(rule: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    return _as_array(parse_json(parcel.body, is_large_text=rule.is_large_text))


def _read_json_lines(rule: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    return parse_json_lines(parcel.body, limit=MOST_ALERTS, is_large_text=rule.is_large_text)


def _read_form(rule: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    return read_field(parcel.body, rule.field or "", is_large_text=rule.is_large_text)


def _read_lines(_: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    return [{"message": line} for _, line in list_lines(parcel.body)]


def _read_syslog(_: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    return [read_syslog(line) for _, line in list_lines(parcel.body)]


def _read_cef(_: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    return [read_cef(line, number) for number, line in list_lines(parcel.body, LARGEST_RECORDS)]


def _read_leef(_: Rule, parcel: Parcel) -> Sequence[JsonValue]:
    return [read_leef(line, number) for number, line in list_lines(parcel.body, LARGEST_RECORDS)]


_READERS: Final[Mapping[Format, Callable[[Rule, Parcel], Sequence[JsonValue]]]] = MappingProxyType(
    {
        Format.OBJECT: _read_object,
        Format.ARRAY: _read_array,
        Format.NDJSON: _read_json_lines,
        Format.FORM: _read_form,
        Format.LINES: _read_lines,
        Format.SYSLOG: _read_syslog,
        Format.CEF: _read_cef,
        Format.LEEF: _read_leef,
        Format.CLOUDEVENTS: lambda rule, parcel: read_events(parcel, is_large_text=rule.is_large_text),
        Format.SNS: lambda rule, parcel: [read_notification(parcel.body, is_large_text=rule.is_large_text)],
        Format.STIX: lambda rule, parcel: read_bundle(parcel.body, is_large_text=rule.is_large_text),
        Format.MAIL: lambda _, parcel: [read_mail(parcel.body)],
    }
)


def _as_array(document: JsonValue) -> Sequence[JsonValue]:
    if not isinstance(document, list):
        raise InputError("this source sends an array of objects", code="invalid_json")
    return document


def _pick(path: str | None, documents: Sequence[JsonValue]) -> Sequence[JsonValue]:
    """Return the list that stands in the one document, where the source has one alert an item."""
    if path is None:
        return documents
    found: JsonValue = documents[0]
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list):
        hint = f"the source's file says `items: {path}`"
        raise InputError(f"/{path.replace('.', '/')}: there is no list here", code="invalid_json", hint=hint)
    return found
