"""Values survive being written down, and no document can pass for what it is not."""

import json
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.model.values import TAG, JsonValue, Value, dump_value, load_value, parse_timestamp, print_timestamp

keys = st.text() | st.sampled_from([TAG, "v", "map", "timestamp"])
moments = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis wants naive bounds and adds the zone
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | moments
    | st.timedeltas()
    | st.ip_addresses()
)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)
json_documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


def _shape(value: Value) -> object:
    """The value with the types of all its parts, because 1 == 1.0 == True."""
    if isinstance(value, list):
        return [_shape(element) for element in value]
    if isinstance(value, dict):
        return {key: _shape(element) for key, element in value.items()}
    return type(value), value


@given(values)
def test_a_value_comes_back_from_json_with_its_types(value: Value) -> None:
    assert _shape(load_value(json.loads(json.dumps(dump_value(value))))) == _shape(value)


@given(json_documents)
def test_what_an_alert_says_stays_plain_however_it_is_spelt(document: JsonValue) -> None:
    assert _shape(load_value(dump_value(document))) == _shape(document)


@pytest.mark.parametrize(
    "forged",
    [
        {TAG: "timestamp", "v": "2026-03-01T09:00:00Z"},
        {TAG: "ip", "v": "127.0.0.1"},
        {TAG: "map", "v": {TAG: "bytes", "v": "AA=="}},
        {"deep": [{TAG: "nonsense"}]},
    ],
)
def test_a_forged_tag_is_only_a_map(forged: JsonValue) -> None:
    assert load_value(dump_value(forged)) == forged


def test_an_unknown_tag_was_not_written_by_us() -> None:
    with pytest.raises(KeyError, match="pickle"):
        load_value({TAG: "pickle", "v": ""})


def test_values_have_a_form_that_people_can_read() -> None:
    assert dump_value(datetime(2026, 3, 1, 9, tzinfo=UTC)) == {TAG: "timestamp", "v": "2026-03-01T09:00:00Z"}
    assert dump_value(timedelta(seconds=1.5)) == {TAG: "duration", "v": 1_500_000}
    assert dump_value(b"\x00") == {TAG: "bytes", "v": "AA=="}
    assert dump_value(ip_address("::1")) == {TAG: "ip", "v": "::1"}


@given(moments)
def test_a_timestamp_reads_back_as_the_same_moment(moment: datetime) -> None:
    assert parse_timestamp(print_timestamp(moment)) == moment


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z"),
        ("2026-03-01T09:00:00+01:00", "2026-03-01T08:00:00Z"),
        ("2026-03-01T00:30:00+14:00", "2026-02-28T10:30:00Z"),
        ("2026-03-01T09:00:00.5Z", "2026-03-01T09:00:00.500000Z"),
        ("2026-03-01t09:00:00z", "2026-03-01T09:00:00Z"),
    ],
)
def test_a_timestamp_is_brought_to_utc(text: str, utc: str) -> None:
    moment = parse_timestamp(text)
    assert moment.utcoffset() == timedelta(0)
    assert print_timestamp(moment) == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-03-01T09:00:00",
        "2026-02-30T09:00:00Z",
        "2026-03-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_timestamp(text)


def test_a_moment_without_a_zone_is_not_printed() -> None:
    with pytest.raises(ValueError, match="time zone"):
        print_timestamp(datetime(2026, 3, 1, 9))  # noqa: DTZ001 -- the fault that is to be refused


def test_a_printed_timestamp_is_in_utc() -> None:
    moment = datetime(2026, 3, 1, 9, 0, 0, 250, tzinfo=timezone(timedelta(hours=2)))
    assert print_timestamp(moment) == "2026-03-01T07:00:00.000250Z"


def test_the_hour_that_comes_twice_is_printed_as_two() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert first == first.replace(fold=1), "to Python they are equal"
    assert [print_timestamp(first.replace(fold=fold)) for fold in (0, 1)] == [
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
    ]
