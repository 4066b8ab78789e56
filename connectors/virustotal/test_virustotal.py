import httpx
import pytest
import respx

from connectors.virustotal.connector import VirusTotal
from connectors.virustotal.simulator import VirusTotalInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

API = "https://www.virustotal.com/api/v3"
HASH = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
STATS = {"malicious": 8, "suspicious": 1, "harmless": 70, "undetected": 11, "timeout": 0}
REPORT = {
    "data": {
        "type": "url",
        "id": "f" * 64,
        "attributes": {"last_analysis_stats": STATS, "last_analysis_date": 1772300000, "reputation": -5},
    }
}
BENCH = Bench(VirusTotal, hosts={"www.virustotal.com"}, credentials={"api_key": SECRET})
SIMULATOR = VirusTotalInSmall(MemoryLedger(), StillClock().now)


async def test_a_url_is_asked_for_by_its_base64url_text() -> None:
    router = respx.Router()
    url = "https://evil.example/pay?a=ÿ>>"
    route = router.get(f"{API}/urls/aHR0cHM6Ly9ldmlsLmV4YW1wbGUvcGF5P2E9w78-Pg").respond(json=REPORT)
    answer = await BENCH.call("url_report", {"url": url}, router.async_handler)
    assert answer.output == {
        "url": url,
        "known": True,
        "malicious": 8,
        "suspicious": 1,
        "harmless": 70,
        "undetected": 11,
        "last_analysis": "2026-02-28T17:33:20Z",
    }
    assert route.calls.last.request.headers["x-apikey"] == SECRET
    assert "idempotency-key" not in route.calls.last.request.headers


async def test_a_file_is_asked_for_by_its_hash() -> None:
    router = respx.Router()
    router.get(f"{API}/files/{HASH}").respond(json=REPORT)
    answer = await BENCH.call("file_report", {"hash": HASH}, router.async_handler)
    assert isinstance(answer.output, dict)
    assert (answer.output["hash"], answer.output["malicious"]) == (HASH, 8)


@pytest.mark.parametrize(
    ("name", "arguments"), [("url_report", {"url": "https://new.example/"}), ("file_report", {"hash": HASH})]
)
async def test_what_was_never_seen_is_said_to_be_unknown(name: str, arguments: dict[str, str]) -> None:
    answer = await BENCH.call(name, arguments, lambda _request: httpx.Response(404, json={"error": {}}))
    assert isinstance(answer.output, dict)
    assert (answer.output["known"], answer.output["malicious"]) == (False, 0)
    assert answer.output["last_analysis"] is None


@pytest.mark.parametrize("text", ["abc", "../urls/x", HASH + "0", "g" * 64])
async def test_only_a_hash_is_asked_for(text: str) -> None:
    router = respx.Router()
    answer = await BENCH.call("file_report", {"hash": text}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": null}', b'{"data": {"attributes": {}}}'])
async def test_an_answer_that_is_no_report_is_refused(body: bytes) -> None:
    answer = await BENCH.call("url_report", {"url": "x"}, lambda _request: httpx.Response(200, content=body))
    assert answer.code is ActionCode.INVALID


@pytest.mark.parametrize(
    ("name", "arguments"), [("url_report", {"url": "https://evil.example/"}), ("file_report", {"hash": HASH})]
)
async def test_every_failure_has_its_code(name: str, arguments: dict[str, str]) -> None:
    await check_failures(BENCH, name, arguments)


@pytest.mark.parametrize(
    ("url", "malicious"),
    [
        ("https://evil.example/pay", 8),
        ("https://login.evil.example/", 8),
        ("https://notevil.example/", 0),
        ("https://evil.example.good.example/", 0),
        ("https://[", 0),
    ],
)
async def test_in_small_everything_under_one_domain_is_bad(url: str, malicious: int) -> None:
    answer = await BENCH.simulate("url_report", {"url": url}, SIMULATOR)
    assert isinstance(answer.output, dict)
    assert answer.output["malicious"] == malicious
    assert answer.output["harmless"] == 90 - malicious


@pytest.mark.parametrize(("text", "known"), [(HASH, True), ("a" * 64, False)])
async def test_in_small_one_file_is_known(text: str, *, known: bool) -> None:
    answer = await BENCH.simulate("file_report", {"hash": text}, SIMULATOR)
    assert isinstance(answer.output, dict)
    assert answer.output["known"] is known
