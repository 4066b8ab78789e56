"""What is too large for a journal: kept once beside it, and put back where it was when the journal is read.

In the entry stands a reference, tagged as `soar.model.values` tags what JSON has no word for. Only what was written by
`dump_value` is looked into, so nothing that an alert or a product says can pass for a reference.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeGuard

from sqlalchemy import bindparam, select

from soar.model.errors import BugError
from soar.model.run import JournalEntry
from soar.model.values import TAG, JsonValue
from soar.store.repository import Repository
from soar.store.rows import PerDialect, dump_json, given, load_json
from soar.store.tables import BLOBS

LARGE = 16 * 1024
"""Characters of JSON that a value may have within an entry; a longer one becomes a blob."""

_KIND = "blob"
_RUN_FIELDS = frozenset({"outputs", "variables"})
_RECORD_FIELDS = frozenset({"output", "outputs", "item"})

_TABLE = BLOBS
_ADD = PerDialect(lambda insert: insert(_TABLE).on_conflict_do_nothing())
_LOAD = select(_TABLE.c.id, _TABLE.c.content).where(
    _TABLE.c.workspace == given("workspace"),
    _TABLE.c.run == given("run"),
    _TABLE.c.id.in_(bindparam("given_ids", expanding=True)),
)

_Change: TypeAlias = Callable[[JsonValue], JsonValue]


class Blobs(Repository):
    """The large values of a workspace's runs, each once a run, under the digest of its content."""

    __slots__ = ()

    def take_out(self, run: str, entries: Sequence[JournalEntry]) -> Sequence[JournalEntry]:
        """Return the entries with a reference in the place of each large value, which is kept here."""
        found: dict[str, bytes] = {}
        small = [_make_small(entry, found) for entry in entries]
        if found:
            rows = [{"workspace": self._workspace, "run": run, "id": id_, "content": found[id_]} for id_ in found]
            self._connection.execute(_ADD.on(self._connection), rows)
        return small

    def put_back(self, run: str, entries: Sequence[JournalEntry]) -> tuple[JournalEntry, ...]:
        """Return the entries as they were before `take_out`.

        Raises:
            BugError: a value that they refer to is not here.
        """
        wanted: dict[str, None] = {}
        for entry in entries:
            _change_values(entry, lambda content: _note(content, wanted))
        if not wanted:
            return tuple(entries)
        known = self._load(run, wanted)
        return tuple(_change_values(entry, lambda content: _resolve(content, known)) for entry in entries)

    def _load(self, run: str, wanted: Iterable[str]) -> Mapping[str, JsonValue]:
        found = self._run(_LOAD, given_run=run, given_ids=tuple(wanted))
        known: dict[str, JsonValue] = {row.id: load_json(row.content.decode()) for row in found}
        missing = [id_ for id_ in wanted if id_ not in known]
        if missing:
            raise BugError(f"the journal of run {run} refers to what is not there: {', '.join(missing)}")
        return known


def _make_small(entry: JournalEntry, found: dict[str, bytes]) -> JournalEntry:
    """Return an entry with references to its large values; most entries are no longer than such a value as a whole."""
    if max(len(dump_json(entry.event)), len(dump_json(entry.changes))) <= LARGE:
        return entry
    return _change_values(entry, lambda content: _refer(content, found))


def _refer(content: JsonValue, found: dict[str, bytes]) -> JsonValue:
    """Return a value, or a reference to it if it is large; then its text is added to what was found."""
    if not isinstance(content, str | list | dict):
        return content
    text = dump_json(content)
    if len(text) <= LARGE:
        return content
    written = text.encode()
    id_ = hashlib.sha256(written).hexdigest()
    found[id_] = written
    return {TAG: _KIND, "v": id_}


def _note(content: JsonValue, wanted: dict[str, None]) -> JsonValue:
    """Return a value as it is; if it is a reference, add what it refers to."""
    if _is_reference(content):
        wanted[str(content["v"])] = None
    return content


def _resolve(content: JsonValue, known: Mapping[str, JsonValue]) -> JsonValue:
    """Return what a reference refers to, and any other value as it is."""
    return known[str(content["v"])] if _is_reference(content) else content


def _is_reference(content: JsonValue) -> TypeGuard[dict[str, JsonValue]]:
    return isinstance(content, dict) and content.get(TAG) == _KIND


def _change_values(entry: JournalEntry, change: _Change) -> JournalEntry:
    """Return an entry with each of its values changed: those of the event, of the run and of its steps' records."""
    return replace(entry, event=_change_fields(entry.event, change), changes=_change_changes(entry.changes, change))


def _change_changes(changes: JsonValue, change: _Change) -> JsonValue:
    if not isinstance(changes, dict) or not isinstance(records := changes.get("records"), dict):
        return changes
    changed: JsonValue = {path: _change_fields(each, change, _RECORD_FIELDS) for path, each in records.items()}
    return {**changes, "run": _change_fields(changes.get("run"), change, _RUN_FIELDS), "records": changed}


def _change_fields(document: JsonValue, change: _Change, names: frozenset[str] | None = None) -> JsonValue:
    """Return a document with these of its fields changed; with all of them if none are named."""
    if not isinstance(document, dict):
        return document
    return {name: change(content) if names is None or name in names else content for name, content in document.items()}
