"""What is asked of the audit, and how its texts are compared."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_VALUE = 300
"""Characters of a field's value that count; PostgreSQL's indexes hold no row beyond 2,704 bytes."""

LONGEST_WORD = 100
"""Characters of a word that count."""

_WORD = re.compile(r"\w+")


class Field(StrEnum):
    """What can be asked for by name; `word` is what stands anywhere in an event's texts."""

    TYPE = "type"
    OUTCOME = "outcome"
    ACTOR = "actor"
    ROLE = "role"
    VIA = "via"
    IP = "ip"
    TARGET = "target"
    KIND = "kind"
    HOST = "host"
    ACTION = "action"
    CONNECTION = "connection"
    EFFECT = "effect"
    APPROVAL = "approval"
    RUN = "run"
    STEP = "step"
    PLAYBOOK = "playbook"
    ALERT = "alert"
    CASE = "case"
    DAY = "day"
    ID = "id"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A value that is looked for.

    Attributes:
        text: as it was written.
        is_prefix: whether a value that only begins so is meant, too.
    """

    text: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Attributes:
        patterns: any of them will do.
        is_negated: whether events are wanted that it does not hold for.
    """

    field: Field
    patterns: tuple[Pattern, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Which events are wanted: all terms hold, and the moment is from `after` on and earlier than `before`."""

    terms: tuple[Term, ...] = ()
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many events have a value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How the events that match are spread, the most frequent values first; days from the newest on.

    Attributes:
        counted: how many events were looked at.
        is_complete: whether these are all; else they are the newest.
    """

    counted: int
    is_complete: bool
    types: tuple[Tally, ...]
    actors: tuple[Tally, ...]
    outcomes: tuple[Tally, ...]
    days: tuple[Tally, ...]


def fold(text: str) -> str:
    """Return a text as it is compared: upper and lower case, and the widths of letters, make no difference."""
    if text.isascii():
        return text.replace("\x00", "\ufffd").lower()
    plain = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    return unicodedata.normalize("NFKC", plain).casefold()


def split_words(text: str) -> Iterator[str]:
    """Yield the words of a text as they are compared: letters, digits and underscores, and what is between ends one."""
    return (word[:LONGEST_WORD] for word in _WORD.findall(fold(text)))
