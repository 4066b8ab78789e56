import json

import httpx
import pytest
import respx

from connectors.nftables.connector import Nftables
from connectors.nftables.simulator import MachineInSmall
from soar.sdk import ActionCode, Simulator
from soar.sdk.testing import SECRET, Bench, Ledger, MemoryLedger, StillClock, check_double_call, check_failures

API = "https://gate.corp.example:8620/v1/blocks/203.0.113.7"
IP = {"ip": "203.0.113.7"}
BENCH = Bench(
    Nftables,
    hosts={"gate.corp.example"},
    settings={"url": "https://gate.corp.example:8620/", "private": False},
    credentials={"key": SECRET},
)


def tell(*, is_blocked: bool, seconds: float | None = None) -> httpx.Response:
    return httpx.Response(200, json={**IP, "is_blocked": is_blocked, "seconds_left": seconds})


@pytest.mark.parametrize(("lasts", "seconds"), [("1h", 3600), ("1m30s", 90), (None, None)])
async def test_an_address_is_blocked_for_a_while_or_for_good(lasts: str | None, seconds: int | None) -> None:
    router = respx.Router()
    route = router.put(API).mock(tell(is_blocked=True, seconds=seconds))
    answer = await BENCH.call("block", {**IP, "lasts": lasts}, router.async_handler)
    assert answer.output == {**IP, "seconds_left": seconds}
    request = route.calls.last.request
    assert json.loads(request.content) == {"seconds": seconds}
    assert request.headers["Authorization"] == f"Bearer {SECRET}"


async def test_an_address_of_version_6_stays_one_part_of_the_path() -> None:
    router = respx.Router()
    route = router.delete(API.replace("203.0.113.7", "2001%3Adb8%3A%3A1")).mock(tell(is_blocked=False))
    await BENCH.call("unblock", {"ip": "2001:0DB8::1"}, router.async_handler)
    assert route.called


@pytest.mark.parametrize("is_blocked", [True, False])
async def test_a_block_stands_while_the_agent_says_so(*, is_blocked: bool) -> None:
    router = respx.Router()
    router.get(API).mock(tell(is_blocked=is_blocked, seconds=9.0 if is_blocked else None))
    answer = await BENCH.call("is_blocked", IP, router.async_handler)
    assert answer.output == {**IP, "holds": is_blocked, "seconds_left": 9.0 if is_blocked else None}


@pytest.mark.parametrize(("name", "is_blocked"), [("block", False), ("unblock", True)])
async def test_what_did_not_come_about_is_a_failure(name: str, *, is_blocked: bool) -> None:
    answer = await BENCH.call(name, IP, lambda _: tell(is_blocked=is_blocked))
    assert answer.code is ActionCode.INVALID


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
@pytest.mark.parametrize("name", ["block", "unblock", "is_blocked"])
async def test_an_answer_that_makes_no_sense_is_a_failure(name: str, body: bytes) -> None:
    answer = await BENCH.call(name, IP, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.INVALID


@pytest.mark.parametrize("change", [{"ip": "203.0.113.0/24"}, {"ip": "any"}, {"lasts": "0s"}, {"lasts": "366d"}])
async def test_what_cannot_be_blocked_is_not_sent(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call("block", IP | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


@pytest.mark.parametrize("name", ["block", "unblock", "is_blocked"])
async def test_every_failure_has_its_code(name: str) -> None:
    await check_failures(BENCH, name, IP)


def open_machine(ledger: Ledger) -> Simulator:
    return MachineInSmall(ledger, StillClock().now)


@pytest.mark.parametrize("name", ["block", "unblock"])
async def test_in_small_a_second_call_changes_nothing(name: str) -> None:
    await check_double_call(BENCH, name, IP, open_machine)


async def test_in_small_a_block_lasts_until_it_is_taken_back() -> None:
    ledger = MemoryLedger()
    seen: list[tuple[object, object]] = []
    for name, arguments in (("unblock", IP), ("block", IP), ("block", {**IP, "lasts": "1h"}), ("unblock", IP)):
        await BENCH.simulate(name, arguments, open_machine(ledger), key=f"{len(seen)}")
        answer = await BENCH.simulate("is_blocked", IP, open_machine(ledger))
        assert isinstance(answer.output, dict)
        seen.append((answer.output["holds"], answer.output["seconds_left"]))
    assert seen == [(False, None), (True, None), (True, 3600.0), (False, None)]
