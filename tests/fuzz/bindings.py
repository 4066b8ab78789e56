"""The names that every generated expression may read; all evaluators are given the same values."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from soar.model.values import Value

NOW: Final = datetime(2026, 11, 21, 9, 30, 15, 250_000, tzinfo=UTC)

BINDINGS: Final[Mapping[str, Value]] = {
    "yes": True,
    "no": False,
    "i": 7,
    "j": -3,
    "top": 2**63 - 1,
    "bottom": -(2**63),
    "x": 2.5,
    "y": -0.0,
    "huge": 1.5e308,
    "s": "Hello, wörld \U0001f600",
    "t": "a,b,,c",
    "digits": "42",
    "blank": "",
    "package": "zip",
    "raw": b"\xffabc",
    "moment": NOW,
    "wait": timedelta(hours=1, minutes=30, milliseconds=250),
    "nothing": None,
    "ints": [3, 1, 2, 1],
    "words": ["b", "a", "", "b"],
    "mixed": [1, "a", None, 2.5, True, [1]],
    "flags": [True, False],
    "empty": [],
    "user": {"name": "ann", "age": 41, "score": 0.5, "is_guest": False, "tags": ["vip", "eu"], "boss": {"name": None}},
}
"""A value of every kind that the others have too; no zero in bytes, at which the binding of C++ would end them."""
