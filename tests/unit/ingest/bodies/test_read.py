import gzip
import json
from dataclasses import replace
from urllib.parse import quote

import pytest

from soar.ingest.bodies.read import check_type, read_documents, unpack_body
from soar.ingest.bodies.rule import LARGEST_BODY, MOST_ALERTS, Format, LargeNumbers, Parcel, Rule
from soar.model.errors import InputError
from soar.model.values import JsonValue


def read(form: Format, body: bytes, **settings: object) -> list[JsonValue]:
    rule = Rule(**{"format": form, **settings})  # type: ignore[arg-type]
    return [*read_documents(rule, Parcel({}, body))]


def refuse(form: Format, body: bytes, **settings: object) -> InputError:
    with pytest.raises(InputError) as caught:
        read(form, body, **settings)
    return caught.value


def test_each_format_has_one_alert_an_item() -> None:
    assert read(Format.OBJECT, b'{"a": 1}') == [{"a": 1}]
    assert read(Format.ARRAY, b'[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]
    assert read(Format.NDJSON, b'{"a": 1}\n{"a": 2}\n') == [{"a": 1}, {"a": 2}]
    assert read(Format.LINES, b"one\n\n  two\r\n") == [{"message": "one"}, {"message": "two"}]
    assert read(Format.FORM, b"x=1&message=%7B%22a%22%3A+1%7D", field="message") == [{"a": 1}]
    assert read(Format.FORM, b"message=[{},{}]", field="message") == [{}, {}]
    assert read(Format.OBJECT, b'{"data": {"events": [{"a": 1}, {"a": 2}]}}', items="data.events") == [
        {"a": 1},
        {"a": 2},
    ]


@pytest.mark.parametrize(
    ("form", "body", "message"),
    [
        (Format.OBJECT, b"[]", "an alert is a JSON object"),
        (Format.ARRAY, b"{}", "this source sends an array of objects"),
        (Format.ARRAY, b"[]", "a request holds 1 to 1000 alerts, not 0"),
        (Format.NDJSON, b'{"a": 1}\n{"a": }\n', "line 2, column 7: expected a value"),
        (Format.NDJSON, b"{}\n" * (MOST_ALERTS + 1), "a request holds 1 to 1000 alerts, not 1001"),
        (Format.LINES, b"\n \n", "a request holds 1 to 1000 alerts, not 0"),
        (Format.LINES, b"a\n" + b"b" * 65_537, "line 2, column 65537: a line has at most 65536 characters"),
    ],
)
def test_what_is_something_else_is_said_with_its_place(form: Format, body: bytes, message: str) -> None:
    assert refuse(form, body).message == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"other=1", "the field `message` is missing"),
        (b"message={}&message={}", "the field `message` stands more than once"),
        (b"message=%7B", "line 1, column 2: expected a key in double quotes"),
        (b"message=%ff", "the body is no form of at most 50 fields in ASCII with UTF-8 within"),
        (b"&".join([b"a=b"] * 51), "the body is no form of at most 50 fields in ASCII with UTF-8 within"),
    ],
)
def test_a_form_holds_its_json_once(body: bytes, message: str) -> None:
    assert refuse(Format.FORM, body, field="message").message == message


def test_items_are_where_the_source_says() -> None:
    error = refuse(Format.OBJECT, b'{"data": {"events": {}}}', items="data.events")
    assert error.message == "/data/events: there is no list here"
    assert error.hint == "the source's file says `items: data.events`"


def test_a_packed_body_is_unpacked_only_where_the_source_says_so() -> None:
    packed = Parcel({"content-encoding": "gzip"}, gzip.compress(b'{"a": 1}'))
    assert unpack_body(Rule(may_gzip=True), packed).body == b'{"a": 1}'
    for rule, encoding in ((Rule(), "gzip"), (Rule(may_gzip=True), "br"), (Rule(may_gzip=True), "gzip, gzip")):
        with pytest.raises(InputError) as caught:
            unpack_body(rule, Parcel({"content-encoding": encoding}, packed.body))
        assert caught.value.code == "unsupported_media_type"
    assert unpack_body(Rule(), Parcel({}, b"x")).body == b"x"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", "invalid_body"),
        (gzip.compress(b"{}", mtime=0)[:-1], "invalid_body"),
        (gzip.compress(b"{}", mtime=0) + b"x", "invalid_body"),
        (gzip.compress(b"{}", mtime=0) * 2, "invalid_body"),
        (gzip.compress(b"[" * (LARGEST_BODY + 1), mtime=0), "too_large"),
    ],
)
def test_what_is_packed_is_one_whole_member_of_bounded_size(body: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        unpack_body(Rule(may_gzip=True), Parcel({"content-encoding": "gzip"}, body))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("form", "kind", "is_fine"),
    [
        (Format.OBJECT, "application/json", True),
        (Format.OBJECT, "Application/JSON; charset=UTF-8", True),
        (Format.OBJECT, "application/vnd.siem.v2+json", True),
        (Format.OBJECT, "application/json; charset=utf-16", False),
        (Format.OBJECT, "text/plain", False),
        (Format.FORM, "application/x-www-form-urlencoded", True),
        (Format.FORM, "application/json", False),
        (Format.CEF, "text/plain", True),
        (Format.CLOUDEVENTS, "application/xml", True),
        (Format.STIX, "application/stix+json;version=2.1", True),
        (Format.MAIL, "message/rfc822", True),
        (Format.MAIL, "text/html", False),
    ],
)
def test_a_body_has_the_type_that_its_format_comes_with(form: Format, kind: str, is_fine: bool) -> None:  # noqa: FBT001 -- a case
    if is_fine:
        check_type(Rule(format=form), Parcel({"content-type": kind}, b""))
        return
    with pytest.raises(InputError) as caught:
        check_type(Rule(format=form), Parcel({"content-type": kind}, b""))
    assert caught.value.code == "unsupported_media_type"


EVENT = {"specversion": "1.0", "id": "e1", "source": "/edr", "type": "edr.alert", "data": {"host": "srv-1"}}


def read_events(kind: str, body: bytes, **headers: str) -> list[JsonValue]:
    named = {f"ce-{name}": value for name, value in headers.items()}
    return [*read_documents(Rule(format=Format.CLOUDEVENTS), Parcel({"content-type": kind, **named}, body))]


def test_an_event_is_the_same_in_each_mode() -> None:
    structured = json.dumps(EVENT).encode()
    assert read_events("application/cloudevents+json; charset=utf-8", structured) == [EVENT]
    assert read_events("application/cloudevents-batch+json", b"[%b,%b]" % (structured, structured)) == [EVENT, EVENT]
    attributes = {"specversion": "1.0", "id": "e1", "source": "%2Fedr", "type": "edr.alert"}
    (binary,) = read_events("application/json", b'{"host": "srv-1"}', **attributes)
    assert binary == {**EVENT, "datacontenttype": "application/json"}
    (text,) = read_events("text/plain", "ä".encode(), **attributes)
    assert isinstance(text, dict)
    assert text["data"] == "ä"
    (raw,) = read_events("image/png", b"\x89P", **attributes)
    assert isinstance(raw, dict)
    assert (raw["data_base64"], "data" in raw) == ("iVA=", False)
    (empty,) = read_events("", b"", **attributes)
    assert empty == {**{name: value for name, value in EVENT.items() if name != "data"}}


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("application/cloudevents+json", b"[]", "/: an event is a JSON object"),
        ("application/cloudevents-batch+json", b"{}", "a batch is an array of events"),
        ("application/cloudevents+avro", b"x", "events are read in JSON alone"),
    ],
)
def test_what_is_no_event_is_refused(kind: str, body: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_events(kind, body)
    assert caught.value.message == message


def test_what_an_event_lacks_is_named() -> None:
    with pytest.raises(InputError) as caught:
        read_events(
            "application/cloudevents-batch+json", b'[{"specversion": "0.3", "id": "1", "source": "s", "type": "t"}]'
        )
    assert [fault.pointer for fault in caught.value.faults] == ["/0/specversion"]


BUNDLE = {
    "type": "bundle",
    "id": "bundle--1",
    "objects": [
        {"type": "identity", "id": "identity--1", "created": "2026-11-21T09:00:00Z", "name": "CERT"},
        {
            "type": "indicator",
            "id": "indicator--1",
            "created": "2026-11-21T09:00:00Z",
            "created_by_ref": "identity--1",
            "pattern": "[url:value = 'https://evil.example']",
        },
        {
            "type": "sighting",
            "id": "sighting--1",
            "created": "2026-11-21T09:00:00Z",
            "sighting_of_ref": "indicator--1",
            "observed_data_refs": ["observed-data--1", "observed-data--gone"],
        },
        {
            "type": "observed-data",
            "id": "observed-data--1",
            "created": "2026-11-21T09:00:00Z",
            "object_refs": ["ipv4-addr--1"],
        },
        {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "203.0.113.7"},
        {
            "type": "relationship",
            "id": "relationship--1",
            "created": "2026-11-21T09:00:00Z",
            "source_ref": "indicator--1",
        },
    ],
}


def test_a_bundle_reports_what_is_seen_with_what_it_refers_to() -> None:
    documents = read(Format.STIX, json.dumps(BUNDLE).encode())
    found = {str(one["id"]): one["refs"] for one in documents if isinstance(one, dict)}
    assert list(found) == ["indicator--1", "sighting--1", "observed-data--1"]
    assert found["indicator--1"] == {}
    assert isinstance(found["sighting--1"], dict)
    assert list(found["sighting--1"]) == ["indicator--1", "observed-data--1"]
    assert found["observed-data--1"] == {"ipv4-addr--1": BUNDLE["objects"][4]}  # type: ignore[index]


def test_an_object_alone_and_an_envelope_are_read_like_a_bundle() -> None:
    lone = {"type": "indicator", "id": "indicator--1"}
    assert read(Format.STIX, json.dumps(lone).encode()) == [{**lone, "refs": {}}]
    assert read(Format.STIX, json.dumps({"more": False, "objects": [lone]}).encode()) == [{**lone, "refs": {}}]


def test_a_small_bundle_makes_no_large_alerts() -> None:
    shared = {"type": "malware", "id": "malware--1", "created": "x", "name": "n" * 1_000}
    others = [{"type": "note", "id": f"note--{number}", "object_refs": ["malware--1"]} for number in range(50)]
    documents = read(Format.STIX, json.dumps({"objects": [shared, *others]}).encode())
    assert sum("n" * 1_000 in json.dumps(document) for document in documents) == 4


@pytest.mark.parametrize(
    ("bundle", "pointer"),
    [({"type": "bundle"}, "/objects"), ({"objects": [{"id": "x"}]}, "/objects/0"), ({"objects": [[]]}, "/objects/0")],
)
def test_what_is_no_bundle_is_said_with_its_pointer(bundle: JsonValue, pointer: str) -> None:
    assert [fault.pointer for fault in refuse(Format.STIX, json.dumps(bundle).encode()).faults] == [pointer]


def test_a_bundle_that_reports_nothing_is_refused() -> None:
    assert refuse(Format.STIX, b'{"type": "identity", "id": "i"}').message == "nothing in the bundle reports anything"


LARGE = '{"id": 1683727757699479000}'


@pytest.mark.parametrize(
    ("rule", "kind", "body"),
    [
        (Rule(format=Format.FORM, field="a"), "application/x-www-form-urlencoded", f"a={quote(LARGE)}"),
        (Rule(format=Format.STIX), "application/json", f'{{"objects": [{{"type": "x", "id": "i", "seen": {LARGE}}}]}}'),
        (Rule(format=Format.CLOUDEVENTS), "application/json", LARGE),
        (
            Rule(format=Format.CLOUDEVENTS),
            "application/cloudevents+json",
            json.dumps(EVENT).replace('"srv-1"', "1683727757699479000"),
        ),
        (
            Rule(format=Format.CLOUDEVENTS),
            "application/cloudevents-batch+json",
            f"[{json.dumps(EVENT)}]".replace('"srv-1"', "1683727757699479000"),
        ),
    ],
)
def test_large_numbers_are_texts_wherever_json_stands_if_the_source_says_so(rule: Rule, kind: str, body: str) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "e1", "ce-source": "/edr", "ce-type": "edr.alert"}
    parcel = Parcel({"content-type": kind, **headers}, body.encode())
    with pytest.raises(InputError, match="loses digits"):
        read_documents(rule, parcel)
    found = read_documents(replace(rule, large_numbers=LargeNumbers.TEXT), parcel)
    assert '"1683727757699479000"' in json.dumps(found)
