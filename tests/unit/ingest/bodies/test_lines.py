import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.ingest.bodies.products import read_cef, read_leef
from soar.ingest.bodies.syslog import read_syslog
from soar.ingest.bodies.text import list_lines
from soar.model.errors import InputError


def told(line: str) -> dict[str, object]:
    found = read_syslog(line)
    assert found.pop("line") == line
    return found


def test_a_line_of_rfc_5424_is_read_whole() -> None:
    line = (
        '<165>1 2026-11-21T09:00:00.003Z fw-1.example sshd 4711 ID47 [a@1 user="eve" text="\\"\\]\\\\"][b@1 x="1"] '
        "\ufeffroot refused"
    )
    assert told(line) == {
        "priority": 165,
        "facility": 20,
        "severity": 5,
        "severity_name": "notice",
        "time": "2026-11-21T09:00:00.003Z",
        "host": "fw-1.example",
        "program": "sshd",
        "process": "4711",
        "kind": "ID47",
        "data": {"a@1": {"user": "eve", "text": '"]\\'}, "b@1": {"x": "1"}},
        "message": "root refused",
    }
    assert told("<34>1 - - - - - - hello") == {
        "priority": 34,
        "facility": 4,
        "severity": 2,
        "severity_name": "critical",
        "message": "hello",
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
            {"time": "Oct 11 22:14:15", "host": "mymachine", "program": "su", "message": "'su root' failed"},
        ),
        (
            "<34>Oct  1 22:14:15 10.0.0.7 sshd[99]: refused",
            {
                "time": "Oct  1 22:14:15",
                "host": "10.0.0.7",
                "program": "sshd",
                "process": "99",
                "message": "refused",
            },
        ),
        (
            "<34>Jan 31 2026 17:24:03: %ASA-4-402119: IPSEC: bad",
            {"time": "Jan 31 2026 17:24:03", "program": "%ASA-4-402119", "message": "IPSEC: bad"},
        ),
        (
            "<34>2026-11-21T09:00:00+00:00 fw-1 kernel: x",
            {"time": "2026-11-21T09:00:00+00:00", "host": "fw-1", "program": "kernel", "message": "x"},
        ),
        ("<34>no head at all", {"message": "no head at all"}),
    ],
)
def test_what_devices_send_as_rfc_3164_is_read_as_far_as_it_goes(line: str, expected: dict[str, object]) -> None:
    head = {"priority": 34, "facility": 4, "severity": 2, "severity_name": "critical"}
    assert told(line) == {**head, **expected}


@pytest.mark.parametrize("line", ["just words", "<192>1 - - - - - - x", "<007>x", "[a b", ""])
def test_what_fits_no_form_is_a_message(line: str) -> None:
    assert told(line) == {"message": line}


@given(st.text(max_size=200))
def test_no_text_breaks_a_line(text: str) -> None:
    for line in (text, f"<1>1 - - - - - {text}", f"<1>Oct 11 22:14:15 {text}"):
        assert read_syslog(line)["line"] == line
    assert read_cef(f"CEF:0|a|b|c|d|e|f|{text}", 1)["vendor"] == "a"
    assert read_leef(f"LEEF:1.0|a|b|c|d|{text}", 1)["event_id"] == "d"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (r"a\\n", r"a\n"),
        (r"a\\\n", "a\\\n"),
        (r"a\q\=\|\rb", "a\\q=|\nb"),
        ("a\\", "a\\"),
        (r"first k=second", "second"),
    ],
)
def test_backslashes_of_cef_are_taken_in_pairs_from_the_left(value: str, meant: str) -> None:
    assert read_cef(f"CEF:0|a|b|c|d|e|f|k={value}", 1)["extension"] == {"k": meant}


def test_a_cef_line_is_read_with_its_escapes_and_its_own_names() -> None:
    found = read_cef(
        r"<134>Nov 21 09:00:00 fw-1 CEF:0|Acme|Wall \| Gate|1.0|100|worm \\ stopped|10|src=10.0.0.1 act=blocked a "
        r"\= sign msg=two\nlines cs1=Inbound cs1Label=Policy path=C:\\Temp\x dst=2.1.2.2",
        1,
    )
    assert (found["vendor"], found["product"], found["name"], found["severity"]) == (
        "Acme",
        "Wall | Gate",
        "worm \\ stopped",
        "10",
    )
    assert found["extension"] == {
        "src": "10.0.0.1",
        "act": "blocked a = sign",
        "msg": "two\nlines",
        "cs1": "Inbound",
        "cs1Label": "Policy",
        "path": "C:\\Temp\\x",
        "dst": "2.1.2.2",
    }
    assert found["custom"] == {"Policy": "Inbound"}
    assert found["syslog"] == {
        "priority": 134,
        "facility": 16,
        "severity": 6,
        "severity_name": "info",
        "time": "Nov 21 09:00:00",
        "host": "fw-1",
    }


def test_a_cef_line_alone_and_with_a_space_is_read() -> None:
    found = read_cef("CEF: 0|a|b|c|d|e|f|", 1)
    assert (found["version"], found["extension"], "syslog" in found) == (0, {}, False)


@pytest.mark.parametrize(
    ("line", "attributes"),
    [
        ("LEEF:1.0|a|b|c|d|src=10.0.0.1\tmsg=a b=c\tsev=5", {"src": "10.0.0.1", "msg": "a b=c", "sev": "5"}),
        ("LEEF:1.0|a|b|c|d|src=10.0.0.1 msg=a b sev=5", {"src": "10.0.0.1", "msg": "a b", "sev": "5"}),
        ("LEEF:2.0|a|b|c|d|^|src=10.0.0.1^sev=5", {"src": "10.0.0.1", "sev": "5"}),
        ("LEEF:2.0|a|b|c|d|x7C|src=10.0.0.1|sev=5", {"src": "10.0.0.1", "sev": "5"}),
        ("LEEF:2.0|a|b|c|d|0x5e|src=10.0.0.1^sev=5", {"src": "10.0.0.1", "sev": "5"}),
        ("LEEF:2.0|a|b|c|d||src=10.0.0.1\tsev=5", {"src": "10.0.0.1", "sev": "5"}),
        ("LEEF:2.0|a|b|c|d|src=10.0.0.1\tsev=5", {"src": "10.0.0.1", "sev": "5"}),
    ],
)
def test_a_leef_line_is_divided_as_it_says(line: str, attributes: dict[str, str]) -> None:
    assert read_leef(line, 1)["attributes"] == attributes


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no CEF here", "line 7, column 1: expected `CEF:` and its version"),
        ("CEF:0|a|b|c", "line 7, column 11: expected device version and `|`"),
        ("CEF:x|a|b|c|d|e|f|", "line 7, column 1: expected `CEF:` and its version"),
    ],
)
def test_what_is_no_cef_is_said_with_its_place(line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_cef(line, 7)
    assert (caught.value.message, caught.value.code) == (message, "invalid_body")


def test_what_is_no_leef_is_said_with_its_place() -> None:
    with pytest.raises(InputError, match=r"line 2, column 1: expected `LEEF:1\.0\|`"):
        read_leef("LEEF:3.0|a|b|c|d|", 2)


def test_lines_count_from_the_beginning_and_lose_no_bytes_silently() -> None:
    assert list_lines(b"\n\none\r\n\n\xff\x00two\n") == [(3, "one"), (5, "\ufffd\ufffdtwo")]
