"""Where others may disagree with us, and why; a difference that nothing here explains is a fault.

Clauses are those of the language definition (https://github.com/google/cel-spec/blob/master/doc/langdef.md), vectors
those of its conformance tests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from soar.expr.syntax import Index, Name, Unary
from tests.fuzz.location import Difference
from tests.fuzz.outcomes import is_fault
from tests.fuzz.shapes import (
    calls,
    checks_constants,
    counts_bytes,
    formats_otherwise,
    has_too_long_duration,
    is_exact,
    is_found_early,
    is_infinite,
    is_key_of_other_kind,
    is_mixed_arithmetic,
    is_order_of_map,
    is_other_duration_text,
    is_out_of_calendar,
    is_remainder_of_least,
    is_rooted,
    is_swallowed_by_has,
    kinds,
    lacks_overload,
    loses_offset,
    operates,
    prints,
    says,
    stops_early,
)

CPP: Final = "C++"
RUST: Final = "Rust"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One reason for differences.

    Attributes:
        name: what the summary calls it.
        oracles: whose differences it explains.
        reason: why both may say what they say, or which of them is wrong by what clause.
        example: an expression that shows it.
        covers: says whether a difference is one of these.
    """

    name: str
    oracles: frozenset[str]
    reason: str
    example: str
    covers: Callable[[Difference], bool]


def _both(name: str, reason: str, example: str, covers: Callable[[Difference], bool]) -> Explanation:
    return Explanation(name, frozenset({CPP, RUST}), reason, example, covers)


def _cpp(name: str, reason: str, example: str, covers: Callable[[Difference], bool]) -> Explanation:
    return Explanation(name, frozenset({CPP}), reason, example, covers)


def _rust(name: str, reason: str, example: str, covers: Callable[[Difference], bool]) -> Explanation:
    return Explanation(name, frozenset({RUST}), reason, example, covers)


EXPLANATIONS: Final = (
    # Ours is more than the definition asks for.
    _both(
        "mixed arithmetic",
        "here an int and a double can be calculated with; in CEL that has no overload (Numeric Values)",
        "1 + 0.5",
        is_mixed_arithmetic,
    ),
    _both(
        "reserved names",
        "what CEL reserves for the languages around it (Syntax, RESERVED) is a name like any other here",
        "package",
        lambda difference: says(difference.theirs, "reserved identifier"),
    ),
    _both(
        "has() along a path",
        "has() is false wherever on its way something is missing or no map; in CEL that is an error (Macros)",
        "has(user.x.name)",
        is_swallowed_by_has,
    ),
    # Ours is less, on purpose.
    _both(
        "finite doubles",
        "there is neither infinity nor a number that is none here: what would be one is an error",
        "x / y",
        is_infinite,
    ),
    _both(
        "unsigned numbers",
        "there are none here, as JSON has none",
        "1u",
        lambda difference: says(difference.ours, "there are no unsigned numbers"),
    ),
    _both(
        "exact comparisons",
        "an int and a double are compared exactly here; others round, and so do the vectors (EXACT in outside.py)",
        "9007199254740993 == 9007199254740992.0",
        is_exact,
    ),
    _both(
        "calls are checked first",
        "a call that can never succeed is found when the expression is compiled, whatever stands beside it",
        "true || size()",
        is_found_early,
    ),
    _both(
        "keys are texts",
        "a map's keys are strings, as in JSON; a literal key of another kind is found when it is compiled",
        "{i: 1}",
        is_key_of_other_kind,
    ),
    _both(
        "duration texts",
        "units fall, each occurs once, and days and weeks are units; the definition asks for seconds",
        'duration("1m1m")',
        is_other_duration_text,
    ),
    _both(
        "no types as values",
        "types are no values here",
        "int",
        lambda difference: isinstance(difference.node, Name) and is_fault(difference.ours, "expr.unknown_name"),
    ),
    _both(
        "no names from the root",
        "there are no packages here, and so no `.name` that is looked up outside of them",
        "false ? .i : 1",
        is_rooted,
    ),
    _cpp(
        "edge of the calendar",
        "a timestamp that an offset moves out of the years 1 to 9999 has no date here",
        'timestamp("9999-12-31T23:59:59Z").getDate("+02:00")',
        is_out_of_calendar,
    ),
    # The definition leaves it open.
    _both(
        "doubles as text",
        "a double keeps its point here, 1.0, so that it reads as what it is; the definition names no form",
        "string(1.0)",
        prints(float),
    ),
    _both(
        "timestamps as text",
        "a fraction of a second has six digits or none here; RFC 3339 allows any number",
        "string(moment)",
        prints(datetime),
    ),
    _both(
        "durations as text",
        "a duration is printed as people write it, 1h30m; the definition names no form",
        'string(duration("1h30m"))',
        prints(timedelta),
    ),
    _cpp(
        "values in format()",
        "doubles, timestamps and durations are printed in format() as everywhere else here",
        '"%s".format([wait])',
        formats_otherwise,
    ),
    _both(
        "order of a map",
        "a walk over a map follows the order in which it was written here; the definition names none",
        "user.map(v, v)",
        is_order_of_map,
    ),
    _both(
        "what is no key",
        "a map does not hold what can be no key, so the answer is false; the definition has no overload for it (_in_)",
        "{} in user",
        lambda difference: operates(difference, "in") and kinds(difference)[1:] == [dict] and difference.ours is False,
    ),
    _both(
        "remainder of the least int",
        "the result is 0, which fits; only results out of range are errors (Overflow)",
        "bottom % -1",
        is_remainder_of_least,
    ),
    _cpp(
        "values left over in format()",
        "as many values as places are wanted here; the extension says nothing about more",
        '"%%".format([1])',
        lambda difference: calls(difference, "format") and says(difference.ours, "places for"),
    ),
    _cpp(
        "split of nothing",
        "an empty text has no characters to be split into, as in the extension's first home, Go",
        '"".split("")',
        lambda difference: calls(difference, "split") and (difference.ours, difference.theirs) == ([], [""]),
    ),
    _both(
        "the least int as a double",
        "-2^63 is a double and in the range of int, so int() takes it; the others refuse their own bound",
        "int(double(bottom))",
        lambda difference: calls(difference, "int") and difference.operands == (-(2.0**63),),
    ),
    # C++ is wrong.
    _cpp(
        "C++: text that is no text",
        "format() makes strings of bytes that are no UTF-8; a string is a sequence of code points (Values)",
        'size("%s".format([raw]))',
        lambda difference: says(difference.ours, "not UTF-8"),
    ),
    _cpp(
        "C++: %d of a double",
        "%d prints whole numbers only (strings extension, format)",
        '"%d".format([1.5])',
        lambda difference: calls(difference, "format") and says(difference.ours, "`%d` does not take a double"),
    ),
    _cpp(
        "C++: numbers with spaces around",
        "a number in a text is as in an expression (List of Standard Definitions)",
        'int(" 7")',
        lambda difference: (
            calls(difference, "int", "double") and kinds(difference) == [str] and is_fault(difference.ours)
        ),
    ),
    _cpp(
        "C++: loose offsets",
        "an offset has two digits for hours (List of Standard Definitions, TimeZone)",
        'moment.getHours("2:00")',
        lambda difference: kinds(difference) == [datetime, str] and is_fault(difference.ours, "expr.timestamp"),
    ),
    _cpp(
        "C++: constants checked first",
        "what has no value by its form alone, such as a map with a key twice, is an error even where it is not reached"
        " (Logical Operators)",
        "true || math.least([]) == 1",
        checks_constants,
    ),
    _cpp(
        "C++: int() of a bool",
        "int() has no overload for a bool (List of Standard Definitions)",
        "int(yes)",
        lambda difference: calls(difference, "int") and kinds(difference) == [bool],
    ),
    _cpp(
        "C++: loose timestamps",
        "timestamp() reads RFC 3339 only, whose years have four digits (List of Standard Definitions)",
        'timestamp("20-02-29T12:00:00Z")',
        lambda difference: calls(difference, "timestamp") and is_fault(difference.ours, "expr.timestamp"),
    ),
    _cpp(
        "C++: up to the end",
        "a part may reach up to the end of a text (vector string_ext/substring/unicode_start_and_end_equal_value)",
        '"ab".substring(0, 2)',
        lambda difference: (
            calls(difference, "substring") and says(difference.theirs, "is greater than <string>.size()")
        ),
    ),
    # Rust is wrong.
    _rust(
        "Rust: missing overloads",
        "string(bool), int(timestamp), timestamp(int), matches(text, pattern) and parts at an offset are not there"
        " (List of Standard Definitions)",
        "string(yes)",
        lacks_overload,
    ),
    _rust(
        "Rust: duration + timestamp",
        "the overload is not there (List of Standard Definitions)",
        "wait + moment",
        lambda difference: operates(difference, "+") and kinds(difference) == [timedelta, datetime],
    ),
    _rust(
        "Rust: endless durations",
        "a duration is 64 bits of nanoseconds (vectors timestamp_range and duration_range)",
        'moment - timestamp("0001-01-01T00:00:00Z")',
        has_too_long_duration,
    ),
    _rust(
        "Rust: all milliseconds",
        "getMilliseconds() of a duration is 0 to 999 (List of Standard Definitions)",
        "wait.getMilliseconds()",
        lambda difference: calls(difference, "getMilliseconds") and kinds(difference) == [timedelta],
    ),
    _rust(
        "Rust: parts at the text's own offset",
        "the parts of a timestamp are those in UTC (List of Standard Definitions)",
        'timestamp("2024-02-29T12:00:00+02:00").getHours()',
        loses_offset,
    ),
    _rust(
        "Rust: size in bytes",
        "size() of a text counts code points (Values)",
        "size(s)",
        counts_bytes,
    ),
    _rust(
        "Rust: bytes patched into text",
        "string() of bytes that are no UTF-8 is an error (vector conversions/string/bytes_invalid)",
        "string(raw)",
        lambda difference: says(difference.ours, "not UTF-8"),
    ),
    _rust(
        "Rust: minus without bounds",
        "minus has no overload for a bool, and the least int has no opposite (Overflow)",
        "-bottom",
        lambda difference: isinstance(difference.node, Unary) and difference.node.operator == "-",
    ),
    _rust(
        "Rust: keys twice",
        "a map with a key twice is an error (Aggregate Values)",
        '{"a": 1, "a": 2}',
        lambda difference: says(difference.ours, "the map has a key twice"),
    ),
    _rust(
        "Rust: errors before what decides",
        "exists() and all() ignore errors where another element decides (Macros)",
        "mixed.exists(v, v)",
        stops_early,
    ),
    _rust(
        "Rust: whole doubles as indexes",
        "a double that is whole is an index, as all numbers are on one line (vector lists/index/zero_based_double)",
        "words[1.0]",
        lambda difference: isinstance(difference.node, Index) and kinds(difference) == [list, float],
    ),
    _rust(
        "Rust: list + map",
        "there is no such overload (List of Standard Definitions)",
        "ints + user",
        lambda difference: operates(difference, "+") and kinds(difference) == [list, dict],
    ),
)
"""Each explained difference; `make fuzz` refuses one that it has not met."""


def explain(difference: Difference) -> Explanation | None:
    """Return what explains a difference, if anything does."""
    for explanation in EXPLANATIONS:
        if difference.oracle in explanation.oracles and explanation.covers(difference):
            return explanation
    return None
