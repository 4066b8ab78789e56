"""Entries of lists, in their caller's transaction, with their audit."""

import re
from dataclasses import dataclass
from datetime import datetime

from soar.audit.record import record
from soar.lists.match import list_covering, normalize
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import InputError, NotFoundError
from soar.model.ids import Ids
from soar.model.lists import ListEntry, ValueList
from soar.model.values import JsonValue, print_timestamp
from soar.store import Unit

LONGEST_VALUE = 1_000
"""Characters of an entry's value."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """On whose behalf a list is changed.

    Attributes:
        by: principal as entries name it: `user:…`, `run:…` or `system:…`.
        actor: the same for the audit.
        context: ids for the audit, such as those of run and step.
    """

    by: str
    actor: Actor
    context: dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """What is to stand on a list.

    Attributes:
        id: `le_…`; adding an entry whose id stands there already changes nothing.
        value: as written; its one form is what is kept.
        expires_at: None is never.
    """

    id: str
    list: str
    value: str
    note: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Addition:
    """What came of adding.

    Attributes:
        entry: what stands on the list now.
        is_new: whether it is what was to be added; else what stood there lasts as long, and stayed.
    """

    entry: ListEntry
    is_new: bool


def make_list(unit: Unit, name: str, *, keeper: Keeper, ids: Ids, at: datetime) -> None:
    """Make a list, if there is none with this name.

    Raises:
        InputError: it is no name for a list.
    """
    if unit.lists.get(name) is not None:
        return
    if not _NAME.fullmatch(name):
        hint = "lower-case letters, digits, hyphens and underscores; 80 at most"
        raise InputError(f"`{name}` is no name for a list", code="list.name", hint=hint)
    unit.lists.add(ValueList(name=name, created_at=at, created_by=keeper.by))
    _record(unit, "list.created", name, keeper, ids, at)


def add_entry(unit: Unit, new: NewEntry, *, keeper: Keeper, ids: Ids, at: datetime) -> Addition:
    """Put a value on a list. Where it stands there already, what lasts longer stays.

    Raises:
        InputError: the value is empty, or longer than 1,000 characters.
        NotFoundError: there is no such list.
    """
    _check_list(unit, new.list)
    unit.lists.prune(new.list, at)
    value = _read_value(new.value)
    known = next(iter(unit.lists.find(new.list, [value], at)), None)
    if known is not None and (known.id == new.id or _lasts(known.expires_at, new.expires_at)):
        return Addition(known, is_new=known.id == new.id)
    entry = ListEntry(
        id=new.id,
        list=new.list,
        value=value,
        note=new.note,
        added_by=keeper.by,
        added_at=at,
        expires_at=new.expires_at,
    )
    unit.lists.remove_entry(new.list, value)
    unit.lists.add_entry(entry)
    _record(unit, "list.entry_added", new.list, keeper, ids, at, before=known, after=entry)
    return Addition(entry, is_new=True)


def remove_entry(
    unit: Unit, name: str, value: str, *, only: str | None = None, keeper: Keeper, ids: Ids, at: datetime
) -> bool:
    """Take a value off a list; return whether it was there. A wider entry that covers it stays.

    Args:
        unit: the transaction.
        name: of the list.
        value: what was added, in any of its forms.
        only: the id of the one entry that may go; an entry that somebody else put there stays.
        keeper: who takes it off.
        ids: new identifiers.
        at: the moment.

    Raises:
        NotFoundError: there is no such list.
    """
    _check_list(unit, name)
    known = next(iter(unit.lists.find(name, [normalize(value)], at)), None)
    if known is None or only not in (None, known.id):
        return False
    unit.lists.remove_entry(name, known.value)
    _record(unit, "list.entry_removed", name, keeper, ids, at, before=known)
    return True


def find_entry(unit: Unit, name: str, value: str, at: datetime) -> ListEntry | None:
    """Return the closest entry of a list that covers a value.

    Raises:
        NotFoundError: there is no such list. An empty answer would turn a slip in its name into "not on the list".
    """
    _check_list(unit, name)
    covering = list_covering(value)
    found = unit.lists.find(name, covering, at)
    return min(found, key=lambda entry: covering.index(entry.value), default=None)


def _check_list(unit: Unit, name: str) -> None:
    if unit.lists.get(name) is None:
        raise NotFoundError(f"there is no list {name}", hint="`soar list ls` shows them; `soar list add` makes one")


def _read_value(text: str) -> str:
    value = normalize(text)
    if not 0 < len(value) <= LONGEST_VALUE:
        raise InputError(
            f"a value on a list has 1 to {LONGEST_VALUE} characters, not {len(value)}",
            code="list.value",
            hint="name an address, a network, a domain or another short text",
        )
    return value


def _lasts(known: datetime | None, new: datetime | None) -> bool:
    """Whether what is known lasts at least as long as what is new."""
    return known is None or (new is not None and known >= new)


def _record(
    unit: Unit,
    type_: str,
    name: str,
    keeper: Keeper,
    ids: Ids,
    at: datetime,
    *,
    before: ListEntry | None = None,
    after: ListEntry | None = None,
) -> None:
    event = AuditEvent(
        type=type_,
        outcome=Outcome.SUCCESS,
        actor=keeper.actor,
        target={"kind": "list", "id": name},
        before=_describe(before) if before else None,
        after=_describe(after) if after else None,
        context=keeper.context,
    )
    record(unit, event, at=at, id=ids.new("ev"))


def _describe(entry: ListEntry) -> dict[str, JsonValue]:
    until = print_timestamp(entry.expires_at) if entry.expires_at else None
    return {"id": entry.id, "value": entry.value, "note": entry.note, "added_by": entry.added_by, "expires_at": until}
