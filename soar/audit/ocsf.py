"""Audit events in the Open Cybersecurity Schema Framework, version 1.8.0 (https://schema.ocsf.io/1.8.0/).

Logins are Authentication (3002), what is done about an active response is Remediation Activity (7001), and everything
else, calls of products too, is API Activity (6003).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from soar.audit.document import part_of, text_of
from soar.audit.sentence import describe_event
from soar.model.audit import Outcome
from soar.model.values import JsonValue, parse_timestamp

SCHEMA = "1.8.0"
"""The version of the schema that is written."""

_OTHER = 99
_RESTORE = 3
_CREATE, _READ, _UPDATE, _DELETE = 1, 2, 3, 4
_SUCCESS, _FAILURE, _UNKNOWN = 1, 2, 0
_INFORMATIONAL, _LOW = 1, 2
_ACTIVITIES = {
    _CREATE: ("created", "opened", "added", "received", "requested", "invited", "set"),
    _READ: ("read", "searched", "exported", "proved", "verified"),
    _DELETE: ("removed", "revoked", "closed", "ended", "destroyed"),
}
_BY_WORD = {word: activity for activity, words in _ACTIVITIES.items() for word in words}
_LOGINS = {"session.started": 1, "session.ended": 2}
_USERS = {"user": (1, "User"), "system": (3, "System"), "playbook": (3, "System"), "schedule": (3, "System")}
_STATUSES = {Outcome.SUCCESS.value: (_SUCCESS, "Success"), Outcome.UNKNOWN.value: (_UNKNOWN, "Unknown")}
_FAILED = (_FAILURE, "Failure")


@dataclass(frozen=True, slots=True)
class _Class:
    """A class of the schema and an activity of it."""

    uid: int
    name: str
    category: int
    category_name: str
    activity: int


def write_ocsf(event: Mapping[str, JsonValue], version: str) -> dict[str, JsonValue]:
    """Return an event as the schema has it; the event itself stands under `unmapped`.

    Args:
        event: the recorded document.
        version: of the product.
    """
    found = _classify(event)
    status, status_name = _STATUSES.get(text_of(event, "outcome"), _FAILED)
    written: dict[str, JsonValue] = {
        "activity_id": found.activity,
        "activity_name": text_of(event, "type"),
        "category_uid": found.category,
        "category_name": found.category_name,
        "class_uid": found.uid,
        "class_name": found.name,
        "type_uid": found.uid * 100 + found.activity,
        "severity_id": _INFORMATIONAL if status == _SUCCESS else _LOW,
        "severity": "Informational" if status == _SUCCESS else "Low",
        "status_id": status,
        "status": status_name,
        "status_detail": text_of(event, "reason"),
        "time": _read_millis(text_of(event, "at")),
        "message": describe_event(event),
        "metadata": _write_metadata(event, version),
        "unmapped": dict(event),
        **_write_own(event, found),
    }
    return {name: value for name, value in written.items() if value != ""}


def _classify(event: Mapping[str, JsonValue]) -> _Class:
    type_ = text_of(event, "type")
    noun, _, verb = type_.partition(".")
    if type_ in _LOGINS:
        return _Class(3002, "Authentication", 3, "Identity & Access Management", _LOGINS[type_])
    if noun == "response":
        activity = _RESTORE if verb in {"lifted", "lift_requested"} else _OTHER
        return _Class(7001, "Remediation Activity", 7, "Remediation", activity)
    activity = _BY_WORD.get(verb.rpartition("_")[2], _UPDATE)
    if text_of(part_of(event, "context"), "effect") == "read":
        activity = _READ
    if type_ == "access.denied":
        activity = _OTHER
    return _Class(6003, "API Activity", 6, "Application Activity", activity)


def _write_metadata(event: Mapping[str, JsonValue], version: str) -> dict[str, JsonValue]:
    return {
        "version": SCHEMA,
        "product": {"name": "soar", "vendor_name": "soar", "version": version},
        "uid": text_of(event, "id"),
        "sequence": event.get("seq"),
        "event_code": text_of(event, "type"),
        "log_name": "audit",
        "original_time": text_of(event, "at"),
        "tenant_uid": text_of(event, "workspace"),
    }


def _write_own(event: Mapping[str, JsonValue], found: _Class) -> dict[str, JsonValue]:
    """Return what the class wants beside what all have."""
    actor, target = part_of(event, "actor"), part_of(event, "target")
    user = _write_user(text_of(actor, "kind"), text_of(actor, "id"), text_of(actor, "name"))
    endpoint: dict[str, JsonValue] = {"name": text_of(actor, "via") or "soar"}
    if text_of(actor, "ip"):
        endpoint["ip"] = text_of(actor, "ip")
    common: dict[str, JsonValue] = {"actor": {"user": user}, "src_endpoint": endpoint}
    if found.uid == 3002:  # noqa: PLR2004 -- as the schema numbers it
        whom = _write_user("user", text_of(target, "id"), text_of(target, "name"))
        return {**common, "user": whom if text_of(target, "id") else user, "service": {"name": "soar"}}
    if found.uid == 7001:  # noqa: PLR2004 -- as the schema numbers it
        return {"actor": common["actor"], "command_uid": text_of(target, "id") or text_of(event, "id")}
    resource: dict[str, JsonValue] = {
        "uid": text_of(target, "id"),
        "name": text_of(target, "name"),
        "type": text_of(target, "kind"),
    }
    return {
        **common,
        "api": {"operation": text_of(event, "type"), "service": {"name": "soar"}},
        "resources": [resource],
    }


def _write_user(kind: str, id_: str, name: str) -> dict[str, JsonValue]:
    type_id, type_name = _USERS.get(kind, (_OTHER, kind or "Other"))
    return {"uid": id_, "name": name or id_ or "unknown", "type_id": type_id, "type": type_name}


def _read_millis(at: str) -> int:
    """Return a moment as milliseconds since 1970; 0 for what is none."""
    try:
        return int(parse_timestamp(at).timestamp() * 1000)
    except ValueError:
        return 0
