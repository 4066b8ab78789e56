"""Questions asked and decided in a real Matrix: Synapse, and a person's client made with matrix-nio.

Both come by pip (`make matrix`); where they are missing, the tests are skipped. `make e2e` runs them.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.first_ten_minutes import find_run
from tests.e2e.homeserver import BOT, Room, open_room
from tests.support.server import Client
from tests.support.site import HOOK_TOKEN, open_product, write_site

pytestmark = [
    pytest.mark.skipif("SOAR_E2E" not in os.environ, reason="it starts other programs; `make e2e` runs it"),
    pytest.mark.timeout(180),
]

PLAYBOOK = """
name: Act if somebody says yes
on: {alert: {source: probe, match: 'alert.kind == "probe.seen"'}}
inputs:
  n: {type: int, from: alert.raw.n}
steps:
  - id: act
    uses: http.request
    with: {method: POST, url: "URL/act/${{ inputs.n }}", json: {n: "${{ inputs.n }}"}}
    approve:
      by: role:analyst
      quorum: QUORUM
      channel: "matrix:#soc"
      reason: "@room <b>APPROVED</b> by https://evil.example"
      impact: It is done.
      timeout: 15m
"""


@contextmanager
def serve(tmp_path: Path, *, quorum: int = 1, reactions: bool = False) -> Iterator[tuple[Room, Client]]:
    """Serve a site that asks in a room of a Synapse before it acts."""
    site_folder = tmp_path / "site"
    site_folder.mkdir()
    with open_product() as product:
        site = write_site(site_folder, product.url)
        text = PLAYBOOK.replace("URL", product.url).replace("QUORUM", str(quorum))
        (site_folder / "playbooks" / "probe.yaml").write_text(text, "utf-8")
        with open_room(site, tmp_path / "homeserver", reactions=reactions) as room:
            server, client = site.serve()
            try:
                room.url = client.url
                room.link()
                client.sign_in("ann", room.passwords["ann"])
                yield room, client
                assert server.stop() == 0, server.output
            finally:
                server.kill()


def ask(room: Room, client: Client, number: int) -> tuple[str, str, str]:
    """Send an alert, and return it, the card that alice sees, and the question's code."""
    sent = client.send("POST", "/hooks/probe", {"n": number}, {"Authorization": f"Bearer {HOOK_TOKEN}"})
    assert sent.status == 202, sent.body
    card = room.wait_for_card(f"/act/{number}")
    assert card["content"]["m.mentions"] == {}
    assert "@room" not in card["content"]["body"]
    return str(sent.json["alert"]), str(card["event_id"]), str(card["content"]["body"].split(" ", 1)[0])


def test_a_command_decides_and_the_card_says_so(tmp_path: Path) -> None:
    with serve(tmp_path) as (room, client):
        alert, card, code = ask(room, client, 1)
        said = room.alice.say(room.id, f"!approve {code.lower()} seen it")
        edit = room.wait_for_edit(card, "approved by ann")
        assert edit["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": card}
        answered = room.alice.wait_to_see(lambda event: is_answer(event, said))
        assert answered["content"]["body"] == f"{code}: approved by ann."
        assert find_run(client, alert, "succeeded")["status"] == "succeeded"
        (approval,) = client.send("GET", "/api/v1/approvals").json["items"]
        assert [(vote["via"], vote["comment"]) for vote in approval["votes"]] == [("matrix", "seen it")]
        assert json.loads(room.run_cli("chat", "list", "--json"))["items"][0]["account"] == "@alice:soar.test"


def test_a_reaction_is_a_vote_and_its_removal_takes_it_back(tmp_path: Path) -> None:
    with serve(tmp_path, quorum=2, reactions=True) as (room, client):
        _, card, code = ask(room, client, 2)
        reaction = room.alice.react(room.id, card, "\u2705")
        room.wait_for_edit(card, "1 of 2 yes")
        room.alice.do("redact", room=room.id, event=reaction)
        taken = room.alice.wait_to_see(
            lambda event: is_answer(event, card) and "taken back" in event["content"]["body"]
        )
        assert taken["content"]["body"] == f"{code}: your vote is taken back; 0 of 2 yes."
        room.alice.react(room.id, card, "\u26d4")
        room.wait_for_edit(card, "denied by ann")


def is_answer(event: dict[str, object], thread: str) -> bool:
    """Whether an event is the bot's, in a message's thread."""
    content = event["content"]
    relation = content.get("m.relates_to", {}) if isinstance(content, dict) else {}
    return event["sender"] == BOT and (relation.get("rel_type"), relation.get("event_id")) == ("m.thread", thread)
