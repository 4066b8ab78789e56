"""What every repository does with its rows."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Integer, Select, bindparam

from soar.model.errors import ConflictError, InputError, NotFoundError
from soar.model.page import Page
from soar.store.rows import Rows
from soar.store.statement import change, fetch

M = TypeVar("M")


class Repository:
    """The rows of one workspace, inside one transaction."""

    __slots__ = ("_connection", "_workspace")

    def __init__(self, connection: Connection, workspace: str) -> None:
        self._connection = connection
        self._workspace = workspace

    def _run(self, statement: Executable, **parameters: object) -> CursorResult[Any]:
        """Let the toolkit send a statement."""
        parameters["given_workspace"] = self._workspace
        return self._connection.execute(statement, parameters)

    def _fetch(self, statement: Executable, **parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a prebuilt statement."""
        return fetch(self._connection, statement, {**parameters, "given_workspace": self._workspace})

    def _send(self, statement: Executable, **parameters: object) -> int:
        """Send a prebuilt statement, and return how many rows it has changed."""
        return change(self._connection, statement, {**parameters, "given_workspace": self._workspace})

    def _insert(self, rows: Rows[M], item: M, **more: object) -> bool:
        """Add a row, unless one of its unique keys is taken; return whether it was added."""
        values = {"workspace": self._workspace, **rows.dump(item), **more}
        return change(self._connection, rows.add.on(self._connection), values) == 1

    def _add(self, rows: Rows[M], item: M, taken: str) -> None:
        if not self._insert(rows, item):
            raise ConflictError(taken)

    def _change(self, rows: Rows[M], statement: Executable, item: M, **parameters: object) -> bool:
        return self._send(statement, **rows.dump_change(item), **parameters) == 1

    def _replace(self, rows: Rows[M], statement: Executable, item: M) -> None:
        if not self._change(rows, statement, item):
            raise NotFoundError(f"there is no such {rows.model.__name__.lower()} to update")

    def _first(self, rows: Rows[M], statement: Executable, **parameters: object) -> M | None:
        found = self._fetch(statement, **parameters)
        return rows.load(found[0]) if found else None

    def _all(self, rows: Rows[M], statement: Executable, **parameters: object) -> tuple[M, ...]:
        return tuple(map(rows.load, self._fetch(statement, **parameters)))

    def _page(
        self,
        rows: Rows[M],
        limit: int,
        cursor: str | None,
        filters: Iterable[tuple[str, object]] = (),
        statement: Select[Any] | None = None,
        **parameters: object,
    ) -> Page[M]:
        """Return the newest rows before the cursor; filters are columns and values, where None means any."""
        if limit < 1:
            raise InputError(f"a page holds at least one row, not {limit}", code="limit")
        wanted = {name: value for name, value in filters if value is not None}
        parameters |= {f"filter_{name}": value for name, value in wanted.items()}
        if cursor is not None:
            parameters["page_before"] = _parse_cursor(cursor)
        build = _build_page if statement is not None else _keep_page
        found = build(rows, statement, tuple(wanted), has_cursor=cursor is not None)
        raw = self._run(found, **parameters, page_limit=limit + 1).all()
        items = tuple(rows.load(row[:-1]) for row in raw[:limit])
        return Page(items, str(raw[limit - 1][-1]) if len(raw) > limit else None)


def _build_page(
    rows: Rows[Any], statement: Select[Any] | None, filters: tuple[str, ...], *, has_cursor: bool
) -> Select[Any]:
    """Return the statement of a page."""
    position = rows.table.c[rows.position]
    found = rows.where() if statement is None else statement
    for name in filters:
        found = found.where(rows.table.c[name] == bindparam(f"filter_{name}"))
    if has_cursor:
        found = found.where(position < bindparam("page_before"))
    return found.add_columns(position).order_by(position.desc()).limit(bindparam("page_limit", type_=Integer))


_keep_page = lru_cache(maxsize=256)(_build_page)  # of plain lists there are few, and building them takes its time
_LONGEST_CURSOR = 18  # digits; more do not fit into 64 bits


def _parse_cursor(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _LONGEST_CURSOR):
        raise InputError("this cursor was not given out by a list", code="cursor", hint="start again without a cursor")
    return int(cursor)
