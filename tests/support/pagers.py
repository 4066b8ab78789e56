"""PagerDuty's Events API v2 at the wire, as strict as it is documented, with who is awake of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.page.connector import Pager
from soar.model.process import ActionAnswer
from soar.sdk.testing import SECRET, Bench

_LONGEST_SUMMARY = 1024
_LONGEST_KEY = 255


@dataclass
class FakePagerDuty:
    """Takes events of one account.

    Attributes:
        events: what was taken, in order.
        alerts: whether an alert is open, by its key.
        is_down: whether it fails for reasons of its own.
    """

    events: list[Mapping[str, Any]] = field(default_factory=list)
    alerts: dict[str, bool] = field(default_factory=dict)
    is_down: bool = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request as the vendor does: https://developer.pagerduty.com/docs/send-alert-event."""
        assert str(request.url) == "https://events.pagerduty.com/v2/enqueue"
        if self.is_down:
            return httpx.Response(500)
        event = json.loads(request.content)
        assert event["routing_key"] == SECRET
        assert 1 <= len(event["dedup_key"]) <= _LONGEST_KEY
        match event["event_action"]:
            case "trigger":
                _check_payload(event["payload"])
                for link in event.get("links", []):
                    assert link["href"].startswith("https://soar.example/")
                self.alerts[event["dedup_key"]] = True
            case "acknowledge" | "resolve" as deed:
                self.alerts[event["dedup_key"]] &= deed != "resolve"
            case other:
                raise AssertionError(other)
        self.events.append(event)
        return httpx.Response(202, json={"status": "success", "message": "x", "dedup_key": event["dedup_key"]})

    async def call(self, name: str, arguments: dict[str, object], key: str) -> ActionAnswer:
        """Call an action of the connector against it."""
        bench = Bench(
            Pager,
            hosts={"events.pagerduty.com"},
            settings={"services": {}, "eu": False},
            credentials={"routing_key": SECRET},
        )
        return await bench.call(name, arguments, self.answer, key=key)

    @property
    def deeds(self) -> list[str]:
        """Which events were taken, in order."""
        return [event["event_action"] for event in self.events]


def _check_payload(payload: Mapping[str, str]) -> None:
    assert payload["severity"] in {"critical", "error", "warning", "info"}
    assert payload["source"]
    assert 1 <= len(payload["summary"]) <= _LONGEST_SUMMARY
    assert len(payload["summary"].splitlines()) == 1
