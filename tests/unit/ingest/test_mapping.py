from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.ingest.mapping import map_alert
from soar.ingest.source import parse_source
from soar.model.alert import Alert, Severity
from soar.model.values import JsonValue
from tests.support.clock import START
from tests.unit.ingest.specimens import SIEM

SOURCE = parse_source(SIEM, "siem")
WHOLE: dict[str, JsonValue] = {
    "kind": "login",
    "title": "Login from afar",
    "severity": "High",
    "time": "2026-03-01T08:59:00+01:00",
    "url": "https://siem.example/1",
    "id": 17,
    "ips": ["198.51.100.7", "198.51.100.7", "", None, "203.0.113.9"],
    "team": "identity",
}
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def map_raw(raw: JsonValue) -> Alert:
    return map_alert(SOURCE, raw, alert_id="al_1", delivery="dl_1", now=START)


def map_with(**changes: JsonValue) -> Alert:
    return map_raw({**WHOLE, **changes})


def test_a_document_becomes_an_alert() -> None:
    assert map_raw(dict(WHOLE)) == Alert(
        id="al_1",
        source="siem",
        delivery="dl_1",
        received_at=START,
        kind="login",
        title="Login from afar",
        severity=Severity.HIGH,
        time=datetime(2026, 3, 1, 7, 59, tzinfo=UTC),
        url="https://siem.example/1",
        entities={"ips": ("198.51.100.7", "203.0.113.9")},
        labels={"team": "identity"},
        fingerprint="17",
        raw=WHOLE,
    )


def test_what_is_not_there_gets_a_default_without_ado() -> None:
    alert = map_raw({})
    assert (alert.kind, alert.title, alert.severity) == ("siem.alert", "siem.alert", Severity.MEDIUM)
    assert (alert.time, alert.url, alert.fingerprint, alert.entities, alert.labels) == (None, None, "", {}, {})


def test_the_title_falls_back_to_the_kind() -> None:
    assert map_raw({"kind": "login"}).title == "login"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", ["login"]),
        ("title", {"text": "x"}),
        ("severity", "terrible"),
        ("severity", 3),
        ("time", "yesterday"),
        ("time", "2026-03-01T08:59:00"),
        ("time", 10**15),
        ("time", True),
        ("url", "javascript:alert(1)"),
        ("url", "//siem.example"),
        ("id", []),
        ("team", {"a": 1}),
    ],
)
def test_what_does_not_fit_gets_its_default_and_a_note(field: str, value: JsonValue) -> None:
    alert = map_with(**{field: value})
    named = {"id": "fingerprint", "team": "labels.team"}.get(field, field)
    assert alert.labels["mapping.error"].startswith(f"{named}: ")
    without = {name: content for name, content in WHOLE.items() if name != field}
    plain = map_raw(without)
    assert (alert.kind, alert.title, alert.severity) == (plain.kind, plain.title, plain.severity)
    assert (alert.time, alert.url, alert.fingerprint) == (plain.time, plain.url, plain.fingerprint)


def test_a_moment_may_be_unix_time() -> None:
    assert map_with(time=START.timestamp()).time == START


def test_an_odd_entity_hides_none_of_the_others() -> None:
    alert = map_with(ips=["198.51.100.7", {"ip": "203.0.113.9"}, 7])
    assert alert.entities == {"ips": ("198.51.100.7", "7")}
    assert alert.labels["mapping.error"] == "entities.ips: a map names nothing"


def test_one_entity_may_stand_alone() -> None:
    assert map_with(ips="198.51.100.7").entities == {"ips": ("198.51.100.7",)}


def test_entities_and_texts_are_bounded() -> None:
    alert = map_with(ips=[str(number) for number in range(500)], title="x" * 5_000)
    assert len(alert.entities["ips"]) == 200
    assert len(alert.title) == 1_000


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(WHOLE, values)))
def test_no_document_is_too_odd_to_become_an_alert(raw: dict[str, JsonValue]) -> None:
    alert = map_raw(raw)
    assert alert.raw == raw
    assert alert.kind
    assert alert.title
    assert all(isinstance(text, str) and text for texts in alert.entities.values() for text in texts)
    assert all(isinstance(text, str) for text in alert.labels.values())


SEVERAL = parse_source(
    {
        "auth": {"bearer": {"secret": "k"}},
        "alert": {
            "title": ["raw.name", "raw.message"],
            "severity": ["raw.level", "case(raw.score > 5, 'high', 'low')"],
            "time": ["moment(raw.at)", "moment(raw.ts)"],
            "entities": {"ips": ["raw.src", "raw.dst", "raw.more"]},
        },
    },
    "several",
)


def map_several(raw: JsonValue) -> Alert:
    return map_alert(SEVERAL, raw, alert_id="al_1", delivery="dl_1", now=START)


def test_the_first_expression_with_a_value_that_fits_counts() -> None:
    alert = map_several(
        {"name": "", "message": "m", "level": "odd", "score": 6, "at": "soon", "ts": "2026-01-01 00:00:00"}
    )
    assert (alert.title, alert.severity, alert.time) == ("m", Severity.HIGH, datetime(2026, 1, 1, tzinfo=UTC))
    assert alert.labels == {}


def test_what_no_expression_makes_fit_is_noted_once() -> None:
    alert = map_several({"at": "soon", "ts": "later"})
    assert alert.labels == {"mapping.error": "time: this is no moment"}


def test_all_expressions_of_a_kind_of_entities_count() -> None:
    alert = map_several({"src": "192.0.2.1", "more": ["192.0.2.2", "192.0.2.1", "-", "Unknown"]})
    assert alert.entities == {"ips": ("192.0.2.1", "192.0.2.2")}


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("Informational", Severity.LOW),
        ("WARN", Severity.MEDIUM),
        ("E_CRITICAL", Severity.CRITICAL),
        ("Sev-2", Severity.HIGH),
    ],
)
def test_severities_may_be_said_in_other_words(word: str, severity: Severity) -> None:
    assert map_with(severity=word).severity is severity
