"""The shipped phishing playbook, and products in which the reported link is bad."""

from collections.abc import Awaitable, Callable

import pytest

from soar.model.process import ActionAnswer
from tests.support.repository import ROOT
from tests.support.world import World

REPORT = {
    "message_id": "<a1@evil.example>",
    "reporter": "ann@corp.example",
    "sender": "billing@evil.example",
    "body": "Pay now at https://evil.example/pay or https://evil.example/now",
    "attachments": [],
}
ANSWERS = {
    "virustotal.url_report": {"url": "https://evil.example/pay", "malicious": 8},
    "whois.domain_age": {"age_days": 3},
    "exchange.search_messages": {"count": 12, "mailboxes": 9, "messages": ["m1", "m2"]},
    "exchange.purge_messages": {"purged": 12},
    "exchange.restore_messages": {"restored": 12},
    "chat.dm": {"message": "msg_1"},
}


@pytest.fixture
def report_phishing() -> Callable[[World], Awaitable[str]]:
    """Start the shipped playbook in a world whose products answer, and return the run's id."""
    text = (ROOT / "playbooks" / "phishing-triage.yaml").read_text("utf-8")

    async def report(world: World) -> str:
        for action, output in ANSWERS.items():
            world.host.script(action, ActionAnswer(output=output))
        return await world.start(text, playbook="phishing-triage", inputs=REPORT)

    return report
