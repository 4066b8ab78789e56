import json
from typing import Any

import httpx
import pytest
import respx

from connectors.page.connector import Pager
from connectors.page.simulator import PagerDutyInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_double_call, check_failures

URL = "https://events.pagerduty.com/v2/enqueue"
URL_EU = "https://events.eu.pagerduty.com/v2/enqueue"
PAGE = {"service": "secops", "summary": "Ransomware playbook failed on srv-files-01 at isolate"}
TAKEN = {"status": "success", "message": "Event processed", "dedup_key": "key-1"}


def open_bench(*, eu: bool = False, **services: str) -> Bench:
    return Bench(
        Pager,
        hosts={"events.pagerduty.com", "events.eu.pagerduty.com"},
        settings={"services": dict(services), "eu": eu},
        credentials={"routing_key": SECRET},
    )


BENCH = open_bench()


async def send(bench: Bench, arguments: dict[str, Any], url: str = URL) -> dict[str, Any]:
    """Send a page and return the event that arrived."""
    router = respx.Router()
    route = router.post(url).respond(202, json=TAKEN)
    answer = await bench.call("send", arguments, router.async_handler)
    assert answer.output == {"status": "success", "dedupe_key": "key-1"}
    event: dict[str, Any] = json.loads(route.calls.last.request.content)
    return event


async def test_a_page_is_a_trigger_event() -> None:
    assert await send(BENCH, PAGE) == {
        "routing_key": SECRET,
        "event_action": "trigger",
        "dedup_key": "key-1",
        "payload": {
            "summary": "Ransomware playbook failed on srv-files-01 at isolate",
            "source": "soar",
            "severity": "critical",
            "custom_details": {"service": "secops"},
        },
    }


async def test_the_caller_says_what_is_the_same_and_how_bad_it_is() -> None:
    event = await send(BENCH, PAGE | {"dedupe": "srv-files-01", "severity": "warning"})
    assert (event["dedup_key"], event["payload"]["severity"]) == ("srv-files-01", "warning")


async def test_a_service_has_its_name_in_pagerduty() -> None:
    event = await send(open_bench(secops="security-operations"), PAGE)
    assert event["payload"]["custom_details"] == {"service": "security-operations"}


async def test_an_account_in_europe_is_paged_there() -> None:
    assert (await send(open_bench(eu=True), PAGE, URL_EU))["event_action"] == "trigger"


async def test_a_hostile_summary_is_one_line_and_cut() -> None:
    event = await send(BENCH, PAGE | {"summary": "a\r\nb\u2028c " + "x" * 2000})
    assert event["payload"]["summary"] == "a b c " + "x" * 1017 + "…"


@pytest.mark.parametrize(
    "change",
    [
        {"service": "payments"},
        {"service": ""},
        {"summary": ""},
        {"severity": "high"},
        {"dedupe": ""},
        {"dedupe": "x" * 256},
    ],
)
async def test_what_cannot_be_paged_is_refused(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await open_bench(secops="secops").call("send", PAGE | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "send", PAGE)


async def test_a_refusal_that_repeats_the_event_shows_no_key() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, content=request.content)

    answer = await BENCH.call("send", PAGE, echo)
    assert answer.code is ActionCode.INVALID
    assert "***" in answer.message
    assert SECRET not in answer.message


async def test_an_unknown_place_is_not_found() -> None:
    answer = await BENCH.call("send", PAGE, lambda _: httpx.Response(404))
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"status": "success"}'])
async def test_an_answer_that_makes_no_sense_is_no_success(body: bytes) -> None:
    answer = await BENCH.call("send", PAGE, lambda _: httpx.Response(202, content=body))
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


async def test_in_small_a_second_call_changes_nothing() -> None:
    answer = await check_double_call(BENCH, "send", PAGE, lambda ledger: PagerDutyInSmall(ledger, StillClock().now))
    assert answer.output == {"status": "success", "dedupe_key": "key-1"}


async def test_in_small_an_open_alert_is_added_to() -> None:
    ledger = MemoryLedger()
    for key in ("p", "q"):
        simulator = PagerDutyInSmall(ledger, StillClock().now)
        answer = await BENCH.simulate("send", PAGE | {"dedupe": "srv-files-01"}, simulator, key=key)
        assert answer.output == {"status": "success", "dedupe_key": "srv-files-01"}
    answers = [entry["answer"] for entry in ledger.read()]
    assert [answer["message"] for answer in answers if isinstance(answer, dict)] == [
        "Event processed",
        "Event added to an open alert",
    ]


LINK = "https://soar.example/approvals/ap_1"
CARD = {"channel": "secops", "key": "ap_1", "text": "AB12: Isolate web-1?", "link": LINK}
FOLLOW = {"channel": "secops", "thread": "ap_1.secops", "text": "▲ escalated", "link": LINK}


async def enqueue(name: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Call an action and return the event that arrived, and its output."""
    router = respx.Router()
    route = router.post(URL).respond(202, json={**TAKEN, "dedup_key": "ap_1.secops"})
    answer = await BENCH.call(name, arguments, router.async_handler)
    assert answer.code is None, answer.message
    return json.loads(route.calls.last.request.content), answer.output


@pytest.mark.parametrize("deed", ["acknowledge", "resolve"])
async def test_a_page_that_somebody_is_on_or_that_is_over_is_named_by_its_key(deed: str) -> None:
    event, _ = await enqueue(deed, {"dedupe": "ap_1.secops"})
    assert event == {"routing_key": SECRET, "event_action": deed, "dedup_key": "ap_1.secops"}


async def test_a_question_is_one_alert_of_its_service_with_a_link_until_it_is_over() -> None:
    opened, output = await enqueue("post_card", CARD)
    assert output == {"channel": "secops", "message": "ap_1.secops"}
    assert (opened["event_action"], opened["dedup_key"]) == ("trigger", "ap_1.secops")
    assert opened["links"] == [{"href": LINK, "text": "In soar"}]
    again, _ = await enqueue("post", FOLLOW)
    assert (again["event_action"], again["dedup_key"]) == ("trigger", "ap_1.secops")
    assert again["payload"]["summary"] == "▲ escalated"
    closed, _ = await enqueue("close_card", FOLLOW)
    assert (closed["event_action"], closed["dedup_key"]) == ("resolve", "ap_1.secops")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a b", "https://a\n", "ftp://a"])
async def test_what_is_no_web_page_is_not_linked_to(link: str) -> None:
    answer = await BENCH.call("post_card", CARD | {"link": link}, respx.Router().async_handler)
    assert answer.code is ActionCode.INVALID


async def test_in_small_what_was_resolved_opens_anew() -> None:
    ledger = MemoryLedger()
    for number, name in enumerate(("post_card", "post", "close_card", "post_card")):
        arguments = CARD if name == "post_card" else FOLLOW
        simulator = PagerDutyInSmall(ledger, StillClock().now)
        assert (await BENCH.simulate(name, arguments, simulator, key=f"key-{number}")).code is None
    said = [entry["answer"]["message"] for entry in ledger.read() if isinstance(entry["answer"], dict)]
    assert said == ["Event processed", "Event added to an open alert", "Event processed", "Event processed"]
