r"""Audit events in the Common Event Format, version 0 (ArcSight, "Implementing CEF").

In the header a pipe and a backslash have a backslash before them, in the extension an equals sign, a backslash and line
breaks. What cannot be seen is written as `\u202e` and the like, its backslash doubled, so that a line stays a line.
"""

from collections.abc import Iterator, Mapping

from soar.audit.document import flatten, part_of, text_of
from soar.audit.sentence import describe_event
from soar.model.audit import Outcome
from soar.model.values import JsonValue, parse_timestamp

_SEVERITIES = {Outcome.FAILURE.value: 5, Outcome.DENIED.value: 6, Outcome.UNKNOWN.value: 7}
_LEAST_SEVERITY = 3


def write_cef(event: Mapping[str, JsonValue], version: str) -> str:
    """Return an event as a line, without its end.

    Args:
        event: the recorded document.
        version: of the product.
    """
    type_ = text_of(event, "type")
    severity = _SEVERITIES.get(text_of(event, "outcome"), _LEAST_SEVERITY)
    header = ("soar", "soar", version, type_, describe_event(event), str(severity))
    extension = " ".join(f"{key}={_escape_value(text)}" for key, text in _list_fields(event) if text)
    return f"CEF:0|{'|'.join(map(_escape_header, header))}|{extension}"


def _list_fields(event: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    actor, target, context = (part_of(event, name) for name in ("actor", "target", "context"))
    yield "rt", _print_millis(text_of(event, "at"))
    yield "externalId", text_of(event, "id")
    yield "cn1", text_of(event, "seq")
    yield "cn1Label", "sequence"
    yield "act", text_of(event, "type")
    yield "outcome", text_of(event, "outcome")
    yield "suid", text_of(actor, "id")
    yield "suser", text_of(actor, "name")
    yield "spriv", text_of(actor, "roles")
    ip = text_of(actor, "ip")
    if ":" in ip:
        yield "c6a2", ip
        yield "c6a2Label", "source address"
    else:
        yield "src", ip
    yield "dhost", text_of(target, "host")
    named = {
        "target kind": text_of(target, "kind"),
        "target id": text_of(target, "id"),
        "target name": text_of(target, "name"),
        "run": text_of(context, "run"),
        "playbook": text_of(context, "playbook"),
        "step": text_of(context, "step"),
    }
    for number, (label, text) in enumerate(named.items(), start=1):
        if text:
            yield f"cs{number}", text
            yield f"cs{number}Label", label
    yield "reason", text_of(event, "reason")
    erased = text_of(event, "erased")
    if erased:
        yield "flexString1", erased
        yield "flexString1Label", "erased"


def _print_millis(at: str) -> str:
    """Return a moment as milliseconds since 1970; nothing for what is none."""
    try:
        return str(int(parse_timestamp(at).timestamp() * 1000))
    except ValueError:
        return ""


def _escape_header(text: str) -> str:
    return flatten(text.replace("\n", " ").replace("\r", " ")).replace("\\", "\\\\").replace("|", "\\|")


def _escape_value(text: str) -> str:
    """Escape a value, line breaks last: theirs is the one backslash that is not doubled."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\\n".join(flatten(line).replace("\\", "\\\\").replace("=", "\\=") for line in lines)
