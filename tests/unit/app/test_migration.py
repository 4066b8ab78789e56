import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from soar.app.migration import migrate_apart
from soar.app.process import EXIT_DISK
from soar.store import schema
from tests.support.repository import ROOT

MIGRATED_THEN_LOADED = (
    "import sys; from soar.app import lifecycle, migration; migration.migrate_apart(sys.argv[1]); print(*sys.modules)"
)
HEAVY = frozenset(
    {
        "alembic",
        "boto3",
        "botocore",
        "cryptography.x509",
        "icalendar",
        "joserfc",
        "jsonschema",
        "psycopg",
        "sqlalchemy.dialects.postgresql",
        "sqlalchemy.orm",
        "webauthn",
        "zxcvbn",
    }
)


def test_a_service_that_has_migrated_holds_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    file = tmp_path / "soar.db"
    command = [sys.executable, "-c", MIGRATED_THEN_LOADED, f"sqlite:///{file}"]
    loaded = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert "soar.app.wiring" in loaded
    assert HEAVY & {*loaded} == set()
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (schema._list_revisions()[-1],)
        ]


def test_a_newer_schema_is_left_to_whoever_opens_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "soar.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('9999_post_future')")
    migrate_apart(f"sqlite:///{file}")
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("alembic_version",)]
        assert database.execute("SELECT * FROM alembic_version").fetchall() == [("9999_post_future",)]
    assert capfd.readouterr() == ("", "")


def test_the_log_of_a_killed_process_is_not_moved_where_there_may_be_no_room(tmp_path: Path) -> None:
    file, left = tmp_path / "soar.db", tmp_path / "left.db"
    migrate_apart(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as killed:
        killed.execute("CREATE TABLE large AS SELECT randomblob(500000)")
        killed.commit()
        shutil.copy(file, left)
        shutil.copy(f"{file}-wal", f"{left}-wal")
    before = left.stat().st_size
    migrate_apart(f"sqlite:///{left}")
    assert left.stat().st_size == before
    with closing(sqlite3.connect(left)) as found:
        assert found.execute("SELECT count(*) FROM large").fetchone() == (1,)


def test_where_the_disk_fails_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SystemExit) as caught:
        migrate_apart(f"sqlite:///{tmp_path / 'soar.db'}")
    assert caught.value.code == EXIT_DISK
    assert "ending at once" in capfd.readouterr().err


@pytest.mark.parametrize("url", ["sqlite://", "postgresql://soar@database.example/soar"])
def test_only_a_file_is_migrated_apart(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    migrate_apart(url)
