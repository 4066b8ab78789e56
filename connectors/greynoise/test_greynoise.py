import httpx
import pytest
import respx

from connectors.greynoise.connector import GreyNoise
from connectors.greynoise.simulator import GreyNoiseInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

API = "https://api.greynoise.io/v3/community"
IP = {"ip": "203.0.113.7"}
REPORT = {
    "ip": "203.0.113.7",
    "noise": True,
    "riot": False,
    "classification": "malicious",
    "name": "unknown",
    "link": "https://viz.greynoise.io/ip/203.0.113.7",
    "last_seen": "2026-02-27",
    "message": "Success",
}
BENCH = Bench(GreyNoise, hosts={"api.greynoise.io"}, credentials={"api_key": SECRET})
SIMULATOR = GreyNoiseInSmall(MemoryLedger(), StillClock().now)


async def test_an_address_is_looked_up_with_the_key() -> None:
    router = respx.Router()
    route = router.get(f"{API}/203.0.113.7").respond(json=REPORT)
    answer = await BENCH.call("lookup", {"ip": "::ffff:203.0.113.7"}, router.async_handler)
    assert answer.output == {
        "ip": "203.0.113.7",
        "classification": "malicious",
        "noise": True,
        "riot": False,
        "name": "unknown",
        "last_seen": "2026-02-27",
    }
    assert route.calls.last.request.headers["key"] == SECRET


async def test_an_address_that_was_never_seen_is_unknown() -> None:
    body = {"ip": "203.0.113.7", "noise": False, "riot": False, "message": "IP not observed"}
    answer = await BENCH.call("lookup", IP, lambda _: httpx.Response(404, json=body))
    assert answer.output == {
        "ip": "203.0.113.7",
        "classification": "unknown",
        "noise": False,
        "riot": False,
        "name": "",
        "last_seen": None,
    }


@pytest.mark.parametrize("ip", ["", "evil.example", "203.0.113.0/24", "203.0.113.7/../../ping", "fe80::1%eth0"])
async def test_only_an_address_is_looked_up(ip: str) -> None:
    router = respx.Router()
    answer = await BENCH.call("lookup", {"ip": ip}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


@pytest.mark.parametrize(
    "change", [{"classification": "friendly"}, {"classification": None}, {"noise": "maybe"}, {"last_seen": "lately"}]
)
async def test_a_report_that_does_not_fit_is_refused(change: dict[str, str | None]) -> None:
    answer = await BENCH.call("lookup", IP, lambda _: httpx.Response(200, json=REPORT | change))
    assert answer.code is ActionCode.INVALID


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
async def test_an_answer_that_is_no_report_is_refused(body: bytes) -> None:
    answer = await BENCH.call("lookup", IP, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.INVALID


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "lookup", IP)


@pytest.mark.parametrize(
    ("ip", "told"),
    [
        ("203.0.113.7", ("malicious", True, False, "2026-02-28")),
        ("198.51.100.7", ("benign", True, False, "2026-02-28")),
        ("192.0.2.1", ("benign", False, True, "2026-02-28")),
        ("192.0.2.200", ("unknown", False, False, None)),
    ],
)
async def test_in_small_three_networks_are_known(ip: str, told: tuple[object, ...]) -> None:
    answer = await BENCH.simulate("lookup", {"ip": ip}, SIMULATOR)
    assert isinstance(answer.output, dict)
    assert tuple(answer.output[name] for name in ("classification", "noise", "riot", "last_seen")) == told


async def test_in_small_as_at_the_vendor_only_four_is_known() -> None:
    assert (await BENCH.simulate("lookup", {"ip": "2001:db8::1"}, SIMULATOR)).code is ActionCode.INVALID
