"""What the platforms' own packages say of our cards and dialogs, and of what our door takes for signed.

Teams: `adaptivecards`, by which Microsoft's clients read cards. Discord: `@discordjs/builders` and
`discord-interactions`. Mattermost: `@mattermost/types`, by which its web client takes attachments. Slack's SDK is in
`test_slack_sdk.py`. The packages are fetched when the test runs, so it does so only when it is asked to: `make e2e`.
"""

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.approvals.card import Result, ResultKind, Surroundings, show_card
from soar.approvals.discord_request import verify_request
from soar.approvals.faces import discord, mattermost, teams
from soar.model.approval import ApprovalStatus, VoteChoice
from soar.model.errors import DeniedError
from soar.model.step import Assurance
from tests.support.builders import build_approval
from tests.support.clock import START
from tests.support.discord import PUBLIC_KEY, ping, sign
from tests.support.repository import ROOT

NODE, NPM = shutil.which("node"), shutil.which("npm")
pytestmark = [
    pytest.mark.skipif("SOAR_E2E" not in os.environ, reason="it fetches packages; `make e2e` runs it"),
    pytest.mark.skipif(NODE is None or NPM is None, reason="there is no Node or no npm"),
    pytest.mark.timeout(360),
]

ASKED = build_approval(id="ap_1", confirm="web-1", assurance=Assurance.CONFIRMED)
DONE = replace(ASKED, status=ApprovalStatus.APPROVED, decided_at=START)
AROUND = Surroundings(url="https://soar.example", asker="ann", editor="mia", alert="al_1")
NONCE = "n" * 26
Card = tuple[str, Any]


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Fetch the packages, and return what lets them look."""
    folder = tmp_path_factory.mktemp("cards") / "look"
    shutil.copytree(ROOT / "tests" / "e2e" / "cards", folder)
    fetch = [str(NPM), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run(fetch, cwd=folder, check=True, capture_output=True, timeout=300)
    return lambda cards=(), signed=(): _look(folder, cards, signed)


def _look(folder: Path, cards: tuple[Card, ...], signed: tuple[dict[str, str], ...]) -> Any:  # noqa: ANN401 -- JSON
    given = {"cards": [{"platform": platform, "card": card} for platform, card in cards], "signed": signed}
    done = subprocess.run(
        [str(NODE), "look.cjs"],
        cwd=folder,
        input=json.dumps(given).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def list_cards() -> dict[str, Card]:
    """Return what we show on each platform, open and done, and the dialogs."""
    opened = show_card(ASKED, AROUND)
    result = Result(ResultKind.DONE, at=START, seconds=1.9, is_undoable=True)
    done = show_card(DONE, replace(AROUND, result=result))
    url = "https://soar.example/chat/mattermost"
    return {
        "teams open": ("teams", teams.render(opened, NONCE)),
        "teams done": ("teams", teams.render(done, NONCE)),
        "teams yes": ("teams", teams.render_dialog(ASKED, VoteChoice.APPROVE, NONCE)),
        "teams no": ("teams", teams.render_dialog(ASKED, VoteChoice.DENY, NONCE)),
        "discord open": ("discord", discord.render(opened, NONCE)),
        "discord done": ("discord", discord.render(done, NONCE)),
        "discord yes": ("discord", discord.render_dialog(ASKED, VoteChoice.APPROVE, NONCE)),
        "discord no": ("discord", discord.render_dialog(ASKED, VoteChoice.DENY, NONCE)),
        "mattermost open": ("mattermost", [mattermost.render(opened, url, NONCE)["attachment"]]),
        "mattermost done": ("mattermost", [mattermost.render(done, url, NONCE)["attachment"]]),
    }


def test_what_we_show_is_what_the_platforms_packages_know(look: Callable[..., Any]) -> None:
    cards = list_cards()
    faults = look(cards=tuple(cards.values()))["faults"]
    assert dict(zip(cards, faults, strict=True)) == {name: [] for name in cards}


def spoil(name: str, *path: str | int, value: object) -> Card:
    """Return one of our cards with one thing in it that its platform does not take."""
    platform, card = copy.deepcopy(list_cards()[name])
    node = card
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return platform, card


def test_the_packages_find_what_is_wrong_with_a_card(look: Callable[..., Any]) -> None:
    spoiled = (
        spoil("teams open", "actions", 0, "style", value="loud"),
        spoil("teams open", "body", 0, "type", value="Nothing"),
        spoil("teams yes", "body", 0, "inlines", 0, "weight", value="heavy"),
        spoil("discord open", "components", 0, "components", 0, "label", value="x" * 81),
        spoil("discord open", "components", 0, "components", 0, "style", value=9),
        spoil("discord open", "embeds", 0, "title", value="x" * 257),
        spoil("discord yes", "title", value="x" * 46),
        spoil("discord yes", "components", 0, "content", value=""),
        spoil("discord no", "components", -1, "label", value="x" * 46),
        spoil("mattermost open", 0, "text", value=7),
        spoil("mattermost open", 0, "actions", 0, "name", value=7),
    )
    assert [each for each, faults in zip(spoiled, look(cards=spoiled)["faults"], strict=True) if not faults] == []


def test_what_our_door_takes_for_signed_is_what_discords_package_does(look: Callable[..., Any]) -> None:
    body, other = ping(), Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    genuine, foreign = sign(body, START), sign(body, START, key=other)
    tried = ((body, genuine), (body + b" ", genuine), (body, foreign), (body, sign(body, START.replace(minute=1))))
    signed = tuple(
        {
            "body": sent.decode(),
            "signature": headers["x-signature-ed25519"],
            "stamp": genuine["x-signature-timestamp"],
            "key": PUBLIC_KEY,
        }
        for sent, headers in tried
    )
    assert look(signed=signed)["verified"] == [True, False, False, False]
    for sent, headers in tried:
        as_sent = {**headers, "x-signature-timestamp": genuine["x-signature-timestamp"]}
        if (sent, headers) == tried[0]:
            verify_request(PUBLIC_KEY, as_sent, sent, START)
        else:
            with pytest.raises(DeniedError):
                verify_request(PUBLIC_KEY, as_sent, sent, START)
