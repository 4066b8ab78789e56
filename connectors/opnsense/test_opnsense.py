import base64
import json

import httpx
import pytest
import respx

from connectors.opnsense.connector import OpnSense
from connectors.opnsense.simulator import FirewallInSmall
from soar.sdk import ActionCode, Simulator
from soar.sdk.testing import (
    SECRET,
    Bench,
    Ledger,
    MemoryLedger,
    StillClock,
    check_double_call,
    check_failures,
    check_lost_answer,
)

API = "https://fw.corp.example/api/firewall/alias_util"
ENTRY = {"ip": "203.0.113.7", "alias": "blocklist"}
ON_LIST = {"ip": "203.0.113.7", "alias": "soar-blocklist"}
OTHER_SECRET = "0ther/" + SECRET
BENCH = Bench(
    OpnSense,
    hosts={"fw.corp.example"},
    settings={"url": "https://fw.corp.example/", "private": False},
    credentials={"api_key": SECRET, "api_secret": OTHER_SECRET},
)


def open_firewall(ledger: Ledger) -> Simulator:
    return FirewallInSmall(ledger, StillClock().now)


def tell_table(*addresses: str) -> httpx.Response:
    rows = [{"ip": address, "packets": 0} for address in addresses]
    return httpx.Response(200, json={"total": len(rows), "rowCount": 9999, "current": 1, "rows": rows})


def open_router(*addresses: str, outcome: httpx.Response | None = None) -> tuple[respx.Router, respx.Route]:
    router = respx.Router(assert_all_called=False)
    router.get(f"{API}/list/blocklist").mock(tell_table(*addresses))
    add = router.post(f"{API}/add/blocklist").mock(outcome or httpx.Response(200, json={"status": "done"}))
    return router, add


async def test_an_address_is_added_to_the_alias() -> None:
    router, add = open_router("203.0.113.70", "203.0.113.0/24")
    answer = await BENCH.call("block_ip", ENTRY, router.async_handler, key="key-3")
    assert answer.output == {**ENTRY, "was_blocked": False}
    request = add.calls.last.request
    assert json.loads(request.content) == {"address": "203.0.113.7"}
    assert request.headers["Idempotency-Key"] == "key-3"
    pair = base64.b64encode(f"{SECRET}:{OTHER_SECRET}".encode()).decode()
    assert [call.request.headers["Authorization"] for call in router.calls] == [f"Basic {pair}"] * 2


@pytest.mark.parametrize(
    ("listed", "asked"),
    [("203.0.113.7", "203.0.113.7"), ("203.0.113.7", "::ffff:203.0.113.7"), ("2001:db8::1", "2001:0DB8:0:0::1")],
)
async def test_an_address_that_is_there_is_not_added_again(listed: str, asked: str) -> None:
    router, add = open_router("198.51.100.1", listed)
    answer = await BENCH.call("block_ip", {**ENTRY, "ip": asked}, router.async_handler)
    assert answer.output == {"ip": listed, "alias": "blocklist", "was_blocked": True}
    assert not add.called


async def test_an_address_is_deleted_from_the_alias() -> None:
    router = respx.Router()
    route = router.post(f"{API}/delete/blocklist").respond(json={"status": "done"})
    answer = await BENCH.call("unblock_ip", ENTRY, router.async_handler)
    assert answer.output == ENTRY
    assert json.loads(route.calls.last.request.content) == {"address": "203.0.113.7"}


@pytest.mark.parametrize(
    ("listed", "holds"),
    [(["203.0.113.7"], True), (["203.0.113.70", "203.0.113.0/24"], False), ([], False)],
)
async def test_a_block_stands_while_the_address_itself_is_listed(listed: list[str], holds: bool) -> None:  # noqa: FBT001 -- a case of the table
    router, add = open_router(*listed)
    answer = await BENCH.call("check_block", ENTRY, router.async_handler)
    assert answer.output == {**ENTRY, "holds": holds}
    assert not add.called


async def test_of_a_list_that_is_cut_nobody_can_tell_what_is_not_on_it() -> None:
    router = respx.Router()
    router.get(f"{API}/list/blocklist").respond(json={"total": 12000, "rows": [{"ip": "203.0.113.0/24"}]})
    answer = await BENCH.call("check_block", ENTRY, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert "1 of 12000" in answer.message


async def test_a_list_says_how_much_longer_it_is() -> None:
    router = respx.Router()
    router.get(f"{API}/list/blocklist").respond(json={"total": 12000, "rows": [{"ip": "203.0.113.0/24"}]})
    answer = await BENCH.call("list_blocked", {"alias": "blocklist"}, router.async_handler)
    assert answer.output == {"alias": "blocklist", "count": 12000, "ips": ["203.0.113.0/24"]}


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (httpx.Response(200, json={"status": "failed", "status_msg": "non existing alias"}), ActionCode.NOT_FOUND),
        (httpx.Response(200, json={"status": "failed"}), ActionCode.NOT_FOUND),
        (httpx.Response(200, json={"status": "not_an_address"}), ActionCode.INVALID),
        (httpx.Response(200, json={"result": "saved"}), ActionCode.INVALID),
        (httpx.Response(200, json=[]), ActionCode.INVALID),
        (httpx.Response(200, text="<html>please sign in"), ActionCode.INVALID),
        (httpx.Response(302, headers={"Location": "/"}), ActionCode.INVALID),
        (httpx.Response(401, json={"status": 401, "message": "Authentication Failed"}), ActionCode.AUTH),
        (httpx.Response(403, json={"status": 403, "message": "Forbidden"}), ActionCode.FORBIDDEN),
        (httpx.Response(404, json={"errorMessage": "Endpoint not found"}), ActionCode.NOT_FOUND),
        (httpx.Response(429, headers={"Retry-After": "7"}), ActionCode.RATE_LIMITED),
        (httpx.Response(503), ActionCode.UNAVAILABLE),
    ],
)
async def test_a_block_that_did_not_come_about_is_a_failure(outcome: httpx.Response, code: ActionCode) -> None:
    router, add = open_router(outcome=outcome)
    answer = await BENCH.call("block_ip", ENTRY, router.async_handler)
    assert (answer.code, answer.output) == (code, None)
    assert add.call_count == 1
    assert answer.retry_after == (7 if code is ActionCode.RATE_LIMITED else None)


@pytest.mark.parametrize("body", [[], {}, {"total": 1}, {"total": 1, "rows": [{"address": "203.0.113.7"}]}])
@pytest.mark.parametrize(
    ("name", "arguments"), [("block_ip", ENTRY), ("check_block", ENTRY), ("list_blocked", {"alias": "blocklist"})]
)
async def test_what_is_no_table_is_refused_and_nothing_is_added(
    name: str, arguments: dict[str, str], body: object
) -> None:
    router = respx.Router()
    router.get(f"{API}/list/blocklist").respond(json=body)
    answer = await BENCH.call(name, arguments, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert len(router.calls) == 1


@pytest.mark.parametrize("change", [{"ip": "203.0.113.0/24"}, {"ip": "any"}, {"alias": ""}, {"alias": "../alias"}])
@pytest.mark.parametrize("name", ["block_ip", "unblock_ip"])
async def test_only_an_address_on_a_list_is_sent(name: str, change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call(name, ENTRY | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("block_ip", ENTRY), ("unblock_ip", ENTRY), ("check_block", ENTRY), ("list_blocked", {"alias": "blocklist"})],
)
async def test_every_failure_has_its_code(name: str, arguments: dict[str, str]) -> None:
    await check_failures(BENCH, name, arguments)


async def test_a_firewall_that_the_connection_does_not_name_is_not_called() -> None:
    elsewhere = Bench(
        OpnSense, hosts=BENCH.hosts, settings={"url": "https://evil.example"}, credentials=BENCH.credentials
    )
    router = respx.Router()
    answer = await elsewhere.call("block_ip", ENTRY, router.async_handler)
    assert answer.code is ActionCode.FORBIDDEN
    assert not router.calls


async def list_blocked(ledger: Ledger) -> object:
    arguments = {"alias": "soar-blocklist"}
    answer = await BENCH.simulate("list_blocked", arguments, open_firewall(ledger))
    assert isinstance(answer.output, dict)
    return answer.output["ips"]


async def test_in_small_a_block_lasts_until_it_is_taken_back() -> None:
    ledger = MemoryLedger()
    assert await list_blocked(ledger) == ["203.0.113.66"]
    await BENCH.simulate("block_ip", ON_LIST, open_firewall(ledger), key="b")
    assert await list_blocked(ledger) == ["203.0.113.66", "203.0.113.7"]
    await BENCH.simulate("unblock_ip", ON_LIST, open_firewall(ledger), key="u")
    assert await list_blocked(ledger) == ["203.0.113.66"]


async def test_in_small_a_block_is_seen_until_somebody_takes_it_off() -> None:
    ledger = MemoryLedger()
    seen = []
    for name in ("block_ip", "unblock_ip"):
        await BENCH.simulate(name, ON_LIST, open_firewall(ledger), key=name)
        answer = await BENCH.simulate("check_block", ON_LIST, open_firewall(ledger))
        assert isinstance(answer.output, dict)
        seen.append(answer.output["holds"])
    assert seen == [True, False]


@pytest.mark.parametrize("key", ["first", "second"])
async def test_in_small_a_second_block_adds_nothing(key: str) -> None:
    ledger = MemoryLedger()
    await BENCH.simulate("block_ip", ON_LIST, open_firewall(ledger), key="first")
    entries = ledger.read()
    answer = await BENCH.simulate("block_ip", ON_LIST, open_firewall(ledger), key=key)
    assert answer.output == {**ON_LIST, "was_blocked": True}
    assert ledger.read() == entries


async def test_in_small_a_second_unblocking_changes_nothing() -> None:
    await check_double_call(BENCH, "unblock_ip", {**ON_LIST, "ip": "203.0.113.66"}, open_firewall)


async def test_in_small_an_alias_that_is_not_there_is_not_made() -> None:
    ledger = MemoryLedger()
    answer = await BENCH.simulate("block_ip", {**ON_LIST, "alias": "typo"}, open_firewall(ledger))
    assert answer.code is ActionCode.NOT_FOUND
    assert "typo" in answer.message
    assert (await BENCH.simulate("list_blocked", {"alias": "typo"}, open_firewall(ledger))).output == {
        "alias": "typo",
        "count": 0,
        "ips": [],
    }


async def test_in_small_a_lost_answer_can_be_asked_about() -> None:
    output = await check_lost_answer(BENCH, "block_ip", ON_LIST, open_firewall)
    assert output == {**ON_LIST, "was_blocked": None}
