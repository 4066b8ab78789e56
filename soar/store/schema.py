"""Brings a database to the schema this program knows."""

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from soar.model.errors import InputError

_MIGRATIONS = Path(__file__).parent / "migrations"
_ALEMBIC = table("alembic_version", column("version_num"))


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, inside the transaction that the caller has begun.

    Raises:
        InputError: the schema is newer than this program (`store.newer_schema`).
    """
    if is_current(connection):
        return
    from soar.store.migrator import run_migrations  # noqa: PLC0415 -- most starts find the schema current

    run_migrations(connection, _MIGRATIONS)


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


def _list_revisions() -> list[str]:
    """Return the revisions that this program knows, the oldest first; files are named after theirs."""
    return sorted(file.stem for file in (_MIGRATIONS / "versions").glob("*.py"))


def _find_revisions(connection: Connection) -> set[str]:
    """Return the revisions that the database stands at: one, or none if it is new."""
    if not inspect(connection).has_table(_ALEMBIC.name):
        return set()
    return {*connection.execute(select(_ALEMBIC.c.version_num)).scalars()}
