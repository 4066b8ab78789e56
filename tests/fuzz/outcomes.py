"""What an evaluator made of an expression."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, Union

from soar.model.values import Value


@dataclass(frozen=True, slots=True)
class Fault:
    """The expression has no value.

    Attributes:
        code: ours, or the name of the foreign exception's class.
        message: what the evaluator said.
        is_early: it was found before any data were seen.
    """

    code: str
    message: str
    is_early: bool = False


@dataclass(frozen=True, slots=True)
class Crash:
    """Something came out that no caller expects."""

    message: str


Outcome: TypeAlias = Union[Value, Fault, Crash]  # noqa: UP007 - Value is a recursive alias that is partly text


def is_fault(outcome: Outcome, code: str | None = None) -> bool:
    """Return whether an outcome is a fault, with a code if one is given."""
    return isinstance(outcome, Fault) and code in {None, outcome.code}


def agree(one: Outcome, other: Outcome) -> bool:
    """Return whether two evaluators say the same: both that there is no value, or the same value of the same kind."""
    if isinstance(one, Fault) or isinstance(other, Fault):
        return isinstance(one, Fault) and isinstance(other, Fault)
    return is_same(one, other)


def is_same(one: object, other: object) -> bool:
    """Return whether two values are the same in kind and content: 1 is neither 1.0 nor true, and 0.0 is not -0.0."""
    if type(one) is not type(other):
        return False
    match one, other:
        case float(), float():
            return repr(one) == repr(other)
        case list(), list():
            return len(one) == len(other) and all(map(is_same, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
        case _:
            return one == other


def show(outcome: Outcome) -> str:
    """Return an outcome for people."""
    match outcome:
        case Fault(code, message):
            return f"error {code}: {message[:160]}"
        case Crash(message):
            return f"CRASH {message[:400]}"
        case datetime() | timedelta():
            return str(outcome)
        case _:
            return repr(outcome)[:200]
