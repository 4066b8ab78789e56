"""A served installation, for the tests that knock at it from outside."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from soar.app.passwords import Passwords
from soar.model.process import ActionAnswer
from tests.support.service import ACTIONS, Face, open_face


@pytest.fixture(scope="session")
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.fixture
async def face(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Face]:
    async with open_face(tmp_path, passwords) as opened:
        for action in ACTIONS:
            opened.host.script(action.full_name, ActionAnswer(output={"ok": True}))
        yield opened
        assert opened.faults == []
