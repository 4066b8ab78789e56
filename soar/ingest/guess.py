"""What an unknown product's document says, from the names of its fields and the shapes of their values. Pure.

The document is walked level by level, so that what stands near its top counts before what stands deep inside, and no
further than `MOST_NODES`: a guess costs little, whatever was sent.
"""

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar

from soar.expr.observables import find_observables
from soar.ingest.names import (
    FINGERPRINTS,
    HOSTS,
    NO_ENTITIES,
    SCORES,
    SEVERITIES,
    TIMES,
    TITLES,
    URLS,
    USERS,
    rank_time,
)
from soar.ingest.severity import read_score, read_word
from soar.ingest.strict_json import parse_json
from soar.model.alert import Severity
from soar.model.errors import InputError
from soar.model.moment import read_moment
from soar.model.observable import ObservableKind
from soar.model.values import JsonValue

T = TypeVar("T")

MOST_NODES: Final = 5_000
"""Values of a document that are looked at."""

_LONGEST_TITLE: Final = 300
_MOST_TITLE_NAMES: Final = 3
_LONGEST_NAME: Final = 256
_LONGEST_TEXT: Final = 20_000  # characters of one value that are searched
_LONGEST_ALL: Final = 200_000  # and of all
_MOST_ENTITIES: Final = 200
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_DIGITS: Final = re.compile(r"[0-9]+")
_NAME: Final = re.compile(r"[\w.@\\$+-][\w .@\\$+-]*", re.ASCII)
_NO_NAMES: Final = frozenset({"-", "n/a", "none", "null", "unknown", "true", "false", "redacted"})
_LOOK_ALIKES: Final = {  # by how a name ends: what its value looks like and is not
    "id": ObservableKind.HASH,
    "arn": ObservableKind.HASH,
    "version": ObservableKind.IP,
}
_EARLIEST: Final = 1990  # years before stand for none: 0001 and 1970
_SUFFIXES: Final = frozenset({"s", "b", "d", "t", "g", "dt", "utc"})  # a type or a zone after the name: `host_name_s`


@dataclass(frozen=True, slots=True)
class Guess:
    """What a document seems to say.

    Attributes:
        fingerprint: equal for documents that say the same of the same things; empty if there is nothing to go by.
    """

    title: str | None = None
    severity: Severity | None = None
    time: datetime | None = None
    url: str | None = None
    fingerprint: str = ""
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NOTHING: Final = Guess()


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value that is neither a list nor a map.

    Attributes:
        name: its field's, without what parts the words: `hostName` and `host_name` are `hostname`.
        path: the names of the fields around it, and its own.
        depth: how many fields it stands in.
    """

    name: str
    path: tuple[str, ...]
    depth: int
    value: str | float


def guess_alert(raw: JsonValue) -> Guess:
    """Return what a document seems to say."""
    leaves = list(_walk(raw))
    url = _find(leaves, URLS, _read_link)
    entities = _find_entities(leaves, url)
    title = _find_title(leaves) or _name_entities(entities)
    return Guess(
        title=title,
        severity=_find(leaves, SEVERITIES, _read_severity) or _find(leaves, SCORES, _read_number),
        time=_find_time(leaves),
        url=url,
        fingerprint=_find(leaves, FINGERPRINTS, _read_text) or _digest(title, entities),
        entities=entities,
    )


def _walk(raw: JsonValue) -> Iterator[_Leaf]:
    waiting: deque[tuple[tuple[str, ...], int, JsonValue]] = deque([((), 0, raw)])
    for _ in range(MOST_NODES):
        if not waiting:
            return
        path, depth, value = waiting.popleft()
        match value:
            case dict():
                waiting.extend(
                    ((*path, fold_name(key)), depth + 1, inner) for key, inner in islice(value.items(), MOST_NODES)
                )
            case list():
                waiting.extend((path, depth, inner) for inner in islice(_name_pairs(value), MOST_NODES))
            case str() if (inner := _open(value)) is not None:
                waiting.append((path, depth, inner))
            case str() | int() | float() if not isinstance(value, bool) and value != "":
                yield _Leaf(path[-1] if path else "", path, depth, value)


def _open(text: str) -> JsonValue:
    """Return the document that a text holds, as forwarders wrap one in a message; None where it holds none."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return parse_json(text.encode("utf-8", "replace"), is_large_text=True)
    except InputError:
        return None


def _name_pairs(elements: list[JsonValue]) -> Iterator[JsonValue]:
    """Read `{"name": "user", "value": "ann"}` as `{"user": "ann"}`."""
    for element in elements:
        if isinstance(element, dict) and len(element) <= 4:  # noqa: PLR2004 -- a pair has little beside it
            folded = {fold_name(key): value for key, value in element.items()}
            name = folded.get("key", folded.get("name"))
            if isinstance(name, str) and "value" in folded:
                yield {name: folded["value"]}
                continue
        yield element


def fold_name(name: str) -> str:
    """Return a field's name without what parts its words, and without a type after it (`host_name_s`)."""
    words = [word.lower() for word in _WORDS.findall(name[:_LONGEST_NAME])]
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return "".join(words)


def _find(leaves: Sequence[_Leaf], names: Mapping[str, int], read: Callable[[_Leaf], T | None]) -> T | None:
    """Return the value of the best named field that has one; among equals the one nearest to the top."""
    ranked = sorted((_rank(leaf, names), position) for position, leaf in enumerate(leaves) if _is_named(leaf, names))
    return next((value for _, position in ranked if (value := read(leaves[position])) is not None), None)


def _is_named(leaf: _Leaf, names: Mapping[str, int]) -> bool:
    return leaf.name in names or _get_pair(leaf) in names


def _get_pair(leaf: _Leaf) -> str:
    """Return its name with that of the field around it: `rule.name`."""
    return ".".join(leaf.path[-2:])


def _rank(leaf: _Leaf, names: Mapping[str, int]) -> int:
    best = min(names.get(_get_pair(leaf), 1_000), names.get(leaf.name, 1_000))
    return best + 4 * leaf.depth


def _find_title(leaves: Sequence[_Leaf]) -> str | None:
    title = _find(leaves, TITLES, _read_title)
    return title or next((text for leaf in leaves if " " in str(leaf.value) and (text := _read_title(leaf))), None)


def _name_entities(entities: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return a title for a document without one: what it is about."""
    named = [text for texts in entities.values() for text in texts][:_MOST_TITLE_NAMES]
    return f"Alert about {', '.join(named)}"[:_LONGEST_TITLE] if named else None


def _find_time(leaves: Sequence[_Leaf]) -> datetime | None:
    found = _find(leaves, TIMES, _read_time)
    if found is not None:
        return found
    ranked = sorted(
        (rank + 4 * leaf.depth, position)
        for position, leaf in enumerate(leaves)
        if (rank := rank_time(leaf.name)) is not None
    )
    return next((moment for _, position in ranked if (moment := _read_time(leaves[position])) is not None), None)


def _find_entities(leaves: Sequence[_Leaf], link: str | None) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {kind.value: {} for kind in ObservableKind}
    left = _LONGEST_ALL
    for leaf in leaves:
        is_link = leaf.value == link and leaf.name != "url"  # a bare `url` may be what it is about
        if isinstance(leaf.value, str) and not is_link and not NO_ENTITIES.intersection(leaf.path):
            text = leaf.value[: min(left, _LONGEST_TEXT)]
            left -= len(text)
            for kind, name in _read_entities(leaf, text):
                found[kind].setdefault(name)
    return {kind: tuple(islice(texts, _MOST_ENTITIES)) for kind, texts in found.items() if texts}


def _read_entities(leaf: _Leaf, text: str) -> Iterator[tuple[ObservableKind, str]]:
    looks = _LOOK_ALIKES.get(next((end for end in _LOOK_ALIKES if leaf.name.endswith(end)), ""))
    seen = [one for one in find_observables(text) if one.type.kind is not looks]
    yield from ((one.type.kind, one.value) for one in seen)
    is_address = any(one.type.kind is ObservableKind.IP and one.value == text.strip().lower() for one in seen)
    if is_address or not _is_name(text):
        return
    if leaf.name in USERS or _get_pair(leaf) in USERS:
        yield ObservableKind.USER, text.strip()
    elif leaf.name in HOSTS or _get_pair(leaf) in HOSTS:
        yield ObservableKind.HOST, text.strip()


def _is_name(text: str) -> bool:
    """Return whether a text can be what somebody or something is called."""
    plain = text.strip()
    return len(plain) <= _LONGEST_NAME and _NAME.fullmatch(plain) is not None and plain.lower() not in _NO_NAMES


def _read_title(leaf: _Leaf) -> str | None:
    text = _read_text(leaf)
    first = text.splitlines()[0].strip()[:_LONGEST_TITLE] if text else ""
    is_text = any(character.isalpha() for character in first) and not first.startswith(
        ("http://", "https://", "{", "[")
    )
    return first if is_text else None


def _read_text(leaf: _Leaf) -> str | None:
    text = leaf.value.strip() if isinstance(leaf.value, str) else ""
    return text or None


def _read_severity(leaf: _Leaf) -> Severity | None:
    return read_word(leaf.value) if isinstance(leaf.value, str) else None


def _read_number(leaf: _Leaf) -> Severity | None:
    try:
        return read_score(float(leaf.value))
    except ValueError:
        return None


def _read_time(leaf: _Leaf) -> datetime | None:
    moment = read_moment(leaf.value)
    return moment if moment is not None and moment.year >= _EARLIEST else None


def _read_link(leaf: _Leaf) -> str | None:
    text = _read_text(leaf) or ""
    return text if text.lower().startswith(("https://", "http://")) and " " not in text else None


def _digest(title: str | None, entities: Mapping[str, tuple[str, ...]]) -> str:
    """Return a digest of what it is about: the title without its numbers, and what it names."""
    if title is None and not entities:
        return ""
    named = "|".join(f"{kind}={','.join(sorted(texts))}" for kind, texts in sorted(entities.items()))
    return hashlib.sha256(f"{_DIGITS.sub('0', title or '')}|{named}".encode("utf-8", "replace")).hexdigest()
