from pathlib import Path
from typing import Never

import pytest

from soar.model.errors import InputError
from soar.store import Unit
from soar.store.database import Database, parse_url
from soar.store.schema import upgrade


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
    assert parse_url(url) == path


@pytest.mark.parametrize("url", ["", "soar.db", "postgresql://db/soar", "mysql://db", "sqlite+aiosqlite://"])
def test_a_url_of_something_else_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_url(url)
    assert caught.value.code == "store.url"
    assert "sqlite:///" in caught.value.hint


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "soar.db"
    path.touch(mode=0o640)
    database = Database(path)
    database.change_schema(upgrade)
    database.close()
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_group_that_is_interrupted_is_undone(tmp_path: Path) -> None:
    database = Database(None)
    database.change_schema(upgrade)

    def interrupt(unit: Unit) -> Never:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.commit([("north", lambda unit: unit.workspace), ("north", interrupt)])
    outcome = database.commit([("north", lambda unit: unit.users.is_empty())])[0]
    assert outcome.result is True
    database.close()
