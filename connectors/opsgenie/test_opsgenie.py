import json
from typing import Any

import httpx
import pytest
import respx

from connectors.opsgenie.connector import Opsgenie
from connectors.opsgenie.simulator import OpsgenieInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, StillClock, check_double_call, check_failures

URL = "https://api.opsgenie.com/v2/alerts"
URL_EU = "https://api.eu.opsgenie.com/v2/alerts"
ALERT = {"team": "secops", "message": "Ransomware on srv-files-01"}
LINK = "https://soar.example/approvals/ap_1"
CARD = {"channel": "secops", "key": "ap_1", "text": "AB12: Isolate web-1?", "link": LINK}
FOLLOW = {"channel": "secops", "thread": "ap_1.secops", "text": "denied by ann"}
TAKEN = {"result": "Request will be processed", "took": 0.3, "requestId": "r-1"}


def open_bench(*, eu: bool = False, **teams: str) -> Bench:
    return Bench(
        Opsgenie,
        hosts={"api.opsgenie.com", "api.eu.opsgenie.com"},
        settings={"teams": dict(teams), "eu": eu},
        credentials={"api_key": SECRET},
    )


BENCH = open_bench()


async def send(
    name: str, arguments: dict[str, Any], *, bench: Bench = BENCH, url: str = URL
) -> tuple[httpx.Request, Any]:
    """Call an action and return the request that arrived, and its body."""
    router = respx.Router()
    route = router.post(url).respond(202, json=TAKEN)
    answer = await bench.call(name, arguments, router.async_handler)
    assert answer.code is None, answer.message
    request = route.calls.last.request
    assert request.headers["Authorization"] == f"GenieKey {SECRET}"
    return request, json.loads(request.content)


async def test_a_page_is_an_alert_for_a_team() -> None:
    _, body = await send("create", ALERT)
    assert body == {
        "message": "Ransomware on srv-files-01",
        "alias": "key-1",
        "description": "Ransomware on srv-files-01",
        "responders": [{"name": "secops", "type": "team"}],
        "priority": "P1",
        "source": "soar",
    }


async def test_an_alert_is_closed_by_its_alias_whatever_is_in_it() -> None:
    request, body = await send("close", {"alias": "srv/1?x", "note": "over"}, url=f"{URL}/srv%2F1%3Fx/close")
    assert request.url.query == b"identifierType=alias"
    assert body == {"source": "soar", "note": "over"}


async def test_a_question_pages_once_and_its_end_closes_that() -> None:
    _, opened = await send("post_card", CARD)
    assert (opened["alias"], opened["description"]) == ("ap_1.secops", f"AB12: Isolate web-1?\n{LINK}")
    _, again = await send("post", FOLLOW)
    assert (again["alias"], again["message"]) == ("ap_1.secops", "denied by ann")
    _, closed = await send("close_card", FOLLOW, url=f"{URL}/ap_1.secops/close")
    assert closed["note"] == "denied by ann"


async def test_a_team_has_its_name_in_opsgenie_and_an_account_in_europe_its_own_host() -> None:
    _, body = await send("create", ALERT, bench=open_bench(eu=True, secops="Security Operations"), url=URL_EU)
    assert body["responders"] == [{"name": "Security Operations", "type": "team"}]


async def test_a_hostile_message_is_one_line_and_cut() -> None:
    _, body = await send("create", ALERT | {"message": "a\r\nb\u2028c " + "x" * 200})
    assert body["message"] == "a b c " + "x" * 123 + "…"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("create", ALERT | {"team": "payments"}),
        ("create", ALERT | {"message": ""}),
        ("create", ALERT | {"priority": "P0"}),
        ("create", ALERT | {"alias": "x" * 513}),
        ("create", ALERT | {"link": "javascript:alert(1)"}),
        ("close", {"alias": ".."}),
        ("post_card", CARD | {"channel": "payments"}),
    ],
)
async def test_what_cannot_be_paged_is_refused(name: str, arguments: dict[str, Any]) -> None:
    router = respx.Router()
    answer = await open_bench(secops="secops").call(name, arguments, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "create", ALERT)
    await check_failures(BENCH, "close", {"alias": "a"})


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
async def test_an_answer_that_makes_no_sense_is_no_success(body: bytes) -> None:
    answer = await BENCH.call("create", ALERT, lambda _: httpx.Response(202, content=body))
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


@pytest.mark.parametrize(
    ("name", "arguments"), [("create", ALERT), ("post_card", CARD), ("post", FOLLOW), ("close_card", FOLLOW)]
)
async def test_in_small_a_second_call_changes_nothing(name: str, arguments: dict[str, Any]) -> None:
    await check_double_call(BENCH, name, arguments, lambda ledger: OpsgenieInSmall(ledger, StillClock().now))
