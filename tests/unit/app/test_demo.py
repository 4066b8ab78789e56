import re
from pathlib import Path

import pytest

from soar.app.demo import _prepare, write_settings
from soar.app.people import DEMO_PEOPLE
from soar.app.settings import find_bundled
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.audit.keyfile import create_key_file
from soar.model.errors import InputError
from tests.support.randomness import SeededRandomness


def test_the_demo_keeps_everything_in_its_folder(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, None)
    assert settings.is_demo
    assert settings.server.listen == "127.0.0.1:8600"
    kept = [settings.vault.key_file, settings.audit.key_file, *settings.audit.anchors, settings.paths.ledgers]
    assert {path.parent for path in kept} == {tmp_path}
    assert settings.database.url == f"sqlite:///{tmp_path}/soar.db"


def test_the_demo_listens_where_it_is_told(tmp_path: Path) -> None:
    assert write_settings(tmp_path, "127.0.0.1:0").server.port == 0


def test_an_address_that_does_not_fit_is_told_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"server\.listen: .*write host:port"):
        write_settings(tmp_path, "nowhere")


async def test_the_passwords_are_shown_once_and_are_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = write_settings(tmp_path, "127.0.0.1:0")
    for seed, file in enumerate((settings.vault.key_file, settings.audit.key_file)):
        create_key_file(file, SeededRandomness(seed))
    async with open_service(read_site(settings), "http://127.0.0.1:1") as service:
        await _prepare(service)
        first = capsys.readouterr().out
        shown = dict(re.findall(r"^  (\w+) +[a-z-]+ +([0-9a-z-]{19})$", first, re.MULTILINE))
        assert set(shown) == set(DEMO_PEOPLE)
        bob = await service.store.read(service.workspace, lambda unit: unit.users.find_name("bob"))
        assert bob is not None
        assert await service.passwords.verify(shown["bob"], bob.password_hash)
        await _prepare(service)
        second = capsys.readouterr().out
    assert not any(password in second for password in shown.values())
    assert "delete the folder to begin anew" in second
    for text in (first, second):
        assert "http://127.0.0.1:1/hooks/phish-report" in text
    (key,) = set(re.findall(r"-hmac '?([0-9a-z-]{19})", first))
    assert key in second
    assert (find_bundled("examples") / "phishing.json").exists()


async def test_the_demo_has_the_list_that_playbooks_ask_and_leaves_it_to_people(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, "127.0.0.1:0")
    for seed, file in enumerate((settings.vault.key_file, settings.audit.key_file)):
        create_key_file(file, SeededRandomness(seed))
    async with open_service(read_site(settings), "http://127.0.0.1:1") as service:
        store, workspace, now = service.store, service.workspace, service.clock.now()
        await _prepare(service)
        assert await store.read(workspace, lambda unit: unit.lists.counts(now)) == {"partner-addresses": 1}
        await store.write(workspace, lambda unit: unit.lists.remove_entry("partner-addresses", "192.0.2.64/26"))
        await _prepare(service)
        assert await store.read(workspace, lambda unit: unit.lists.counts(now)) == {}
