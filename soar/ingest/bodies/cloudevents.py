"""CloudEvents 1.0 over HTTP: structured, batched, and binary (CloudEvents, HTTP Protocol Binding 1.0.2)."""

import base64
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from soar.ingest.bodies.rule import Parcel
from soar.ingest.strict_json import parse_json
from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue

ATTRIBUTE: Final = "ce-"
"""How the headers begin in which the binary form has the attributes of an event."""

_STRUCTURED: Final = "application/cloudevents+json"
_BATCH: Final = "application/cloudevents-batch+json"
_REQUIRED: Final = ("id", "source", "specversion", "type")
_VERSION: Final = re.compile(r"1\.[0-9]{1,4}", re.ASCII)


def read_events(parcel: Parcel, *, is_large_text: bool = False) -> Sequence[JsonValue]:
    """Return the events, each with its attributes and `data`, or `data_base64` if that is neither JSON nor text.

    Args:
        parcel: unpacked.
        is_large_text: as for `parse_json`.

    Raises:
        InputError: it is no event, or in a form other than JSON (`invalid_json`, `unsupported_media_type`).
    """
    kind = parcel.headers.get("content-type", "").lower().partition(";")[0].strip()
    if kind == _BATCH:
        events = parse_json(parcel.body, is_large_text=is_large_text)
        if not isinstance(events, list):
            raise InputError("a batch is an array of events", code="invalid_json")
        return [_check(event, f"/{index}") for index, event in enumerate(events)]
    if kind == _STRUCTURED:
        return [_check(parse_json(parcel.body, is_large_text=is_large_text), "")]
    if kind.startswith("application/cloudevents"):
        raise InputError(
            "events are read in JSON alone", code="unsupported_media_type", hint=f"send Content-Type: {_STRUCTURED}"
        )
    return [_check(_read_binary(parcel, kind, is_large_text=is_large_text), "")]


def _read_binary(parcel: Parcel, kind: str, *, is_large_text: bool) -> dict[str, JsonValue]:
    event: dict[str, JsonValue] = {
        name.removeprefix(ATTRIBUTE): unquote(value)
        for name, value in parcel.headers.items()
        if name.startswith(ATTRIBUTE)
    }
    if not parcel.body:
        return event
    event["datacontenttype"] = kind
    if kind == "application/json" or kind.endswith("+json"):
        return {**event, "data": parse_json(parcel.body, is_large_text=is_large_text)}
    text = _read_text(parcel.body) if kind.startswith("text/") else None
    if text is not None:
        return {**event, "data": text}
    return {**event, "data_base64": base64.b64encode(parcel.body).decode()}


def _read_text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _check(event: JsonValue, pointer: str) -> JsonValue:
    if not isinstance(event, dict):
        raise InputError(f"{pointer or '/'}: an event is a JSON object", code="invalid_json")
    missing = [name for name in _REQUIRED if not isinstance(event.get(name), str) or not event[name]]
    if not missing and not _VERSION.fullmatch(str(event["specversion"])):
        missing = ["specversion"]
    if missing:
        faults = [
            FieldFault(f"{pointer}/{name}", "this is missing, or no event of version 1 has it") for name in missing
        ]
        said = "; ".join(f"{fault.pointer}: {fault.message}" for fault in faults)
        raise InputError(said, code="invalid_json", hint="send CloudEvents 1.0", faults=faults)
    return event
