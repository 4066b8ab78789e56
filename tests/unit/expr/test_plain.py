from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from soar.expr import to_plain


def test_every_kind_of_value_has_a_form_in_json() -> None:
    value = {
        "list": [1, 0.5, True, None, "a"],
        "time": datetime(2026, 11, 21, tzinfo=UTC),
        "wait": timedelta(minutes=90),
        "bytes": b"\xff",
        "address": ip_address("::1"),
    }
    assert to_plain(value) == {
        "list": [1, 0.5, True, None, "a"],
        "time": "2026-11-21T00:00:00Z",
        "wait": "1h30m",
        "bytes": "/w==",
        "address": "::1",
    }
