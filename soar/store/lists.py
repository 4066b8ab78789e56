"""Lists that playbooks look values up in, and their entries."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, or_, select

from soar.model.lists import ListEntry, ValueList
from soar.model.page import Page
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.tables import LIST_ENTRIES, LISTS

_LISTS = Rows(LISTS, ValueList, key=("name",))
_GET = _LISTS.where("name")
_ALL = _LISTS.where().order_by(_LISTS.table.c.name)

_ENTRIES = Rows(LIST_ENTRIES, ListEntry)
_ENTRY = _ENTRIES.table.c
_LIVES = or_(_ENTRY.expires_at.is_(None), _ENTRY.expires_at > given("at"))
_FIND = _ENTRIES.where("list").where(_ENTRY.value.in_(bindparam("given_values", expanding=True)), _LIVES)
_PAGE = _ENTRIES.where("list").where(_LIVES)
_COUNTS = select(_ENTRY.list, func.count().label("entries")).where(*_ENTRIES.match(), _LIVES).group_by(_ENTRY.list)
_REMOVE = delete(_ENTRIES.table).where(*_ENTRIES.match("list", "value"))
_PRUNE = delete(_ENTRIES.table).where(*_ENTRIES.match("list"), _ENTRY.expires_at <= given("at"))


class Lists(Repository):
    """The lists of a workspace. An entry that has expired is not found, shown or counted."""

    __slots__ = ()

    def add(self, made: ValueList) -> None:
        """Add a list.

        Raises:
            ConflictError: the name is taken.
        """
        self._add(_LISTS, made, f"there is a list {made.name} already")

    def get(self, name: str) -> ValueList | None:
        """Return the list with this name."""
        return self._first(_LISTS, _GET, given_name=name)

    def all(self) -> tuple[ValueList, ...]:
        """Return every list, by name."""
        return self._all(_LISTS, _ALL)

    def counts(self, at: datetime) -> dict[str, int]:
        """Return how many entries each list has; one without any is left out."""
        return {row.list: row.entries for row in self._run(_COUNTS, given_at=at)}

    def add_entry(self, entry: ListEntry) -> None:
        """Add an entry.

        Raises:
            ConflictError: the value is on the list.
        """
        self._add(_ENTRIES, entry, f"{entry.value} is on the list {entry.list} already")

    def find(self, name: str, values: Sequence[str], at: datetime) -> tuple[ListEntry, ...]:
        """Return the entries of a list whose values are among these, in no order."""
        return self._all(_ENTRIES, _FIND, given_list=name, given_values=list(values), given_at=at)

    def page(self, name: str, limit: int, cursor: str | None, at: datetime) -> Page[ListEntry]:
        """Return a page of a list's entries, newest first."""
        return self._page(_ENTRIES, limit, cursor, statement=_PAGE, given_list=name, given_at=at)

    def remove_entry(self, name: str, value: str) -> None:
        """Remove an entry, if it is there."""
        self._run(_REMOVE, given_list=name, given_value=value)

    def prune(self, name: str, at: datetime) -> None:
        """Remove the entries of a list that have expired."""
        self._run(_PRUNE, given_list=name, given_at=at)
