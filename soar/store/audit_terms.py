"""Which terms an audit event is found by."""

from collections.abc import Iterator, Mapping
from itertools import islice

from soar.model.audit_query import LONGEST_VALUE, fold, split_words
from soar.model.values import JsonValue

MOST_WORDS = 500
"""Words of an event that it is found by; those of the reason come first."""

_LONGEST_TEXT = 5_000  # characters of one text that are looked at
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
    found = [name_term(field, value) for field, value in _find_values(document)]
    words = islice(dict.fromkeys(_find_words(document)), MOST_WORDS)
    return [*dict.fromkeys((*found, *(f"word:{word}" for word in words)))]


def name_term(field: str, value: str) -> str:
    """Return what a field's value is found by."""
    return f"{field}:{fold(value[:LONGEST_VALUE])[:LONGEST_VALUE]}"


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
    texts = (text[:_LONGEST_TEXT] for name in _TEXTS for text in _walk(document.get(name)))
    return split_words("\n".join(islice(texts, MOST_WORDS)))


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
