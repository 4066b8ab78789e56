"""Brings a database to the schema this program knows."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, column, create_engine, inspect, select, table
from sqlalchemy.pool import NullPool

from soar.model.errors import InputError
from soar.store.sqlite import driver_of

_MIGRATIONS = Path(__file__).parent / "migrations"
_ALEMBIC = table("alembic_version", column("version_num"))


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, inside the transaction that the caller has begun.

    Raises:
        InputError: the schema is newer than this program (`store.newer_schema`).
    """
    if is_current(connection):
        return
    if connection.dialect.name == "sqlite" and not inspect(connection).get_table_names():
        for statement in _list_statements():
            connection.exec_driver_sql(statement)
    else:
        _migrate(connection)


def is_current(connection: Connection) -> bool:
    """Whether the database has the schema this program knows.

    Raises:
        InputError: the schema is newer than this program (`store.newer_schema`).
    """
    known = _list_revisions()
    found = _find_revisions(connection)
    if newer := found - {*known}:
        raise InputError(
            f"the database has the schema {', '.join(sorted(newer))}, which this program does not know",
            code="store.newer_schema",
            hint="run the version that last migrated it, or a newer one",
        )
    return found == {known[-1]}


def _migrate(connection: Connection) -> None:
    from soar.store.migrator import run_migrations  # noqa: PLC0415 -- most starts find the schema current

    run_migrations(connection, _MIGRATIONS)


@cache
def _list_statements() -> tuple[str, ...]:
    """Return what an empty SQLite database needs to be as if it had been migrated.

    It comes from one that was, once a process: migrating takes twenty times as long, and each test of a playbook has a
    database of its own.
    """
    engine = create_engine("sqlite://", poolclass=NullPool)
    with engine.connect() as connection, connection.begin():
        _migrate(connection)
        _begin, *statements, _commit = driver_of(connection).iterdump()
    return tuple(statements)


def _list_revisions() -> list[str]:
    """Return the revisions that this program knows, the oldest first; files are named after theirs."""
    return sorted(file.stem for file in (_MIGRATIONS / "versions").glob("*.py"))


def _find_revisions(connection: Connection) -> set[str]:
    """Return the revisions that the database stands at: one, or none if it is new."""
    if not inspect(connection).has_table(_ALEMBIC.name):
        return set()
    return {*connection.execute(select(_ALEMBIC.c.version_num)).scalars()}
