"""Matrix is spoken to where it is connected, and heard where rooms are named, by processes that work."""

from pathlib import Path

import pytest

from soar.app.lifecycle import _list_parts
from soar.app.settings import Settings
from soar.app.site import read_site
from soar.app.wiring import open_service

SPOKEN_TO = """
connections:
  matrix:
    hosts: [matrix.corp.example]
    settings: {homeserver: "https://matrix.corp.example", user: "@soar:corp.example"}
    credentials: {access_token: matrix_token}
"""
HEARD = SPOKEN_TO.replace("}\n    cred", ', rooms: ["!soc:corp.example"]}\n    cred')
LISTENER, CARDS = "chat listener 0", "matrix cards"


SIMULATED = HEARD.replace("    hosts", "    mode: simulate\n    hosts")


def connect(settings: Settings, text: str) -> None:
    Path(settings.paths.connections).write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("text", "has_worker", "parts"),
    [(HEARD, True, {LISTENER, CARDS}), (HEARD, False, set()), (SPOKEN_TO, True, {CARDS}), (SIMULATED, True, {CARDS})],
)
async def test_what_runs_for_matrix(settings: Settings, text: str, *, has_worker: bool, parts: set[str]) -> None:
    connect(settings, text)
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        running = _list_parts(service, has_worker=has_worker)
        assert {LISTENER, CARDS} & running.keys() == parts
        assert service.services.desks.find("matrix").platform.team == "corp.example"
        for part in running.values():
            part.close()
