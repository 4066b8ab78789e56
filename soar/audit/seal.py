"""What can be erased from an event later: in its leaf stands a salted commitment to it, and not the thing itself.

The event is kept whole, with a salt for each of these fields. Once a field and its salt are gone, the commitment takes
the field's place, and the leaf is the same as before.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from soar.model.audit import AuditRecord
from soar.model.canonical import canonicalize
from soar.model.ids import Randomness
from soar.model.values import JsonValue

ABOUT_ACTOR = ("actor.name", "actor.ip")
"""Fields that say who somebody is."""

ABOUT_TARGET = ("target.name", "target.title", "target.targets", "before", "after")
"""Fields that say what something was done to."""

REASON = "reason"
"""What people or products wrote."""

ERASABLE = (*ABOUT_ACTOR, *ABOUT_TARGET, REASON)
"""Fields that may be erased, as paths from the event on."""

_MARK = "sealed"
_PURPOSE = b"soar/audit/sealed/v1\0"
_SALT_BYTES = 16
_PEOPLE = frozenset({"user", "token"})
_NOT_ACTORS = (*ABOUT_TARGET, REASON)
_PLACES: Mapping[str, tuple[str, str]] = {path: path.rpartition(".")[::2] for path in ERASABLE}  # holder and name
_COMMITMENT = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def draw_salts(document: Mapping[str, JsonValue], randomness: Randomness) -> dict[str, str]:
    """Return a salt in hex for each field of an event that may have to be erased; none where there is nothing in it."""
    erasable = ERASABLE if _find(document, "actor", "kind") in _PEOPLE else _NOT_ACTORS
    return {path: randomness.bytes(_SALT_BYTES).hex() for path in erasable if _find(document, *_PLACES[path])}


def seal_document(
    document: Mapping[str, JsonValue],
    salts: Mapping[str, str],
    write: Callable[[JsonValue], bytes] = canonicalize,
) -> dict[str, JsonValue]:
    """Return a document with commitments in the place of the fields that have a salt.

    Args:
        document: an event.
        salts: in hex, by field.
        write: gives the canonical bytes.

    Raises:
        ValueError: there is a salt for what is not there or may not be erased, or a salt is none.
    """
    sealed = dict(document)
    for path, salt in salts.items():
        outer, name = _PLACES.get(path, ("", ""))
        holder = sealed.get(outer) if outer else sealed
        drawn = bytes.fromhex(salt)
        if not isinstance(holder, dict) or name not in holder or len(drawn) != _SALT_BYTES:
            raise ValueError(f"{path} is no field with a salt")
        committed: dict[str, JsonValue] = {**holder, name: {_MARK: _commit(drawn, write(holder[name]))}}
        sealed = {**sealed, outer: committed} if outer else committed
    return sealed


def erase_fields(record: AuditRecord, paths: Collection[str]) -> AuditRecord:
    """Return a record without these fields, as far as they can be erased; its leaf stays what it is."""
    gone = {path: salt for path, salt in record.salts.items() if path in paths}
    kept = {path: salt for path, salt in record.salts.items() if path not in paths}
    return replace(record, document=seal_document(record.document, gone), salts=kept)


def find_erased(document: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Return the fields of an event that are erased."""
    return tuple(path for path in ERASABLE if _is_commitment(_find(document, *_PLACES[path])))


def blank_erased(document: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return an event for people to read, with nothing where something was erased, and `erased` naming those fields."""
    shown = dict(document)
    erased = find_erased(document)
    for path in erased:
        outer, name = _PLACES[path]
        holder = shown.get(outer)
        shown |= {outer: {**holder, name: None}} if isinstance(holder, dict) else {name: None}
    return {**shown, "erased": [*erased]} if erased else shown


def _commit(salt: bytes, field: bytes) -> str:
    return f"sha256:{hashlib.sha256(_PURPOSE + salt + field).hexdigest()}"


def _find(document: Mapping[str, JsonValue], outer: str, name: str) -> JsonValue:
    if not outer:
        return document.get(name)
    holder = document.get(outer)
    return holder.get(name) if isinstance(holder, dict) else None


def _is_commitment(field: JsonValue) -> bool:
    match field:
        case {"sealed": str(text), **rest} if not rest:
            return _COMMITMENT.fullmatch(text) is not None
        case _:
            return False
