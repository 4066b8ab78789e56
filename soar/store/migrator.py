"""Runs migrations. Alembic is large and a start seldom needs it, so only `soar.store.schema` imports this, and late."""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from soar.store.columns import METADATA


def run_migrations(connection: Connection, folder: Path, target: str = "head") -> None:
    """Run the migrations of a folder that are missing up to one, inside the transaction that the caller has begun."""
    script = ScriptDirectory(str(folder))

    def run(revision: Any, _context: MigrationContext) -> Any:  # noqa: ANN401 -- Alembic's own signature
        return script._upgrade_revs(target, revision)  # noqa: SLF001 -- what Alembic's upgrade command does

    config = Config()
    config.set_main_option("script_location", str(folder))
    with EnvironmentContext(config, script, fn=run) as environment:
        environment.configure(connection=connection, target_metadata=METADATA)
        environment.run_migrations()
