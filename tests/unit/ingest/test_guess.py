"""What is made of products that nobody has written a source for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.ingest.guess import MOST_NODES, fold_name, guess_alert
from soar.model.alert import Alert, Severity
from soar.model.values import JsonValue
from tests.support.payloads import list_shipped, map_payload, read_payload

# What a product that has a source of its own is taken for without it: how many agree, of how many.
LEAST_TIMES = 0.88
LEAST_SEVERITIES = 0.5  # more than a third of these products name none, and their sources know what their events mean
LEAST_OBSERVABLES = 0.96
LEAST_NAMES = 0.6
DAY = timedelta(days=1)
SHAPED = ("ips", "domains", "urls", "hashes", "emails", "cves")
NAMED = ("users", "hosts")


def compare() -> list[tuple[Alert, Alert]]:
    rows = list_shipped()
    payloads = [(row, read_payload(row)) for row in rows]
    return [(map_payload(row, raw), map_payload(row, raw, "generic")) for row, raw in payloads]


def test_the_generic_source_agrees_with_the_sources_of_known_products() -> None:
    pairs = compare()
    assert len(pairs) > 200
    timed = [(known, guessed) for known, guessed in pairs if known.time is not None]
    agreeing = [1 for known, guessed in timed if is_near(known.time, guessed.time)]
    assert len(agreeing) >= LEAST_TIMES * len(timed)
    same = [1 for known, guessed in pairs if known.severity is guessed.severity]
    assert len(same) >= LEAST_SEVERITIES * len(pairs)


def test_the_generic_source_finds_what_the_sources_of_known_products_name() -> None:
    pairs = compare()
    assert count_found(pairs, SHAPED) >= LEAST_OBSERVABLES
    assert count_found(pairs, NAMED) >= LEAST_NAMES


def test_no_known_product_is_useless_without_its_source() -> None:
    guessed = [alert for _, alert in compare() if holds_text(alert.raw)]
    assert [alert.raw for alert in guessed if alert.title == alert.kind] == []
    assert all(alert.fingerprint for alert in guessed)
    assert not any("mapping.error" in alert.labels for alert in guessed)


def holds_text(raw: JsonValue) -> bool:
    """Some of the payloads are skeletons that hold nothing but names of fields."""
    return isinstance(raw, dict) and any(isinstance(value, str | dict | list) and value for value in raw.values())


def is_near(known: datetime | None, guessed: datetime | None) -> bool:
    return known is not None and guessed is not None and abs(known - guessed) < DAY


def count_found(pairs: list[tuple[Alert, Alert]], kinds: tuple[str, ...]) -> float:
    """Return the share of what the sources name that is among what is guessed, of whatever kind."""
    told = [
        (text.lower(), guessed) for known, guessed in pairs for kind in kinds for text in known.entities.get(kind, ())
    ]
    found = [
        1 for text, guessed in told if text in {one.lower() for texts in guessed.entities.values() for one in texts}
    ]
    return len(found) / len(told)


UNKNOWN: list[tuple[JsonValue, Severity, str | None, str, dict[str, set[str]]]] = [
    (
        {
            "detectionName": "Credential dumping",
            "risk": "HIGH",
            "occurredAt": "2026-11-20T08:15:00Z",
            "device": {"hostName": "srv-7", "ipAddress": "10.1.2.3"},
            "actor": {"name": "CORP\\ann"},
            "file": {"sha256": "a" * 64, "path": "C:\\Temp\\dump.exe"},
            "console_url": "https://edr.example/alerts/17",
        },
        Severity.MEDIUM,
        "2026-11-20T08:15:00+00:00",
        "Credential dumping",
        {
            "hosts": {"srv-7"},
            "ips": {"10.1.2.3"},
            "users": {"CORP\\ann"},
            "hashes": {"a" * 64},
            "files": {"C:\\Temp\\dump.exe"},
        },
    ),
    (
        {
            "msg": "Blocked connection to hxxp://evil[.]example/drop from 192.0.2.44",
            "lvl": 3,
            "severity": 87,
            "ts": 1795161600,
            "fields": [{"key": "user", "value": "bob"}, {"key": "host", "value": "fw-1"}],
        },
        Severity.HIGH,
        "2026-11-20T08:00:00+00:00",
        "Blocked connection to hxxp://evil[.]example/drop from 192.0.2.44",
        {"urls": {"http://evil.example/drop"}, "domains": {"evil.example"}, "ips": {"192.0.2.44"}, "users": {"bob"}},
    ),
    (
        {
            "Event": {
                "Header": {"EventName": "Mailbox rule forwards outside", "EventDate": "20/Nov/2026:09:00:00 +0100"},
                "Body": '{"criticality": "P1", "sender_address": "mal@bad.example", "cve": "cve-2026-12345"}',
            }
        },
        Severity.CRITICAL,
        "2026-11-20T08:00:00+00:00",
        "Mailbox rule forwards outside",
        {"emails": {"mal@bad.example"}, "cves": {"CVE-2026-12345"}},
    ),
    (
        {
            "alarm": {"name": "Disk array degraded", "priority": "warning"},
            "node": "nas-2",
            "raised": "Nov 20 2026 08:00:00",
        },
        Severity.MEDIUM,
        None,
        "Disk array degraded",
        {"hosts": {"nas-2"}},
    ),
]


@pytest.mark.parametrize(("raw", "severity", "time", "title", "entities"), UNKNOWN)
def test_the_first_alert_of_an_unknown_product_says_what_a_person_would_read(
    raw: JsonValue, severity: Severity, time: str | None, title: str, entities: dict[str, set[str]]
) -> None:
    guess = guess_alert(raw)
    assert guess.title == title
    assert (guess.severity or Severity.MEDIUM) is severity
    assert (guess.time.isoformat() if guess.time else None) == time
    assert {kind: names - set(guess.entities.get(kind, ())) for kind, names in entities.items()} == {
        kind: set() for kind in entities
    }


def test_an_id_is_no_hash_and_a_version_no_address() -> None:
    assert guess_alert({"message": "x", "detectionId": "b" * 32, "agentVersion": "8.13.1.2"}).entities == {}


def test_what_stands_near_the_top_counts_before_what_stands_deep() -> None:
    raw: JsonValue = {"inner": {"deep": {"title": "wrong", "severity": "low"}}, "title": "right", "severity": "high"}
    assert (guess_alert(raw).title, guess_alert(raw).severity) == ("right", Severity.HIGH)


def test_a_moment_that_stands_for_none_is_none() -> None:
    assert guess_alert({"endsAt": "0001-01-01T00:00:00Z", "time": 0, "created": "1970-01-01T00:00:00Z"}).time is None


def test_reports_of_the_same_thing_have_the_same_fingerprint() -> None:
    first = guess_alert({"title": "Scan 17 seen", "src": "192.0.2.1", "time": "2026-01-01T00:00:00Z"})
    second = guess_alert({"title": "Scan 18 seen", "src": "192.0.2.1", "time": "2026-01-02T00:00:00Z"})
    other = guess_alert({"title": "Scan 18 seen", "src": "192.0.2.2", "time": "2026-01-02T00:00:00Z"})
    assert first.fingerprint == second.fingerprint != other.fingerprint
    assert guess_alert({}).fingerprint == ""


def test_what_lies_beyond_the_bound_is_not_looked_at() -> None:
    raw: JsonValue = {**{f"k{number}": 0 for number in range(MOST_NODES)}, "title": "late"}
    assert guess_alert(raw).title is None


@pytest.mark.parametrize(
    ("name", "folded"),
    [("hostName", "hostname"), ("host_name_s", "hostname"), ("@timestamp", "timestamp"), ("EventTimeUTC", "eventtime")],
)
def test_names_are_folded(name: str, folded: str) -> None:
    assert fold_name(name) == folded


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(anything)
def test_nothing_is_too_odd_to_be_guessed_at(raw: JsonValue) -> None:
    guess = guess_alert(raw)
    assert guess.time is None or guess.time.tzinfo is UTC
    assert all(texts for texts in guess.entities.values())
