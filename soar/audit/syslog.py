"""Audit events as syslog messages (RFC 5424): facts as structured data, and the whole event as JSON behind them."""

import json
from collections.abc import Mapping

from soar.audit.document import flatten, part_of, text_of
from soar.model.audit import Outcome
from soar.model.values import JsonValue

_FACILITY = 13 * 8  # "log audit" (RFC 5424, section 6.2.1)
_SEVERITIES = {Outcome.SUCCESS.value: 6, Outcome.FAILURE.value: 5, Outcome.DENIED.value: 4}
_WARNING = 4
_ELEMENT = "event@32473"  # the number that RFC 5612 leaves for what has none of its own
_LONGEST_NAME = 255
_LONGEST_ID = 32
_NIL = "-"


def write_syslog(event: Mapping[str, JsonValue], hostname: str) -> str:
    """Return an event as a message in one line of text, without its end.

    Args:
        event: the recorded document.
        hostname: of the sender.
    """
    priority = _FACILITY + _SEVERITIES.get(text_of(event, "outcome"), _WARNING)
    actor, target = part_of(event, "actor"), part_of(event, "target")
    facts = {
        "seq": text_of(event, "seq"),
        "id": text_of(event, "id"),
        "type": text_of(event, "type"),
        "outcome": text_of(event, "outcome"),
        "actor": text_of(actor, "id"),
        "actorName": text_of(actor, "name"),
        "target": text_of(target, "id"),
        "targetKind": text_of(target, "kind"),
        "run": text_of(part_of(event, "context"), "run"),
        "reason": text_of(event, "reason"),
    }
    data = " ".join(f'{name}="{_escape(text)}"' for name, text in facts.items() if text)
    place = _print_name(text_of(event, "at"), _LONGEST_NAME)
    sender = _print_name(hostname, _LONGEST_NAME)
    kind = _print_name(text_of(event, "type"), _LONGEST_ID)
    return f"<{priority}>1 {place} {sender} soar - {kind} [{_ELEMENT} {data}] {json.dumps(dict(event))}"


def _print_name(text: str, longest: int) -> str:
    """Return a field of the header: printable ASCII without spaces, or the nil value."""
    plain = "".join(letter for letter in text if "!" <= letter <= "~")
    return plain[:longest] or _NIL


def _escape(text: str) -> str:
    """Escape a parameter's value (RFC 5424, section 6.3.3)."""
    return flatten(text).replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
