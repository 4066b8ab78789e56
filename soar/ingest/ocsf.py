"""An alert as the Open Cybersecurity Schema Framework has it: a Detection Finding, class 2004 of version 1.8.0. Pure.

See https://schema.ocsf.io/1.8.0/classes/detection_finding. What the framework has no place for stands under `unmapped`,
in our words; the observables point there.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from soar.model.alert import Alert, Severity
from soar.model.canonical import canonicalize
from soar.model.observable import ObservableKind
from soar.model.values import JsonValue

VERSION: Final = "1.8.0"

_CATEGORY: Final = 2
_CLASS: Final = 2004
_CREATE: Final = 1
_NEW: Final = 1
_SEVERITIES: Final[Mapping[Severity, int]] = {
    Severity.LOW: 2,
    Severity.MEDIUM: 3,
    Severity.HIGH: 4,
    Severity.CRITICAL: 5,
}
_TYPES: Final[Mapping[str, tuple[int, str]]] = {
    ObservableKind.IP: (2, "IP Address"),
    ObservableKind.DOMAIN: (1, "Hostname"),
    ObservableKind.URL: (6, "URL String"),
    ObservableKind.HASH: (8, "Hash"),
    ObservableKind.EMAIL: (5, "Email Address"),
    ObservableKind.USER: (4, "User Name"),
    ObservableKind.HOST: (1, "Hostname"),
    ObservableKind.FILE: (45, "File Path"),
    ObservableKind.CVE: (18, "CVE Object: uid"),
}
_OTHER: Final = (99, "Other")
_TECHNIQUE: Final = re.compile(r"T[0-9]{4}(?P<sub>\.[0-9]{3})?", re.ASCII)


def build_finding(alert: Alert) -> dict[str, JsonValue]:
    """Return an alert as a Detection Finding; moments are milliseconds since 1970."""
    severity = alert.severity
    return {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "type_uid": _CLASS * 100 + _CREATE,
        "type_name": "Detection Finding: Create",
        "time": _to_milliseconds(alert.time or alert.received_at),
        "severity_id": _SEVERITIES[severity],
        "severity": severity.value.capitalize(),
        "status_id": _NEW,
        "status": "New",
        "is_alert": True,
        "message": alert.title,
        "metadata": _describe_origin(alert),
        "finding_info": _describe_finding(alert),
        "observables": _list_observables(alert),
        "raw_data": canonicalize(alert.raw).decode(),
        "unmapped": {
            "kind": alert.kind,
            "entities": {kind: list(texts) for kind, texts in alert.entities.items()},
            "labels": dict(alert.labels),
        },
    }


def _describe_origin(alert: Alert) -> JsonValue:
    return {
        "version": VERSION,
        "product": {"name": alert.source},
        "uid": alert.id,
        "logged_time": _to_milliseconds(alert.received_at),
        "labels": [f"{name}: {text}" for name, text in alert.labels.items()],
    }


def _describe_finding(alert: Alert) -> JsonValue:
    found: dict[str, JsonValue] = {
        "uid": alert.id,
        "title": alert.title,
        "types": [alert.kind],
        "created_time": _to_milliseconds(alert.received_at),
    }
    if alert.time is not None:
        found["first_seen_time"] = _to_milliseconds(alert.time)
    if alert.url is not None:
        found["src_url"] = alert.url
    if alert.fingerprint:
        found["uid_alt"] = alert.fingerprint
    attack = _read_technique(alert.labels.get("technique", ""))
    return {**found, "attacks": [attack]} if attack else found


def _read_technique(text: str) -> JsonValue:
    """Return a technique of MITRE ATT&CK by its id (`T1110.001`), or None where the text is none."""
    found = _TECHNIQUE.fullmatch(text)
    if found is None:
        return None
    technique: JsonValue = {"uid": text.partition(".")[0]}
    return {"technique": technique, "sub_technique": {"uid": text}} if found["sub"] else {"technique": technique}


def _list_observables(alert: Alert) -> JsonValue:
    return [
        {"name": f"unmapped.entities.{kind}[{index}]", "type_id": type_id, "type": caption, "value": text}
        for kind, texts in alert.entities.items()
        for type_id, caption in (_TYPES.get(kind, _OTHER),)
        for index, text in enumerate(texts)
    ]


def _to_milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
