"""Prebuilt statements, compiled once for each database and sent by its driver.

Going through the toolkit for each of them takes longer than the database does. Statements that are put together anew
each time, such as those of lists with filters, and those that take a list of values, stay with the toolkit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Protocol, TypeAlias, cast

from sqlalchemy import Connection, Executable, Insert
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from soar.model.errors import BugError

_WIDTH = 8  # rows of one wide insert
_MOST = 1_000  # prepared statements; there are some hundreds

_Turn: TypeAlias = Callable[[Any], Any] | None
"""Turns a value into the driver's or back; None where the driver takes it as it is."""


class _Cursor(Protocol):
    """What drivers answer with."""

    rowcount: int

    def fetchall(self) -> list[tuple[Any, ...]]: ...

    def executemany(self, words: str, values: Sequence[Any], /) -> object: ...


class _Driver(Protocol):
    """A driver's own connection."""

    def cursor(self) -> _Cursor: ...

    def execute(self, words: str, values: Any, /) -> _Cursor: ...  # noqa: ANN401 -- by place or by name, as its style is


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement as one driver takes it.

    Attributes:
        words: the statement.
        values: name and codec of each value, in the order of their places.
        names: of the values.
        constants: values that the statement brings itself.
        columns: the codecs of what it returns.
        has_places: whether the driver takes values by place instead of by name.
        wide_words: the statement with `_WIDTH` rows of values, if it is an insert and the driver takes them by place:
            SQLite's lets another thread go first at every row that it is sent alone.
    """

    words: str
    values: tuple[tuple[str, _Turn], ...]
    names: tuple[str, ...]
    constants: Mapping[str, object]
    columns: tuple[_Turn, ...]
    has_places: bool
    wide_words: str | None

    def send(self, connection: Connection, parameters: Mapping[str, object]) -> _Cursor:
        driver = cast("_Driver", connection.connection.driver_connection)
        return driver.execute(self.words, self.arrange(parameters))

    def send_all(self, connection: Connection, rows: Sequence[Any]) -> int:
        driver = cast("_Driver", connection.connection.driver_connection)
        changed, whole = 0, len(rows) - len(rows) % _WIDTH if self.wide_words else 0
        for start in range(0, whole, _WIDTH):
            wide = [*chain.from_iterable(rows[start : start + _WIDTH])]
            changed += driver.execute(self.wide_words or "", wide).rowcount
        if whole < len(rows):
            cursor = driver.cursor()
            cursor.executemany(self.words, rows[whole:])
            changed += cursor.rowcount
        return changed

    def arrange(self, parameters: Mapping[str, object]) -> Any:  # noqa: ANN401 -- by place or by name, as its style is
        given = {**self.constants, **parameters} if self.constants else parameters
        values = [given[name] if turn is None else turn(given[name]) for name, turn in self.values]
        return values if self.has_places else dict(zip(self.names, values, strict=True))

    def read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple([value if turn is None else turn(value) for value, turn in zip(row, self.columns, strict=True)])


def fetch(connection: Connection, statement: Executable, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Send a prebuilt statement and return its rows.

    Args:
        connection: inside a transaction.
        statement: built once, at import.
        parameters: the values it takes, by name.
    """
    prepared = _prepare(statement, connection.dialect, tuple(parameters))
    if prepared is None:
        return [tuple(row) for row in connection.execute(statement, parameters)]
    return list(map(prepared.read, prepared.send(connection, parameters).fetchall()))


def change(connection: Connection, statement: Executable, parameters: Mapping[str, object]) -> int:
    """Send a prebuilt statement that returns no rows, and return how many it has changed; see `fetch`."""
    prepared = _prepare(statement, connection.dialect, tuple(parameters))
    sent = connection.execute(statement, parameters) if prepared is None else prepared.send(connection, parameters)
    return sent.rowcount


def change_all(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, object]]) -> None:
    """Send a prebuilt statement once for each row of values; all rows have the same names."""
    if not rows:
        return
    prepared = _prepare(statement, connection.dialect, tuple(rows[0]))
    if prepared is None:
        connection.execute(statement, [dict(row) for row in rows])
    else:
        prepared.send_all(connection, [prepared.arrange(row) for row in rows])


class Batch:
    """Rows of values for one prebuilt statement: taken up one after the other, and sent together.

    Args:
        connection: inside a transaction, which the batch does not outlive.
        statement: built once, at import.
    """

    __slots__ = ("_connection", "_prepared", "_rows", "_sent", "_statement")

    def __init__(self, connection: Connection, statement: Executable) -> None:
        self._connection = connection
        self._statement = statement
        self._prepared: _Prepared | None = None
        self._rows: list[Any] = []
        self._sent = 0

    def add(self, row: Mapping[str, object]) -> None:
        """Take up a row; what the driver cannot take is refused here and now. All rows have the same names."""
        if self._prepared is None:
            self._prepared = _prepare(self._statement, self._connection.dialect, tuple(row))
        if self._prepared is None:
            raise BugError("the words of this statement depend on its values, so that it takes no batch")
        self._rows.append(self._prepared.arrange(row))

    def mark(self) -> tuple[int, int]:
        """Return how far the batch has come, for `go_back`: the rows taken up, and those of them that were sent."""
        return len(self._rows), self._sent

    def go_back(self, mark: tuple[int, int]) -> None:
        """Be as at this mark again: the database has undone what was sent since."""
        taken, self._sent = mark
        del self._rows[taken:]

    def send(self) -> int:
        """Send the rows that were not sent yet; return how many of them changed nothing."""
        left = self._rows[self._sent :]
        if not left or self._prepared is None:
            return 0
        self._sent = len(self._rows)
        return len(left) - self._prepared.send_all(self._connection, left)


@lru_cache(maxsize=_MOST)
def _prepare(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> _Prepared | None:
    """Compile a statement; an insert or update writes the columns that are among the names.

    None if its words depend on its values, as those of `IN` do.
    """
    wanted = statement.inline() if isinstance(statement, Insert) else statement
    compiled = cast("SQLCompiler", cast("Any", wanted).compile(dialect=dialect, column_keys=names))
    if compiled.post_compile_params:
        return None
    types = {name: bound.type for bound, name in compiled.bind_names.items()}
    order = tuple(compiled.positiontup or ()) if compiled.positional else tuple(types)
    columns = getattr(wanted, "exported_columns", ())
    return _Prepared(
        words=compiled.string,
        values=tuple((name, _find_writer(types[name], dialect)) for name in order),
        names=order,
        constants={name: value for name, value in compiled.params.items() if name not in names},
        columns=tuple(_find_reader(column.type, dialect) for column in columns),
        has_places=compiled.positional,
        wide_words=_widen(compiled.string, len(order)) if compiled.positional else None,
    )


def _widen(words: str, count: int) -> str | None:
    """Return an insert of one row as one of `_WIDTH` rows; None if it is none, or its values are not all given."""
    row = f"VALUES ({', '.join('?' * count)})"
    if words.count(row) != 1 or words.count("?") != count:
        return None
    return words.replace(row, ", ".join([row, *[row.removeprefix("VALUES ")] * (_WIDTH - 1)]))


def _find_writer(kind: TypeEngine[Any], dialect: Dialect) -> _Turn:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _find_reader(kind: TypeEngine[Any], dialect: Dialect) -> _Turn:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
