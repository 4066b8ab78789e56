"""A query of the audit as conditions on its rows: what was asked for is bound, and never part of a statement."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Select, and_, cast, exists, literal, not_, or_, select

from soar.model.audit import Outcome
from soar.model.audit_query import Facets, Field, Pattern, Query, Tally, Term, split_words
from soar.store.audit_tables import AUDIT_POSTINGS, BLOCK_BITS
from soar.store.audit_terms import name_term
from soar.store.rows import given
from soar.store.tables import AUDIT

MOST_COUNTED = 10_000
"""Events that facets are counted over; the newest of those that match."""

MOST_VALUES = 20
"""Values that a facet names."""

_AUDIT = AUDIT
_POSTINGS = AUDIT_POSTINGS
_FOUND = _AUDIT.alias("found")
_BITS = literal(BLOCK_BITS, Integer)  # PostgreSQL shifts by nothing wider
_LAST = "\U0010ffff"  # nothing sorts behind it, so a prefix and this one end the prefix's range
_OUTCOMES = tuple(name_term(Field.OUTCOME, outcome) for outcome in Outcome)


def build_conditions(query: Query) -> Iterator[ColumnElement[bool]]:
    """Yield what holds for the rows that are asked for, within the workspace that is given."""
    for term in query.terms:
        holds = or_(*(_match(term, pattern) for pattern in term.patterns))
        yield not_(holds) if term.is_negated else holds
    if query.after is not None:
        yield _AUDIT.c.at >= query.after
    if query.before is not None:
        yield _AUDIT.c.at < query.before


def select_facets(query: Query) -> Select[Any]:
    """Return the statement whose rows `count_facets` counts: one more than it counts says that there are more."""
    outcome = (
        select(_POSTINGS.c.term)
        .where(_POSTINGS.c.workspace == given("workspace"), _POSTINGS.c.term.in_(_OUTCOMES), _is_posted(_AUDIT))
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(_AUDIT.c.type, _AUDIT.c.actor, _AUDIT.c.actor_name, _AUDIT.c.at, outcome)
        .where(_AUDIT.c.workspace == given("workspace"), *build_conditions(query))
        .order_by(_AUDIT.c.sequence.desc())
        .limit(MOST_COUNTED + 1)
    )


def count_facets(rows: Iterable[tuple[str, str, str, datetime, str | None]]) -> Facets:
    """Count what `select_facets` found."""
    found = [*rows]
    counted = found[:MOST_COUNTED]
    days = Counter(at.astimezone(UTC).date().isoformat() for *_, at, _ in counted)
    return Facets(
        counted=len(counted),
        is_complete=len(found) <= MOST_COUNTED,
        types=_rank(type_ for type_, *_ in counted),
        actors=_rank(name or id_ for _, id_, name, *_ in counted),
        outcomes=_rank(outcome.partition(":")[2] for *_, outcome in counted if outcome is not None),
        days=tuple(Tally(day, days[day]) for day in sorted(days, reverse=True)[:MOST_VALUES]),
    )


def _rank(values: Iterable[str]) -> tuple[Tally, ...]:
    ranked = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Tally(value, count) for value, count in ranked[:MOST_VALUES])


def _match(term: Term, pattern: Pattern) -> ColumnElement[bool]:
    if term.field is not Field.WORD:
        return _has(name_term(term.field, pattern.text), is_prefix=pattern.is_prefix, is_negated=term.is_negated)
    *words, last = split_words(pattern.text)
    return and_(
        *(_has(f"{Field.WORD}:{word}", is_prefix=False, is_negated=term.is_negated) for word in words),
        _has(f"{Field.WORD}:{last}", is_prefix=pattern.is_prefix, is_negated=term.is_negated),
    )


def _has(text: str, *, is_prefix: bool, is_negated: bool) -> ColumnElement[bool]:
    """Whether an event has a term.

    What is asked for leads to the events, and so does a prefix, which is no single look-up. A whole term that is not
    asked for is looked up for each event.
    """
    term = _POSTINGS.c.term
    wanted = and_(term >= text, term <= text + _LAST) if is_prefix else term == text
    within = (_POSTINGS.c.workspace == given("workspace"), wanted)
    if is_negated and not is_prefix:
        return exists().where(*within, _is_posted(_AUDIT))
    first = _POSTINGS.c.block.bitwise_lshift(_BITS)
    return _AUDIT.c.sequence.in_(
        select(_FOUND.c.sequence)
        .join_from(_POSTINGS, _FOUND, _FOUND.c.sequence.between(first, first + (1 << BLOCK_BITS) - 1))
        .where(*within, _is_posted(_FOUND))
    )


def _is_posted(audit: FromClause) -> ColumnElement[bool]:
    """Whether an event is one of a posting's."""
    sequence = audit.c.sequence
    place = sequence.bitwise_and((1 << BLOCK_BITS) - 1)
    return and_(
        _POSTINGS.c.block == sequence.bitwise_rshift(_BITS),
        _POSTINGS.c.events.bitwise_rshift(cast(place, Integer)).bitwise_and(1) == 1,
    )
