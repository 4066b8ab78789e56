import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from soar.access.tokens import hash_token, parse_token
from soar.app.demo import write_settings
from soar.app.emergency import open_emergency
from soar.app.ids import SystemRandomness
from soar.app.settings import Settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.audit.keyfile import create_key_file
from soar.model.errors import InputError
from soar.model.identity import Role, UserKind
from soar.store import Unit

T = TypeVar("T")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = write_settings(tmp_path, None)
    for key_file in (made.vault.key_file, made.audit.key_file):
        create_key_file(key_file, SystemRandomness())
    return made


def look(settings: Settings, work: Callable[[Unit], T]) -> T:
    async def run() -> T:
        async with open_service(read_site(settings), "http://127.0.0.1") as service:
            return await service.store.read(service.workspace, work)

    return asyncio.run(run())


def test_who_has_the_machine_becomes_administrator_for_an_hour(settings: Settings) -> None:
    token, ends = open_emergency(settings, "nobody can log in", "operator")
    (opening,) = look(settings, lambda unit: unit.openings.list())
    assert (opening.reason, opening.opened_by, opening.expires_at) == ("nobody can log in", "operator", ends)
    user = look(settings, lambda unit: unit.users.get(opening.user))
    assert (user.kind, user.roles, user.expires_at) == (UserKind.EMERGENCY, {Role.ADMIN}, ends)
    kept = look(settings, lambda unit: unit.tokens.get(parse_token(token)))
    assert (kept.key, kept.expires_at) == (hash_token(token), ends)
    assert look(settings, lambda unit: unit.timers.get(f"opening:{opening.id}")).due_at == ends
    (record,) = look(settings, lambda unit: unit.audit.list(9, type_prefix="access.break_glass")).items
    assert record.document["actor"]["name"] == "operator"
    assert token not in str(record.document)


def test_without_the_keys_of_the_installation_nobody_does(settings: Settings) -> None:
    settings.vault.key_file.unlink()
    with pytest.raises(InputError):
        open_emergency(settings, "let me in", "somebody")


def test_without_a_reason_nobody_does(settings: Settings) -> None:
    with pytest.raises(InputError, match="needs a reason"):
        open_emergency(settings, "  ", "operator")
    assert look(settings, lambda unit: unit.openings.list()) == ()
