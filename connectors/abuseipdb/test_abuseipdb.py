import httpx
import pytest
import respx

from connectors.abuseipdb.connector import AbuseIpDb
from connectors.abuseipdb.simulator import AbuseIpDbInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

CHECK = "https://api.abuseipdb.com/api/v2/check"
IP = {"ip": "203.0.113.7"}
DATA = {
    "ipAddress": "203.0.113.7",
    "isPublic": True,
    "ipVersion": 4,
    "isWhitelisted": None,
    "abuseConfidenceScore": 97,
    "countryCode": "NL",
    "usageType": "Data Center/Web Hosting/Transit",
    "isp": "Bulletproof Hosting Ltd",
    "domain": "evil.example",
    "hostnames": [],
    "isTor": False,
    "totalReports": 412,
    "numDistinctUsers": 80,
    "lastReportedAt": "2026-02-27T20:55:14+00:00",
}
BENCH = Bench(AbuseIpDb, hosts={"api.abuseipdb.com"}, credentials={"api_key": SECRET})
SIMULATOR = AbuseIpDbInSmall(MemoryLedger(), StillClock().now)


async def test_an_address_is_checked_with_the_key() -> None:
    router = respx.Router()
    route = router.get(CHECK, params={"ipAddress": "203.0.113.7", "maxAgeInDays": "90"}).respond(json={"data": DATA})
    answer = await BENCH.call("check", IP, router.async_handler)
    assert answer.output == {
        "ip": "203.0.113.7",
        "score": 97,
        "reports": 412,
        "country": "NL",
        "isp": "Bulletproof Hosting Ltd",
        "is_tor": False,
        "last_reported_at": "2026-02-27T20:55:14Z",
    }
    assert route.calls.last.request.headers["Key"] == SECRET
    assert route.calls.last.request.headers["Accept"] == "application/json"


@pytest.mark.parametrize(("age", "days"), [("90d", "90"), ("1d", "1"), ("36h", "2"), ("52w", "364"), ("365d", "365")])
async def test_the_age_is_asked_for_in_whole_days(age: str, days: str) -> None:
    router = respx.Router()
    route = router.get(CHECK).respond(json={"data": DATA})
    await BENCH.call("check", {**IP, "max_age": age}, router.async_handler)
    assert route.calls.last.request.url.params["maxAgeInDays"] == days


async def test_an_address_of_six_goes_into_the_query_whole() -> None:
    router = respx.Router()
    route = router.get(CHECK).respond(json={"data": DATA})
    await BENCH.call("check", {"ip": "2001:DB8::1"}, router.async_handler)
    assert route.calls.last.request.url.params["ipAddress"] == "2001:db8::1"


@pytest.mark.parametrize(
    "change",
    [{"ip": "evil.example"}, {"ip": "203.0.113.7&verbose"}, *({"max_age": age} for age in ("23h", "366d", "90"))],
)
async def test_what_cannot_be_checked_is_refused(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call("check", IP | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_what_the_vendor_does_not_know_is_empty() -> None:
    quiet = {"abuseConfidenceScore": 0, "totalReports": 0, "countryCode": None, "isp": None, "lastReportedAt": None}
    answer = await BENCH.call("check", IP, lambda _: httpx.Response(200, json={"data": DATA | quiet}))
    assert isinstance(answer.output, dict)
    assert list(answer.output.values()) == ["203.0.113.7", 0, 0, "", "", False, None]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"data": None},
        {"data": {}},
        *({"data": DATA | {"abuseConfidenceScore": score}} for score in (101, None)),
    ],
)
async def test_an_answer_that_is_no_report_is_refused(body: object) -> None:
    answer = await BENCH.call("check", IP, lambda _: httpx.Response(200, json=body))
    assert answer.code is ActionCode.INVALID


async def test_an_address_that_the_vendor_refuses_is_invalid() -> None:
    body = {"errors": [{"detail": "The ip address must be a valid IPv4 or IPv6 address.", "status": 422}]}
    answer = await BENCH.call("check", IP, lambda _: httpx.Response(422, json=body))
    assert answer.code is ActionCode.INVALID
    assert "must be a valid" in answer.message


async def test_a_vendor_without_the_page_is_no_clean_bill_of_health() -> None:
    answer = await BENCH.call("check", IP, lambda _: httpx.Response(404, text="gone"))
    assert answer.code is ActionCode.NOT_FOUND


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "check", IP)


@pytest.mark.parametrize(
    ("arguments", "score", "is_tor"),
    [
        ({"ip": "203.0.113.7"}, 97, False),
        ({"ip": "203.0.113.66"}, 97, True),
        ({"ip": "198.51.100.7"}, 34, False),
        ({"ip": "198.51.100.7", "max_age": "30d"}, 0, False),
        ({"ip": "192.0.2.7"}, 0, False),
        ({"ip": "2001:db8::1"}, 0, False),
    ],
)
async def test_in_small_two_networks_are_reported(arguments: dict[str, str], score: int, *, is_tor: bool) -> None:
    answer = await BENCH.simulate("check", arguments, SIMULATOR)
    assert isinstance(answer.output, dict)
    assert (answer.output["score"], answer.output["is_tor"]) == (score, is_tor)
