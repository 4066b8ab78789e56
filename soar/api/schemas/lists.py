"""Lists that playbooks look values up in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from soar.api.schemas.base import Incoming
from soar.lists.service import LONGEST_VALUE
from soar.model.lists import ListEntry, ValueList

_LONGEST_NOTE = 1_000


class EntrySent(Incoming):
    """A value that is to stand on a list; the first one makes the list."""

    value: Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE)]
    note: Annotated[str, Field(max_length=_LONGEST_NOTE)] = ""
    expires_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """A list, with how many entries it has now."""

    name: str
    entries: int
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """All lists, by name."""

    items: tuple[ListView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """A value on a list, in the one form in which values are compared."""

    id: str
    value: str
    note: str
    added_by: str
    added_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAdded:
    """What stands on the list now; `is_new` is false where it stood there already and lasts as long."""

    is_new: bool
    entry: EntryView


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDetail:
    """A list with a page of its entries, newest first."""

    name: str
    created_at: datetime
    created_by: str
    items: tuple[EntryView, ...]
    next: str | None


def view_list(found: ValueList, entries: int) -> ListView:
    """Return a list with the number of its entries."""
    return ListView(name=found.name, entries=entries, created_at=found.created_at, created_by=found.created_by)


def view_entry(entry: ListEntry) -> EntryView:
    """Return an entry."""
    return EntryView(
        id=entry.id,
        value=entry.value,
        note=entry.note,
        added_by=entry.added_by,
        added_at=entry.added_at,
        expires_at=entry.expires_at,
    )
