"""Brings a database to the schema this program knows."""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from soar.model.errors import InputError
from soar.store.tables import METADATA

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, inside the transaction that the caller has begun.

    Raises:
        InputError: the schema is newer than this program (`store.newer_schema`).
    """
    script = _load_script()
    if _is_at_head(connection, script):
        return

    def run(revision: Any, _context: MigrationContext) -> Any:  # noqa: ANN401 -- Alembic's own signature
        return script._upgrade_revs("head", revision)  # noqa: SLF001 -- what Alembic's upgrade command does

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with EnvironmentContext(config, script, fn=run) as environment:
        environment.configure(connection=connection, target_metadata=METADATA)
        environment.run_migrations()


def is_current(connection: Connection) -> bool:
    """Whether the database has the schema this program knows.

    Raises:
        InputError: the schema is newer than this program (`store.newer_schema`).
    """
    return _is_at_head(connection, _load_script())


def _load_script() -> ScriptDirectory:
    return ScriptDirectory(str(_MIGRATIONS))


def _is_at_head(connection: Connection, script: ScriptDirectory) -> bool:
    found = set(MigrationContext.configure(connection).get_current_heads())
    newer = found - {revision.revision for revision in script.walk_revisions()}
    if newer:
        raise InputError(
            f"the database has the schema {', '.join(sorted(newer))}, which this program does not know",
            code="store.newer_schema",
            hint="run the version that last migrated it, or a newer one",
        )
    return found == set(script.get_heads())
