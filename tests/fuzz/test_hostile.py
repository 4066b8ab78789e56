"""Expressions and data written to be expensive: each stops within 50 ms of CPU time and 16 MiB of memory."""

import tracemalloc
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import pytest

from soar.expr import ExpressionError, Scope, compile_expression
from soar.expr.strings import compile_pattern
from soar.model.values import Value
from tests.support.cpu import measure_cpu

CPU: Final = 0.050  # seconds
MEMORY: Final = 16 * 1024 * 1024  # bytes
MANY: Final = 200_000
LONG: Final = 1_000_000

NAMES: Final[Mapping[str, Value]] = {
    "s": "a" * LONG,
    "part": "a" * (LONG // 10),
    "dots": "." * LONG,
    "spaces": " " * LONG,
    "quotes": '"' * LONG,
    "slashes": "\\" * LONG,
    "colons": ":" * LONG,
    "brackets": "[.]" * (LONG // 3),
    "closing": "http://" + ")" * LONG,
    "urls": "http://a.b " * (LONG // 11),
    "addresses": "1.1.1.1 " * (LONG // 8),
    "groups": "a:" * (LONG // 2),
    "cyrillic": "я" * (LONG // 2),
    "places": "%s" * (LONG // 10),
    "digits": "1" * LONG,
    "bytes": b"\xff" * LONG,
    "nested": "[" * (LONG // 2),
    "numbers": "[" + "1," * (LONG // 3) + "1]",
    "object": "{" + ",".join(f'"{number}":{number}' for number in range(LONG // 16)) + "}",
    "n": list(range(MANY)),
    "texts": [str(number) for number in range(MANY)],
    "long": ["x" * 10_000] * 1_000,
    "pairs": [[number] for number in range(MANY)],
    "maps": [{"k": number} for number in range(MANY // 4)],
    "m": {str(number): number for number in range(MANY // 2)},
}
SCOPE: Final = Scope(NAMES, datetime(2026, 11, 21, tzinfo=UTC))

SOURCES: Final[Mapping[str, str]] = {
    # Sources that are large themselves.
    "a million characters": "1 + " * 250_000 + "1",
    "a million spaces": " " * LONG + "1",
    "a text of a million characters": '"' + "a" * LONG + '"',
    "a comment of a million characters": "//" + "x" * LONG,
    "brackets, open and closed": "(" * 2_000 + "1" + ")" * 2_000,
    "brackets, open": "[" * 4_000,
    "brackets as deep as may be": "(" * 30 + "1" + ")" * 30,
    "exclamation marks": "!" * 4_000 + "true",
    "minus signs": "-" * 4_000 + "1",
    "conditions in conditions": "true ? 1 : " * 370 + "1",
    "a list": "[" + "1," * 2_000 + "1]",
    "a map": "{" + ",".join(f'"{number}": 1' for number in range(380)) + "}",
    "a chain": " && ".join(["true"] * 500),
    "a sum": "+".join(["1"] * 256),
    "a path": "m" + ".b" * 2_000,
    "indexes": "n" + "[0]" * 1_300,
    "escapes": '"' + "\\x41" * 1_000 + '"',
    "a long number": "9" * 4_000,
    "a long exponent": "1e" + "9" * 4_000,
    "an unknown name": "x" * 4_000,
    "an unknown function": "x" * 4_000 + "(1)",
    # Steps without end.
    "4 * 10^10 steps": "n.map(x, n.map(y, x * y)).size()",
    "all in all": "n.all(x, n.all(y, x + y >= 0))",
    "exists in exists": "n.exists(x, n.exists(y, x + y < 0))",
    "lists in a loop": "n.map(x, n.filter(y, y < x)).flatten().distinct().sort()",
    "errors that are ignored": "n.exists(x, s.z == 1)",
    "what is missing": "n.map(x, default(m.zzz.y, has(m.yyy)))",
    "looking in a list": "n.all(x, x in n)",
    "comparing lists": "n == n",
    "comparing maps": "m == m && maps == maps",
    "overflowing": "*".join(["9223372036854775807"] * 100),
    # Values that grow.
    "doubling a list": "[0]" + ".map(a, [a, a])" * 25,
    "doubling a text": '"aaaaaaaa"' + '.replace("a", "aaaaaaaaaaaaaaaa")' * 20,
    "adding texts": " + ".join(["s"] * 250),
    "adding lists": "n.map(x, n + n).size()",
    "joining": "n.map(x, s).join(s)",
    "joining with a long text": "texts.join(part)",
    "replacing nothing": 's.replace("", s)',
    "replacing everything": 's.replace("a", part)',
    "filling in": '"%s%s%s%s".format([s, s, s, s])',
    "filling in many": "places.format(n)",
    "filling in hexadecimals": '"%x".format([bytes])',
    "lists of forty": "n.map(x, [" + ",".join(["x"] * 40) + "])",
    "maps of maps": "m.transformMap(k, v, {k: [k, v, k, v]})",
    # Texts that are hard to read.
    "(a+)+$": 's.matches("(a+)+$")',
    "(a|aa)*b": 's.matches("(a|aa)*b")',
    "repeats in repeats": 's.matches("(((a{1,30}){1,30}){1,30})b")',
    "stars in a row": 's.matches(".*.*.*.*.*.*=x")',
    "a thousand steps back": 'part.matches("a{1000}b")',
    "a pattern again and again": 'n.exists(x, string(x).matches("(a|b|c|d|e)*f"))',
    "splitting": 's.split("").distinct()',
    "quoting for JQL": "jql(quotes)",
    "quoting for LDAP": "ldap(slashes)",
    "quoting for SQL": "sql_like(slashes)",
    "quoting for itself": "strings.quote(quotes)",
    "lower and upper case": "cyrillic.lowerAscii() + cyrillic.upperAscii()",
    "trimming": "spaces.trim()",
    "URLs": "extract_urls(urls)",
    "a URL of brackets": "extract_urls(closing)",
    "addresses": "extract_ips(addresses)",
    "groups of addresses": "extract_ips(groups) + extract_ips(colons)",
    "defanging": "defang(dots)",
    "defanging URLs": "defang(urls)",
    "refanging": "refang(brackets)",
    "a domain of dots": "domain(dots)",
    "hashing": "sha256(s)",
    "JSON in depth": "from_json(nested)",
    "JSON in breadth": "from_json(numbers)",
    "JSON with many keys": "from_json(object)",
    "a number of a million digits": "from_json(digits)",
    "to JSON and back": "from_json(json(m))",
    "lists as JSON": "json([n, n, n])",
    "numbers as text": "int(digits) + int(double(digits))",
    "a timestamp of a million characters": "timestamp(digits)",
    "a duration of a million characters": "duration(digits)",
    "timestamps out of range": 'timestamp("9999-12-31T23:59:59Z") + duration("2000000h")',
    "seconds out of range": "timestamp(9223372036854775807)",
    # Lists that are long.
    "flattening": "pairs.flatten()",
    "no repeats": "texts.distinct()",
    "no repeated maps": "maps.distinct()",
    "sorting": "texts.sort()",
    "sorting long texts": "long.sort()",
    "adding up": "n.sum()",
    "networks that are none": 'in_any_cidr("1.1.1.1", long)',
    "networks that are many": 'in_any_cidr("1.1.1.1", texts.map(x, "10.0.0.0/8"))',
    # Functions that do more than others, again and again.
    "addresses read anew": 'n.exists(x, ip.isCanonical("2001:db8:1:2:3:4:5:6"))',
    "private addresses": 'n.all(x, is_private("fe80::1:2:3:4"))',
    "timestamps read anew": 'n.map(x, timestamp("2026-11-21T09:30:00.123456+02:00").getHours("+02:00"))',
    "durations printed": 'n.map(x, string(duration("1w2d3h4m5.5s")))',
    "small documents": 'n.map(x, from_json("{}") == json({}))',
}


def evaluate(source: str) -> None:
    """Read and evaluate anew: nothing is remembered from another turn."""
    compile_expression.cache_clear()
    compile_pattern.cache_clear()
    with suppress(ExpressionError):
        compile_expression(source).evaluate(SCOPE)


def measure_memory(source: str) -> int:
    tracemalloc.start()
    try:
        evaluate(source)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_what_is_hostile_stops_in_time(source: str) -> None:
    assert min(measure_cpu(lambda: evaluate(source))[1] for _ in range(3)) <= CPU


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_what_is_hostile_stays_small(source: str) -> None:
    assert measure_memory(source) <= MEMORY


def test_expensive_work_is_measured_as_such() -> None:
    """The measures themselves see work and memory beyond the budget."""
    assert min(measure_cpu(lambda: sum(range(20_000_000)))[1] for _ in range(3)) > CPU
    tracemalloc.start()
    kept = bytes(2 * MEMORY)
    assert tracemalloc.get_traced_memory()[1] > MEMORY
    tracemalloc.stop()
    assert len(kept) == 2 * MEMORY
