from datetime import timedelta
from ipaddress import IPv4Address

import pytest

from soar.model.values import Value
from soar.playbook.conversion import convert
from tests.support.clock import START


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", "x", "x"),
        ("int", 7, 7),
        ("number", 1.5, 1.5),
        ("bool", False, False),
        ("duration", "1h30m", timedelta(minutes=90)),
        ("timestamp", "2026-03-01T10:00:00+01:00", START),
        ("ip", "::ffff:198.51.100.7", IPv4Address("198.51.100.7")),
        ("cidr", "198.51.100.7/24", "198.51.100.0/24"),
        ("url", "https://evil.example/pay", "https://evil.example/pay"),
        ("domain", "evil.example", "evil.example"),
        ("hostname", "SRV_FILES-01", "SRV_FILES-01"),
        ("md5", "a" * 32, "a" * 32),
        ("sha1", "a" * 40, "a" * 40),
        ("sha256", "A" * 64, "A" * 64),
        ("uuid", "6F0F4D4E-2F53-5D0C-9D7A-6C8C5D3F1B1E", "6f0f4d4e-2f53-5d0c-9d7a-6c8c5d3f1b1e"),
        ("list<ip>", ["198.51.100.7"], [IPv4Address("198.51.100.7")]),
        ("list<int?>", [1, None], [1, None]),
        ("map<list<int>>", {"a": [1]}, {"a": [1]}),
        ("object", {"a": None}, {"a": None}),
        ("any", None, None),
        ("url?", None, None),
    ],
)
def test_a_value_of_its_type_is_taken(kind: str, value: Value, expected: Value) -> None:
    assert convert(value, kind) == expected


ODD: tuple[Value, ...] = (
    None,
    True,
    7,
    1.5,
    "",
    " ",
    "\n",
    "x" * 5_000,
    "a@b@c",
    "1.2.3.4.5",
    [],
    {},
    [None],
    {"a": 1},
    b"x",
)
TYPES = ("duration", "timestamp", "ip", "cidr", "email", "url", "domain", "md5", "sha1", "sha256", "uuid")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:12])
def test_a_value_of_another_type_is_refused_whatever_it_is(kind: str, value: Value) -> None:
    with pytest.raises(ValueError, match=r"is not an? |is null"):
        convert(value, kind)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", True),
        ("int", 1.5),
        ("int", "7"),
        ("number", True),
        ("bool", 1),
        ("string", 7),
        ("object", []),
        ("list<int>", [1, "2"]),
        ("list<int>", {}),
        ("map<int>", []),
        ("ip", "fe80::1%eth0"),
        ("cidr", "198.51.100.7"),
        ("domain", "localhost"),
        ("domain", "evil..example"),
        ("hostname", "-host"),
        ("email", "Billing <billing@evil.example>"),
        ("sha256", "a" * 63 + "\n"),
    ],
)
def test_a_value_that_nearly_fits_is_refused(kind: str, value: Value) -> None:
    with pytest.raises(ValueError, match=r"not an? "):
        convert(value, kind)
