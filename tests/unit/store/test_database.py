import sys
from pathlib import Path
from typing import Never

import pytest

from soar.model.errors import InputError, UnavailableError
from soar.store import Unit
from soar.store.schema import upgrade
from soar.store.sqlite import SqliteDatabase
from soar.store.url import find_file, is_exposed, is_shared, open_database


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite:///soar.db", Path("soar.db")),
        ("sqlite:////var/lib/soar/soar.db", Path("/var/lib/soar/soar.db")),
    ],
)
def test_a_url_names_a_file_or_memory(url: str, path: Path) -> None:
    assert find_file(url) == path


@pytest.mark.parametrize("url", ["", "soar.db", "postgresql+asyncpg://db/soar", "mysql://db", "sqlite+aiosqlite://"])
def test_a_url_of_something_else_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InputError) as caught:
        open_database(url)
    assert caught.value.code == "store.url"
    assert "sqlite:///" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("sqlite://", False),
        ("postgresql://db/soar", True),
        ("postgresql+psycopg://u:p@db:5432/soar?sslmode=require", True),
    ],
)
def test_a_database_on_a_server_can_be_shared(url: str, is_one: bool) -> None:  # noqa: FBT001 -- what is expected
    assert is_shared(url) == is_one
    assert open_database(url).is_shared == is_one
    assert find_file(url) is None


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("sqlite:///soar.db", False),
        ("postgresql:///soar", False),
        ("postgresql:///soar?host=/run/postgresql", False),
        ("postgresql://u:p@localhost/soar", False),
        ("postgresql://u:p@[::1]/soar", False),
        ("postgresql://u:p@db.example/soar?sslmode=verify-full", False),
        ("postgresql://u:p@db.example/soar?sslmode=require", True),
        ("postgresql:///soar?host=db.example", True),
        ("postgresql://u:p@db.example/soar", True),
    ],
)
def test_a_database_across_a_network_has_to_prove_itself(url: str, is_one: bool) -> None:  # noqa: FBT001 -- as above
    assert is_exposed(url) == is_one


def test_without_the_driver_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "soar.store.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match="not installed") as caught:
        open_database("postgresql://db/soar")
    assert caught.value.code == "store.driver"
    assert "soar[postgres]" in caught.value.hint


def test_a_file_has_no_other_process_to_hear_of() -> None:
    with pytest.raises(InputError) as caught:
        open_database("sqlite://").listen()
    assert (caught.value.code, caught.value.message, caught.value.hint) == (
        "store.alone",
        "several processes cannot share a SQLite database",
        "name a PostgreSQL database in database.url, or run `soar serve` alone",
    )


def test_a_log_that_somebody_reads_is_not_emptied(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'soar.db'}")
    database.change_schema(upgrade)
    database.writer.exec_driver_sql("PRAGMA busy_timeout = 0")
    reader = database.connect()
    reader.exec_driver_sql("BEGIN")
    reader.exec_driver_sql("SELECT count(*) FROM alerts").scalar()
    with pytest.raises(UnavailableError) as caught:
        database.scrub()
    assert (caught.value.code, caught.value.message, caught.value.retry_after) == (
        "store.locked",
        "somebody reads, so that the write-ahead log cannot be emptied",
        1.0,
    )
    reader.exec_driver_sql("ROLLBACK")
    database.scrub()
    assert (tmp_path / "soar.db-wal").stat().st_size == 0
    database.disconnect(reader)
    database.close()


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "soar.db"
    path.touch(mode=0o640)
    database = SqliteDatabase(path)
    database.change_schema(upgrade)
    database.close()
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_group_that_is_interrupted_is_undone(tmp_path: Path) -> None:
    database = SqliteDatabase(None)
    database.change_schema(upgrade)

    def interrupt(unit: Unit) -> Never:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.commit([("north", lambda unit: unit.workspace), ("north", interrupt)])
    outcome = database.commit([("north", lambda unit: unit.users.is_empty())])[0]
    assert outcome.result is True
    database.close()
