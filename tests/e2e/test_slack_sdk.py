"""Slack's own SDK looks at our card, our dialogs and our receipts, and signs what our door takes.

The SDK comes by pip, into a folder that `SOAR_SENDERS` names; where it is missing, the test is skipped. `make e2e` runs
it.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from soar.approvals.card import Result, ResultKind, Surroundings, show_card
from soar.approvals.claim import WishKind
from soar.approvals.faces import slack
from soar.approvals.slack_envelope import Envelope, read_message, write_receipt
from soar.approvals.slack_request import Press, verify_request
from soar.model.approval import ApprovalStatus, VoteChoice
from soar.model.errors import DeniedError
from soar.model.secret import Secret
from soar.model.step import Assurance
from tests.e2e.sending import find_program
from tests.support.builders import build_approval
from tests.support.clock import START
from tests.support.slack import KEY

pytestmark = pytest.mark.skipif("SOAR_E2E" not in os.environ, reason="it starts other programs; `make e2e` runs it")

ASKED = build_approval(id="ap_1", confirm="web-1", assurance=Assurance.CONFIRMED)
DONE = replace(ASKED, status=ApprovalStatus.APPROVED, decided_at=START)
AROUND = Surroundings(url="https://soar.example", asker="ann", editor="mia", alert="al_1")
NONCE = "n" * 26
STAMP = 1_772_355_600

LOOK = """
import json, sys
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

given = json.load(sys.stdin)
seen = {}
for name, blocks in given["cards"].items():
    parsed = Block.parse_all(blocks)
    for block in parsed:
        block.validate_json()
    seen[name] = [block.to_dict() for block in parsed]
for name, view in given["dialogs"].items():
    parsed = View(**view)
    parsed.validate_json()
    seen[name] = parsed.to_dict()
request = SocketModeRequest.from_dict(given["envelope"])
seen["request"] = request and request.to_dict()
answer = {"response_type": "ephemeral", "text": "hello"}
seen["receipts"] = [
    SocketModeResponse(request.envelope_id).to_dict(),
    SocketModeResponse(request.envelope_id, payload=answer).to_dict(),
]
verifier = SignatureVerifier(given["key"])
seen["signature"] = verifier.generate_signature(timestamp=given["stamp"], body=given["body"])
print(json.dumps(seen))
"""


def look(given: dict[str, Any]) -> dict[str, Any]:
    """Let the SDK look, or skip the test where there is none."""
    python = find_program("python3") if "SOAR_SENDERS" in os.environ else sys.executable
    done = subprocess.run(
        [python, "-c", LOOK], input=json.dumps(given).encode(), capture_output=True, timeout=60, check=False
    )
    if b"ModuleNotFoundError" in done.stderr:
        pytest.skip(f"the SDK is not installed, `make senders` fetches it: {done.stderr.decode().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr.decode()
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_what_we_show_and_send_is_what_the_sdk_knows() -> None:
    result = Result(ResultKind.DONE, at=START, seconds=1.9, is_undoable=True)
    cards = {
        "open": slack.render(show_card(ASKED, AROUND), NONCE)["blocks"],
        "done": slack.render(show_card(DONE, replace(AROUND, result=result)), NONCE)["blocks"],
    }
    dialogs = {
        "approve": slack.render_dialog(ASKED, VoteChoice.APPROVE, NONCE),
        "deny": slack.render_dialog(ASKED, VoteChoice.DENY, NONCE),
        "ask": slack.render_wish_dialog(ASKED, WishKind.ASK, NONCE),
        "undo": slack.render_wish_dialog(DONE, WishKind.UNDO, NONCE),
    }
    press = {
        "type": "block_actions",
        "team": {"id": "T0000001"},
        "user": {"id": "U0000001"},
        "trigger_id": "1.2.3",
        "actions": [{"action_id": slack.ASK, "value": f"ap_1|ask|{NONCE}"}],
    }
    envelope = {"type": "interactive", "envelope_id": "e-1", "payload": press, "accepts_response_payload": True}
    body = "payload=%7B%7D"
    seen = look(
        {"cards": cards, "dialogs": dialogs, "envelope": envelope, "key": KEY, "stamp": str(STAMP), "body": body}
    )
    assert {name: seen[name] for name in (*cards, *dialogs)} == {**cards, **dialogs}
    read = read_message(json.dumps(envelope))
    assert isinstance(read, Envelope)
    assert isinstance(read.request, Press)
    assert (seen["request"]["type"], seen["request"]["envelope_id"]) == ("interactive", read.id)
    answer = {"response_type": "ephemeral", "text": "hello"}
    assert [json.loads(write_receipt(read)), json.loads(write_receipt(read, answer))] == seen["receipts"]
    headers = {"x-slack-request-timestamp": str(STAMP), "x-slack-signature": seen["signature"]}
    at = datetime.fromtimestamp(STAMP, UTC)
    verify_request(Secret(KEY), headers, body.encode(), at)
    with pytest.raises(DeniedError):
        verify_request(Secret(KEY), headers, body.encode() + b" ", at)
