"""What covers what."""

import pytest

from soar.lists.match import list_covering, normalize


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (" 192.0.2.7\n", "192.0.2.7"),
        ("192.0.2.7/32", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("010.0.0.1", "010.0.0.1"),
        ("3232235521", "3232235521"),
        ("Mail.Example.COM.", "mail.example.com"),
        (".Example.com", ".example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("Ann@Corp.example", "Ann@Corp.example"),
        ("DEADBEEF", "DEADBEEF"),
        ("WORKSTATION-7", "WORKSTATION-7"),
        ("two words.Example", "two words.Example"),
        ("", ""),
    ],
)
def test_a_value_has_one_form(text: str, form: str) -> None:
    assert normalize(text) == form
    assert normalize(form) == form


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("192.0.2.0/24", "192.0.2.255"),
        ("192.0.2.0/24", "192.0.2.64/26"),
        ("0.0.0.0/0", "192.0.2.7"),
        ("2001:db8::/32", "2001:DB8:ffff::1"),
        ("example.com", "EXAMPLE.com."),
        (".example.com", "a.b.example.com"),
        (".example.com", "example.com"),
        (".example.com", ".a.example.com"),
        ("ann@corp.example", "ann@corp.example "),
    ],
)
def test_an_entry_covers(entry: str, value: str) -> None:
    assert normalize(entry) in list_covering(value)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("192.0.2.7", "192.0.2.70"),
        ("192.0.2.0/24", "192.0.3.0"),
        ("192.0.2.64/26", "192.0.2.0/24"),
        ("0.0.0.0/0", "2001:db8::1"),
        ("::/0", "192.0.2.7"),
        ("example.com", "a.example.com"),
        (".example.com", "badexample.com"),
        (".example.com", "example.com.evil.test"),
        ("example.com", ".example.com"),
        ("ann@corp.example", "Ann@corp.example"),
        ("corp.example", "ann@corp.example"),
    ],
)
def test_an_entry_does_not_cover(entry: str, value: str) -> None:
    assert normalize(entry) not in list_covering(value)


def test_the_closest_comes_first() -> None:
    assert list_covering("192.0.2.7")[:3] == ("192.0.2.7", "192.0.2.6/31", "192.0.2.4/30")
    assert list_covering("a.example.com") == ("a.example.com", ".a.example.com", ".example.com", ".com")


@pytest.mark.parametrize("text", ["a." * 5_000, "9" * 100_000, "1/" * 1_000, "." * 1_000, "\x00", "\ud800"])
def test_no_text_is_too_odd(text: str) -> None:
    assert list_covering(text) == (normalize(text),)
