"""The language that the audit is searched in: `actor:carol type:approval.* after:2026-11-01 -outcome:success renaming`.

Conditions stand beside each other and all have to hold. `field:value` compares a field, `field:one,two` takes any of
the values, a value that ends in `*` stands for all that begin so, and a minus in front turns a condition round. What
has no field is looked for among the words of the event. Quotes keep a value with spaces, commas or colons together;
in them a backslash stands before a quote or a backslash.
"""

import re
from datetime import UTC, date, datetime

from soar.model.audit_query import Field, Pattern, Query, Term, split_words
from soar.model.errors import FieldFault, InputError
from soar.model.values import parse_timestamp

LONGEST_QUERY = 500
"""Characters."""

MOST_CONDITIONS = 20
"""Values that one query names."""

_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r"(?P<no>-?)(?:(?P<field>[A-Za-z_]+):)?")
_QUOTED = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r'[^\s",]+')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_FIELDS = {field.value: field for field in Field}
_MOMENTS = ("after", "before")


def parse_query(text: str) -> Query:
    """Read a query; an empty one is for everything.

    Raises:
        InputError: it is none (`query.syntax`, `query.field`, `query.moment`, `query.size`). The message says at which
            character, counted from 1.
    """
    if len(text) > LONGEST_QUERY:
        raise InputError(
            f"a query has at most {LONGEST_QUERY} characters", code="query.size", hint="ask for less at once"
        )
    reader = _Reader(text)
    while reader.has_more():
        reader.read_condition()
    return Query(tuple(reader.terms), reader.moments.get("after"), reader.moments.get("before"))


class _Reader:
    """Reads conditions from left to right.

    Args:
        text: the query.
    """

    def __init__(self, text: str) -> None:
        self.terms: list[Term] = []
        self.moments: dict[str, datetime] = {}
        self._text = text
        self._place = 0

    def has_more(self) -> bool:
        """Skip what separates conditions; return whether there is another."""
        self._take(_SPACE)
        return self._place < len(self._text)

    def read_condition(self) -> None:
        """Read the condition that begins here."""
        start = self._place
        opening = self._take(_FIELD)
        is_negated, name = bool(opening["no"]), (opening["field"] or "").lower()
        patterns = self._read_patterns()
        if name in _MOMENTS:
            self._add_moment(name, patterns, start, is_negated=is_negated)
            return
        field = _FIELDS.get(name or Field.WORD.value)
        if field is None:
            known = ", ".join((*(one for one in _FIELDS if one != Field.WORD), *_MOMENTS))
            raise _refuse(
                f"there is no field `{name}`",
                f"fields are {known}; put other text in quotes",
                start,
                code="query.field",
            )
        if field is Field.WORD and not all([*split_words(pattern.text)] for pattern in patterns):
            raise _refuse("there is no word to look for", "write letters or digits", start, code="query.syntax")
        self.terms.append(Term(field, patterns, is_negated))
        if sum(len(term.patterns) for term in self.terms) > MOST_CONDITIONS:
            raise InputError(
                f"a query names at most {MOST_CONDITIONS} values", code="query.size", hint="ask for less at once"
            )

    def _read_patterns(self) -> tuple[Pattern, ...]:
        patterns = [self._read_pattern()]
        while self._text.startswith(",", self._place):
            self._place += 1
            patterns.append(self._read_pattern())
        if self._place < len(self._text) and not self._text[self._place].isspace():
            raise _refuse(
                "a space or a comma is missing", "separate conditions by a space", self._place, code="query.syntax"
            )
        return tuple(patterns)

    def _read_pattern(self) -> Pattern:
        quoted = _QUOTED.match(self._text, self._place)
        if quoted is not None:
            self._place = quoted.end()
            return Pattern(_ESCAPED.sub(r"\1", quoted["text"]))
        bare = _BARE.match(self._text, self._place)
        if bare is not None:
            self._place = bare.end()
            return Pattern(bare[0].removesuffix("*"), is_prefix=bare[0].endswith("*"))
        if self._text.startswith('"', self._place):
            raise _refuse(
                "the quote is not closed", 'write another " behind the text', self._place, code="query.syntax"
            )
        raise _refuse(
            "a value is missing", "write one right behind the colon or comma", self._place, code="query.syntax"
        )

    def _add_moment(self, name: str, patterns: tuple[Pattern, ...], start: int, *, is_negated: bool) -> None:
        if is_negated or len(patterns) > 1 or name in self.moments:
            raise _refuse(
                f"`{name}` takes one moment, once", "use `after` and `before` together", start, code="query.moment"
            )
        self.moments[name] = _read_moment(patterns[0].text, start)

    def _take(self, expected: re.Pattern[str]) -> re.Match[str]:
        found = expected.match(self._text, self._place)
        assert found is not None  # noqa: S101 -- both expressions match the empty text
        self._place = found.end()
        return found


def _read_moment(text: str, start: int) -> datetime:
    try:
        if len(text) == len("2026-11-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return parse_timestamp(text)
    except ValueError as error:
        raise _refuse(
            f"`{text}` is no moment", "write 2026-11-01 or 2026-11-01T09:30:00Z", start, code="query.moment"
        ) from error


def _refuse(wrong: str, hint: str, place: int, *, code: str) -> InputError:
    message = f"at character {place + 1} of the query: {wrong}"
    return InputError(message, code=code, hint=hint, faults=[FieldFault("/q", message)])
