"""A database file read beside whoever serves it."""

import sqlite3
from pathlib import Path

import pytest

from soar.model.errors import BugError, InputError, NotFoundError, UnavailableError
from soar.store import open_store
from soar.store.archive import open_archive
from tests.support.builders import build_alert
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess

WORKSPACE = "north"


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A database in a folder whose name has to be escaped in a URI, with one alert in it."""
    folder = tmp_path / "100% ours #1"
    folder.mkdir()
    store = open_store(
        f"sqlite:///{folder / 'soar.db'}", disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk
    )
    await store.migrate()
    await store.write(WORKSPACE, lambda unit: unit.alerts.add(build_alert()))
    await store.close()
    return folder / "soar.db"


def test_what_was_written_is_read_and_the_file_stays_as_it_is(file: Path) -> None:
    before = file.read_bytes()
    with open_archive(f"sqlite:///{file}") as archive:
        assert archive.is_current()
        assert archive.read(WORKSPACE, lambda unit: unit.alerts.get(build_alert().id)) == build_alert()
        assert archive.read("south", lambda unit: unit.alerts.get(build_alert().id)) is None
    assert file.read_bytes() == before


def test_a_write_is_refused(file: Path) -> None:
    with open_archive(f"sqlite:///{file}") as archive, pytest.raises(BugError, match="readonly"):
        archive.read(WORKSPACE, lambda unit: unit.alerts.add(build_alert(id="al_2")))
    with open_archive(f"sqlite:///{file}") as archive:
        assert archive.read(WORKSPACE, lambda unit: unit.alerts.get("al_2")) is None


def test_a_work_that_fails_fails_as_it_did(file: Path) -> None:
    def fail(_: object) -> None:
        raise KeyError("mine")

    with open_archive(f"sqlite:///{file}") as archive, pytest.raises(KeyError, match="mine"):
        archive.read(WORKSPACE, fail)


async def test_what_is_written_meanwhile_is_seen(file: Path) -> None:
    store = open_store(f"sqlite:///{file}", disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk)
    with open_archive(f"sqlite:///{file}") as archive:
        await store.write(WORKSPACE, lambda unit: unit.alerts.add(build_alert(id="al_2")))
        assert archive.read(WORKSPACE, lambda unit: unit.alerts.get("al_2")) is not None
    await store.close()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.db"), open_archive(f"sqlite:///{tmp_path}/none.db"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_memory_keeps_nothing() -> None:
    with pytest.raises(InputError) as caught, open_archive("sqlite://"):
        pass
    assert caught.value.code == "store.url"


def test_a_schema_that_is_older_is_refused_with_what_to_do(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "old.db").close()
    (tmp_path / "old.db").touch()
    with pytest.raises(InputError) as caught, open_archive(f"sqlite:///{tmp_path}/old.db"):
        pass
    assert (caught.value.code, caught.value.hint) == ("store.older_schema", "run soar migrate")


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "odd.db").write_text("a text that is long enough to be looked at as the head of a database " * 20)
    with pytest.raises(UnavailableError, match="not a database"), open_archive(f"sqlite:///{tmp_path}/odd.db"):
        pass
