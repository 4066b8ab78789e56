"""How model values lie in columns: a column's type is its codec.

Column names are the model's field names, so a row is dumped and loaded by name; what a plain column cannot hold (JSON,
tuples, sets, nested records) is written as JSON text.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from operator import attrgetter
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import (
    BindParameter,
    Connection,
    DateTime,
    Executable,
    Select,
    String,
    Table,
    Update,
    bindparam,
    select,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from soar.model.approval import Card, Course, EscalationLevel, Inquiry, Member, Part, Reply, Vote, VoteChoice
from soar.model.catalog import Effect
from soar.model.errors import BugError, InputError
from soar.model.grant import Attribute, Grant, Scope
from soar.model.step import Assurance, Question
from soar.model.values import JsonValue, dump_value, load_value, parse_timestamp, print_timestamp

M = TypeVar("M")

DEEPEST = 250  # levels of nesting; what is deeper could be written, but perhaps not read again
_PLAIN = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME  # what is not JSON is refused, not turned
_MOST_MOMENTS = 256  # written ones that are kept; the rows of a decision bear the same few
_SLOW_MARK = " "  # in front of what only the standard library writes and reads without loss; still valid JSON


def dump_json(document: JsonValue) -> str:
    """Write JSON as text that `load_json` reads back exactly.

    Integers beyond 64 bits and lone surrogates take a slower way, and lose nothing either.

    Raises:
        InputError: the document is nested deeper than 250 levels (`store.depth`).
    """
    try:
        return orjson.dumps(document, option=_PLAIN).decode()
    except TypeError as error:
        if _is_deeper(document, DEEPEST):
            hint = "flatten what is sent"
            raise InputError(
                f"a document is nested deeper than {DEEPEST} levels", code="store.depth", hint=hint
            ) from error
        return _SLOW_MARK + json.dumps(document, allow_nan=False)


def _is_deeper(document: JsonValue, limit: int) -> bool:
    level: list[JsonValue] = [document]
    for _ in range(limit + 1):
        nested = [node for node in level if isinstance(node, dict | list)]
        level = [child for node in nested for child in (node.values() if isinstance(node, dict) else node)]
    return bool(level)


def load_json(text: str) -> Any:  # noqa: ANN401 -- JSON of a shape that only the column's codec knows
    """Read what `dump_json` wrote."""
    return json.loads(text) if text.startswith(_SLOW_MARK) else orjson.loads(text)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; one without a time zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Turn to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise BugError("a timestamp needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- as above
        """Name the zone where the database has none."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Write the text that SQLAlchemy writes for SQLite, without taking the moment apart."""
        return _print_moment if dialect.name == "sqlite" else super().bind_processor(dialect)


def _print_moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise BugError("a timestamp needs a time zone")
    return _print_utc(value.astimezone(UTC))


@lru_cache(maxsize=_MOST_MOMENTS)
def _print_utc(moment: datetime) -> str:
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")


class Coded(TypeDecorator[Any]):
    """Anything that a pair of functions turns into JSON and back."""

    impl = String
    cache_ok = True

    def __init__(self, dump: Callable[[Any], JsonValue], load: Callable[[Any], Any]) -> None:
        super().__init__()
        self.dump = dump
        self.load = load

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:  # noqa: ARG002 -- SQLAlchemy's signature
        """Write the JSON text, with no step between: every driver takes text as it is."""
        dump = self.dump
        return lambda value: dump_json(dump(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        """Read the JSON text."""
        return None if value is None else self.load(load_json(value))


class Choice(TypeDecorator[Any]):
    """A member of a closed set, as its word."""

    impl = String
    cache_ok = True

    def __init__(self, members: type) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        """Write the plain word."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 -- SQLAlchemy's signature
        """Read the word."""
        return None if value is None else self.members(value)


def _same(document: JsonValue) -> JsonValue:
    return document


def _load_lists(found: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(texts) for key, texts in found.items()}


def _dump_values(values: Mapping[str, Any]) -> JsonValue:
    return {key: dump_value(value) for key, value in values.items()}


def _load_values(document: Mapping[str, JsonValue]) -> dict[str, Any]:
    return {key: load_value(value) for key, value in document.items()}


def _dump_moments(moments: Sequence[datetime]) -> JsonValue:
    return [print_timestamp(moment) for moment in moments]


def _load_moments(texts: Sequence[str]) -> tuple[datetime, ...]:
    return tuple(map(parse_timestamp, texts))


def _dump_card(card: Card) -> JsonValue:
    plain = {field.name: getattr(card, field.name) for field in fields(Card)}
    return {**plain, "targets": list(card.targets), "evidence": [list(pair) for pair in card.evidence]}


def _load_card(document: dict[str, Any]) -> Card:
    decoded = {
        "effect": Effect(document["effect"]),
        "targets": tuple(document["targets"]),
        "evidence": tuple((label, text) for label, text in document["evidence"]),
    }
    return Card(**{**document, **decoded})


def _dump_votes(votes: Sequence[Vote]) -> JsonValue:
    return [
        {
            "user": vote.user,
            "name": vote.name,
            "roles": list(vote.roles),
            "choice": vote.choice,
            "assurance": vote.assurance,
            "via": vote.via,
            "at": print_timestamp(vote.at),
            "comment": vote.comment,
            "for_user": vote.for_user,
            "for_name": vote.for_name,
            "only": list(vote.only),
        }
        for vote in votes
    ]


def _load_vote(document: dict[str, Any]) -> Vote:
    decoded = {
        "roles": tuple(document["roles"]),
        "only": tuple(document.get("only", ())),
        "choice": VoteChoice(document["choice"]),
        "assurance": Assurance(document["assurance"]),
        "at": parse_timestamp(document["at"]),
    }
    return Vote(**{**document, **decoded})


def _load_votes(documents: Sequence[dict[str, Any]]) -> tuple[Vote, ...]:
    return tuple(map(_load_vote, documents))


def _dump_escalations(levels: Sequence[EscalationLevel]) -> JsonValue:
    return [[print_timestamp(level.at), level.to, level.is_reached, level.may_decide, [*level.via]] for level in levels]


def _load_escalations(documents: Sequence[Any]) -> tuple[EscalationLevel, ...]:
    return tuple(map(_load_level, documents))


def _load_level(document: Sequence[Any]) -> EscalationLevel:
    at, to, is_reached, *later = document  # older ones have three parts, or four
    via = later[1] if len(later) > 1 else ()
    return EscalationLevel(parse_timestamp(at), to, is_reached, may_decide=not later or later[0], via=tuple(via))


def _dump_form(form: Mapping[str, Question]) -> JsonValue:
    return {
        name: {
            "type": asked.type,
            "label": asked.label,
            "enum": list(asked.enum),
            "has_default": asked.has_default,
            "default": asked.default,
        }
        for name, asked in form.items()
    }


def _load_form(documents: Mapping[str, dict[str, Any]]) -> dict[str, Question]:
    return {name: Question(**{**document, "enum": tuple(document["enum"])}) for name, document in documents.items()}


def _dump_reply(reply: Reply | None) -> JsonValue:
    if reply is None:
        return None
    return {
        "user": reply.user,
        "name": reply.name,
        "roles": list(reply.roles),
        "via": reply.via,
        "at": print_timestamp(reply.at),
        "answers": _dump_values(reply.answers),
    }


def _load_reply(document: dict[str, Any] | None) -> Reply | None:
    if document is None:
        return None
    decoded = {
        "roles": tuple(document["roles"]),
        "at": parse_timestamp(document["at"]),
        "answers": _load_values(document["answers"]),
    }
    return Reply(**{**document, **decoded})


def _dump_course(course: Course) -> JsonValue:
    return {
        "inquiries": [[each.user, each.name, print_timestamp(each.at), each.text] for each in course.inquiries],
        "extended_by": course.extended_by,
        "exclude": list(course.exclude),
        "policy": course.policy,
        "standing": course.standing,
        "members": [[member.id, member.digest] for member in course.members],
        "parts": [[part.path, *part.targets] for part in course.parts],
    }


def _load_course(document: dict[str, Any]) -> Course:
    if not document:  # of a question from before there was any
        return Course()
    inquiries = (
        Inquiry(user=user, name=name, at=parse_timestamp(at), text=text)
        for user, name, at, text in document["inquiries"]
    )
    decoded = {
        "inquiries": tuple(inquiries),
        "exclude": tuple(document["exclude"]),
        "members": tuple(Member(*member) for member in document.get("members", ())),
        "parts": tuple(Part(path, tuple(targets)) for path, *targets in document.get("parts", ())),
    }
    return Course(**{**document, **decoded})


def _dump_scope(scope: Scope | None) -> JsonValue:
    return None if scope is None else {key.value: list(names) for key, names in sorted(scope.limits.items())}


def _load_scope(document: Mapping[str, Sequence[str]] | None) -> Scope | None:
    return None if document is None else _build_scope(document)


def _build_scope(document: Mapping[str, Sequence[str]]) -> Scope:
    return Scope({Attribute(key): tuple(names) for key, names in document.items()})


def _dump_grants(grants: Sequence[Grant]) -> JsonValue:
    return [[grant.role, _dump_scope(grant.scope)] for grant in grants]


def _load_grants(documents: Sequence[tuple[str, Mapping[str, Sequence[str]]]]) -> tuple[Grant, ...]:
    return tuple(Grant(role, _build_scope(scope)) for role, scope in documents)


Json = Coded(_same, _same)
Texts = Coded(list, tuple)
TextSet = Coded(sorted, frozenset)
TextLists = Coded(_same, _load_lists)
Values = Coded(_dump_values, _load_values)
Moments = Coded(_dump_moments, _load_moments)
CardText = Coded(_dump_card, _load_card)
Votes = Coded(_dump_votes, _load_votes)
Escalations = Coded(_dump_escalations, _load_escalations)
Form = Coded(_dump_form, _load_form)
ReplyText = Coded(_dump_reply, _load_reply)
CourseText = Coded(_dump_course, _load_course)
ScopeText = Coded(_dump_scope, _load_scope)
Grants = Coded(_dump_grants, _load_grants)


def given(name: str) -> BindParameter[Any]:
    """Return the parameter that a prebuilt statement takes under `given_<name>`."""
    return bindparam(f"given_{name}")


class PerDialect:
    """A statement with `ON CONFLICT`, which SQLAlchemy knows for each database apart.

    It is built when it is first run on a database, so that what SQLAlchemy knows of others is not loaded.

    Args:
        build: makes the statement with the `insert` of a database.
    """

    def __init__(self, build: Callable[[Any], Executable]) -> None:
        self._build = build
        self._statements: dict[str, Executable] = {}

    def on(self, connection: Connection) -> Executable:
        """Return the statement for this connection's database."""
        name = connection.dialect.name
        statement = self._statements.get(name)
        if statement is None:
            statement = self._statements[name] = self._build(import_module(f"sqlalchemy.dialects.{name}").insert)
        return statement


class Rows(Generic[M]):
    """How one model type lies in one table, and the statements that every repository needs.

    Each statement names the workspace: what reads or changes filters by it, what adds stamps it.

    Args:
        table: has a column for each field of the model, and `workspace`.
        model: a dataclass.
        key: fields by which one row is changed.
        position: column that counts up with each row; lists follow it.
    """

    def __init__(
        self, table: Table, model: type[M], *, key: tuple[str, ...] = ("id",), position: str = "position"
    ) -> None:
        self.table = table
        self.model = model
        self.position = position
        self.names = tuple(field.name for field in fields(model))  # type: ignore[arg-type]  # a dataclass, as said
        self.add = PerDialect(
            lambda insert: insert(table).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)
        )
        self._values = attrgetter(*self.names)
        self._key = key

    def where(self, *names: str) -> Select[Any]:
        """Select the model's columns of the workspace's rows with these columns given."""
        columns = (self.table.c[name] for name in self.names)
        return select(*columns).where(*self.match(*names))

    def match(self, *names: str) -> tuple[Any, ...]:
        """Return the conditions that bind a statement to the workspace and to these columns."""
        return tuple(self.table.c[name] == given(name) for name in ("workspace", *names))

    def change(self) -> Update:
        """Update the row with the model's key."""
        return update(self.table).where(*self.match(*self._key))

    def upsert(self) -> PerDialect:
        """Add a row, or replace the one with the model's key."""
        return PerDialect(self._upsert)

    def _upsert(self, insert: Any) -> Executable:  # noqa: ANN401 -- each dialect has an `insert` of its own
        statement = insert(self.table)
        replaced = {name: statement.excluded[name] for name in self.names if name not in self._key}
        upsert: Executable = statement.on_conflict_do_update(index_elements=("workspace", *self._key), set_=replaced)
        return upsert

    def dump(self, item: M) -> dict[str, Any]:
        """Return the item's column values by name."""
        return dict(zip(self.names, self._values(item), strict=True))

    def dump_new(self, item: M, before: M) -> dict[str, Any]:
        """Return the column values that are other objects than they were before, by name."""
        pairs = zip(self.names, self._values(item), self._values(before), strict=True)
        return {name: value for name, value, old in pairs if value is not old}

    def dump_change(self, item: M) -> dict[str, Any]:
        """Return the values for `change`: the key is given, everything else is set."""
        return {(f"given_{name}" if name in self._key else name): value for name, value in self.dump(item).items()}

    def load(self, row: Sequence[Any]) -> M:
        """Build the item from its columns in the order of its fields."""
        return self.model(**dict(zip(self.names, row, strict=True)))
