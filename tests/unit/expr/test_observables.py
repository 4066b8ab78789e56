from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.expr import Scope, compile_expression
from soar.expr.errors import FuelError
from soar.expr.observables import MOST_OBSERVABLES, describe_entity, find_observables, is_domain
from soar.lists.match import normalize
from soar.model.observable import ObservableKind, ObservableType
from soar.model.observable import Scope as AddressScope

T = ObservableType
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def find(text: str) -> set[tuple[ObservableType, str]]:
    return {(seen.type, seen.value) for seen in find_observables(text)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from 192.0.2.7:443, twice 192.0.2.7", {(T.IPV4, "192.0.2.7")}),
        ("[2001:DB8::1]:80 and ::ffff:192.0.2.7", {(T.IPV6, "2001:db8::1"), (T.IPV4, "192.0.2.7")}),
        ("version 1.2.3.4.5 and 300.1.1.1", set()),
        ("see Evil.EXAMPLE.", set()),
        ("see evil.example.", {(T.DOMAIN, "evil.example")}),
        ("https://Evil.example/Pay?x=1).", {(T.URL, "https://Evil.example/Pay?x=1"), (T.DOMAIN, "evil.example")}),
        ("http://user@evil.example:8080/", {(T.URL, "http://user@evil.example:8080/"), (T.DOMAIN, "evil.example")}),
        ("Ann <Ann@Corp.example>", {(T.EMAIL, "ann@corp.example"), (T.DOMAIN, "corp.example")}),
        ("MD5=" + "A" * 32 + ",SHA1=" + "b" * 40, {(T.MD5, "a" * 32), (T.SHA1, "b" * 40)}),
        ("sha256:" + "c" * 64, set()),
        ("c" * 64, {(T.SHA256, "c" * 64)}),
        ("c" * 63, set()),
        ("exploits cve-2024-3094!", {(T.CVE, "CVE-2024-3094")}),
        (r"ran C:\Program Files\a b\x.exe /c", {(T.FILE, r"C:\Program Files\a b\x.exe")}),
        (
            r"\\nas\share\x.docx, \Device\HarddiskVolume1\y.exe",
            {(T.FILE, r"\\nas\share\x.docx"), (T.FILE, r"\Device\HarddiskVolume1\y.exe")},
        ),
        ("cat /etc/shadow", {(T.FILE, "/etc/shadow")}),
        ("GET /index.html and/or 1/2", set()),
        ("user=root host=web-1 dhost=10.0.0.1", {(T.USER, "root"), (T.HOST, "web-1"), (T.IPV4, "10.0.0.1")}),
        ("rule.id, main.py, node.name, e.g. this", set()),
    ],
)
def test_what_a_text_names_is_found_by_its_shape(text: str, found: set[tuple[ObservableType, str]]) -> None:
    assert find(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "hxxp://evil[.]example/a",
        "hXXp://evil(.)example/a",
        "http[:]//evil{.}example/a",
        "hxxp[://]evil[dot]example/a",
        "http://evil(DOT)example/a",
    ],
)
def test_defanged_addresses_count_as_what_they_stand_for(text: str) -> None:
    assert find(text) == {(T.URL, "http://evil.example/a"), (T.DOMAIN, "evil.example")}


def test_a_defanged_mail_address_is_found() -> None:
    assert find("ann[at]corp(dot)example") == {(T.EMAIL, "ann@corp.example"), (T.DOMAIN, "corp.example")}


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("8.8.8.8", AddressScope.PUBLIC),
        ("10.1.2.3", AddressScope.PRIVATE),
        ("100.64.0.1", AddressScope.PRIVATE),
        ("169.254.1.1", AddressScope.PRIVATE),
        ("192.0.2.1", AddressScope.RESERVED),
        ("224.0.0.251", AddressScope.RESERVED),
        ("2606:4700::1111", AddressScope.PUBLIC),
        ("fd00::1", AddressScope.PRIVATE),
        ("2001:db8::1", AddressScope.RESERVED),
        ("http://127.0.0.1/x", AddressScope.PRIVATE),
    ],
)
def test_an_address_says_where_it_means_something(text: str, scope: AddressScope) -> None:
    assert find_observables(text)[0].scope is scope


def test_domains_have_no_scope() -> None:
    assert find_observables("evil.example")[0].scope is None


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("ips", "10.0.0.1", T.IPV4),
        ("ips", "nowhere", None),
        ("hashes", "a" * 64, T.SHA256),
        ("hashes", "a" * 10, None),
        ("users", "ann", T.USER),
        ("hosts", "10.0.0.1", T.HOST),
        ("domains", "evil.internal-zone", T.DOMAIN),
        ("files", "x", T.FILE),
        ("others", "x", None),
    ],
)
def test_an_entity_has_the_type_that_its_shape_tells(kind: str, value: str, expected: ObservableType | None) -> None:
    seen = describe_entity(kind, value)
    assert (seen.type if seen else None) is expected


def test_every_type_has_a_kind() -> None:
    assert {kind.kind for kind in ObservableType} == set(ObservableKind)


def test_what_is_found_has_the_form_in_which_lists_are_asked() -> None:
    seen = find_observables("8.8.8.8 2001:DB8:0:0::1 evil.example hxxp://EVIL[.]example ann@Corp.example " + "A" * 32)
    asked = [one for one in seen if one.type is not T.URL]
    assert len(asked) == 6
    assert [normalize(one.value) for one in asked] == [one.value for one in asked]


def test_a_playbook_asks_for_what_a_document_names() -> None:
    asked = compile_expression('extract_observables(raw).filter(one, one.type == "ipv4" && one.scope != "private")')
    raw = {"a": ["from 8.8.8.8", {"b": "10.0.0.1 and 8.8.8.8"}], "n": 7, "none": None}
    found = asked.evaluate(Scope(names={"raw": raw}, now=NOW))
    assert found == [{"type": "ipv4", "kind": "ips", "value": "8.8.8.8", "scope": "public"}]


def test_a_long_text_is_paid_for() -> None:
    asked = compile_expression("extract_observables(raw)")
    with pytest.raises(FuelError):
        asked.evaluate(Scope(names={"raw": ["a.b " * 50_000] * 100}, now=NOW))


def test_no_more_are_found_than_anybody_can_look_at() -> None:
    text = " ".join(f"10.{number // 256}.{number % 256}.1" for number in range(2 * MOST_OBSERVABLES))
    assert len(find_observables(text)) == MOST_OBSERVABLES


HOSTILE = [
    "a.",
    "a@",
    "C:\\",
    "C:\\a ",
    "\\\\a\\",
    "http://",
    "[.]",
    "hxxp:",
    ":",
    "1.1.1.",
    "user=",
    "/etc",
    "(",
    "%00",
    "CVE-",
]


@pytest.mark.parametrize("part", HOSTILE)
def test_a_hostile_text_yields_little(part: str) -> None:
    assert len(find_observables(part * 20_000)) <= 2


@given(st.text(alphabet="aA1.:/@\\[]()=-_ %xhtp", max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    for seen in find_observables(text):
        assert seen.value
        assert (seen.scope is not None) or seen.type not in (T.IPV4, T.IPV6)


@pytest.mark.parametrize(
    ("text", "is_one"), [("a.example", True), ("a.EXAMPLE", False), ("A.EXAMPLE", True), ("a", False)]
)
def test_the_last_label_decides(text: str, *, is_one: bool) -> None:
    assert is_domain(text) is is_one
