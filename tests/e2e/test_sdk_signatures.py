"""GitHub and Slack, by the signing code of their SDKs, shake hands with a started server and send it alerts.

The SDKs come by pip, into a folder that `SOAR_SENDERS` names; where they are missing, the tests are skipped. `make e2e`
runs them.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.sending import KEY, find_program, open_receiver
from tests.support.payloads import PAYLOADS

pytestmark = [
    pytest.mark.skipif("SOAR_E2E" not in os.environ, reason="it starts other programs; `make e2e` runs it"),
    pytest.mark.timeout(180),
]

GITHUB = "from githubkit.webhooks import sign; signed = sign(key, body)"
SLACK = """
from slack_sdk.signature import SignatureVerifier
signed = SignatureVerifier(key).generate_signature(timestamp=sys.argv[2], body=body)
"""
_SCRIPT = "import sys\nkey, body = sys.argv[1], sys.stdin.buffer.read()\n{code}\nprint(signed)"


def sign(code: str, body: bytes, *arguments: str) -> str:
    """Sign as an SDK does, or skip the test where there is none."""
    python = find_program("python3") if "SOAR_SENDERS" in os.environ else sys.executable
    command = [python, "-c", _SCRIPT.format(code=code), KEY, *arguments]
    done = subprocess.run(command, input=body, capture_output=True, timeout=60, check=False)
    if b"ModuleNotFoundError" in done.stderr:
        pytest.skip(f"the SDK is not installed, `make senders` fetches it: {done.stderr.decode().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def test_github_shakes_hands_and_sends_what_starts_a_run(tmp_path: Path) -> None:
    folder = PAYLOADS / "github_webhooks"
    ping = (folder / "api.github.com_ping_with-organization.payload.json").read_bytes()
    found = (folder / "api.github.com_repository_vulnerability_alert_create.payload.json").read_bytes()
    signed = {body: sign(GITHUB, body) for body in (ping, found)}
    with open_receiver(tmp_path / "site", "github", 'alert.kind == "github.vulnerability_alert"') as receiver:

        def post(body: bytes, event: str, signature: str) -> int:
            headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": f"{event}-1", "X-Hub-Signature-256": signature}
            return receiver.post(body, headers).status

        assert post(ping, "ping", signed[ping]) == 202
        assert post(found, "repository_vulnerability_alert", signed[ping]) == 401
        assert post(found + b" ", "repository_vulnerability_alert", signed[found]) == 401
        assert post(found, "repository_vulnerability_alert", signed[found]) == 202
        alert = receiver.find_alert("github.vulnerability_alert")
    sent = json.loads(found)["alert"]
    assert alert["title"] == f"Vulnerable: {sent['affected_package_name']}"
    assert alert["entities"]["cves"] == [sent["external_identifier"]]
    assert alert["severity"] == "medium"


def test_slack_shakes_hands_and_sends_what_starts_a_run(tmp_path: Path) -> None:
    now = int(time.time())  # noqa: TID251 -- the server is another process, on the real clock
    knock = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRN", "token": "unused"}).encode()
    event = {"type": "message", "user": "U061F7AUR", "text": "look at web-1, please", "channel": "C0LAN2Q65"}
    call = {"type": "event_callback", "team_id": "T061EG9R6", "event_id": "Ev08MFMKH6", "event_time": now}
    mention = json.dumps({**call, "event": event}).encode()
    with open_receiver(tmp_path / "site", "slack", 'alert.kind == "slack.message"') as receiver:

        def post(body: bytes, moment: int, signature: str) -> tuple[int, bytes]:
            answer = receiver.post(body, {"X-Slack-Request-Timestamp": str(moment), "X-Slack-Signature": signature})
            return answer.status, answer.body

        status, body = post(knock, now, sign(SLACK, knock, str(now)))
        assert (status, b"3eZbrw1aBm2rZgRN" in body) == (200, True)
        assert post(knock, now, "v0=" + "0" * 64)[0] == 401
        assert post(mention, now + 1, sign(SLACK, mention, str(now)))[0] == 401
        assert post(mention, now - 900, sign(SLACK, mention, str(now - 900)))[0] == 401
        assert post(mention, now, sign(SLACK, mention, str(now)))[0] in {200, 202}
        alert = receiver.find_alert("slack.message")
    assert (alert["title"], alert["severity"]) == ("look at web-1, please", "low")
    assert "U061F7AUR" in alert["entities"]["users"]
    assert (alert["labels"]["channel"], alert["labels"]["team"]) == ("C0LAN2Q65", "T061EG9R6")
