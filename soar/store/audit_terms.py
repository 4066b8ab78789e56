"""Which terms an audit event is found by."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice

from soar.model.audit_query import LONGEST_VALUE, fold, split_words
from soar.model.values import JsonValue

MOST_WORDS = 500
"""Words of an event that it is found by; those of the reason come first."""

_LONGEST_TEXT = 5_000  # characters of one text that are looked at
_SHORT = 100  # characters of a text whose terms stay in memory; most events say what others have said before
_MOST_KNOWN = 4_000
_DAY = len("2026-11-01")
_TEXTS = ("reason", "target", "actor", "after", "before")
_OWN = frozenset({"action", "connection", "approval", "run", "playbook", "alert", "case"})  # kinds that are fields
_PLACES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "": (("type", "type"), ("outcome", "outcome"), ("id", "id")),
    "actor": (("actor", "id"), ("actor", "name"), ("role", "roles"), ("via", "via"), ("ip", "ip")),
    "target": (
        *(("target", key) for key in ("id", "name", "code", "host", "targets")),
        *(("host", key) for key in ("host", "targets")),
        *((key, key) for key in ("kind", "action", "connection", "run")),
    ),
    "context": tuple((key, key) for key in ("effect", "approval", "run", "step", "playbook", "alert", "case")),
}
"""Where fields stand: in which part, and there the field's name and the key. No part is the document itself."""


def find_terms(document: Mapping[str, JsonValue]) -> list[str]:
    """Return the terms of an event, each once, whatever shape it has."""
    found = [_name_term(field, value) for field, value in _find_values(document)]
    words = islice(dict.fromkeys(_find_words(document)), MOST_WORDS)
    return [*dict.fromkeys((*found, *words))]


def name_term(field: str, value: str) -> str:
    """Return what a field's value is found by."""
    return f"{field}:{fold(value[:LONGEST_VALUE])[:LONGEST_VALUE]}"


def _name_term(field: str, value: str) -> str:
    return _name_known(field, value) if len(value) <= _SHORT else name_term(field, value)


_name_known = lru_cache(maxsize=_MOST_KNOWN)(name_term)


def _find_values(document: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """Yield what an event says in its fields: their names are the members of `Field`."""
    for name, places in _PLACES.items():
        part = document if name == "" else document.get(name)
        if isinstance(part, dict):
            for field, key in places:
                yield from ((field, value) for value in _list_texts(part.get(key)))
    target = document.get("target")
    if isinstance(target, dict) and target.get("kind") in _OWN:
        yield from ((str(target["kind"]), value) for value in _list_texts(target.get("id")))
    yield from (("day", at[:_DAY]) for at in _list_texts(document.get("at")))


def _list_texts(value: JsonValue) -> list[str]:
    """Return a text, or the texts of a list; empty ones are none."""
    if isinstance(value, str):
        return [value] if value else []
    return [element for element in value if isinstance(element, str) and element] if isinstance(value, list) else []


def _find_words(document: Mapping[str, JsonValue]) -> Iterator[str]:
    """Yield the terms of an event's words."""
    texts = (text[:_LONGEST_TEXT] for name in _TEXTS for text in _walk(document.get(name)))
    return chain.from_iterable(map(_list_words, islice(texts, MOST_WORDS)))


def _list_words(text: str) -> tuple[str, ...]:
    return _list_known_words(text) if len(text) <= _SHORT else _name_words(text)


def _name_words(text: str) -> tuple[str, ...]:
    return tuple(f"word:{word}" for word in split_words(text))


_list_known_words = lru_cache(maxsize=_MOST_KNOWN)(_name_words)


def _walk(root: JsonValue) -> Iterator[str]:
    """Yield every text in a document, without its keys; a deep one needs no deep stack."""
    left = [root]
    while left:
        match left.pop():
            case str(text):
                yield text
            case list(elements):
                left.extend(reversed(elements))
            case dict(fields):
                left.extend(reversed(fields.values()))
