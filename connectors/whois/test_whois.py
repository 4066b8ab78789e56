import httpx
import pytest
import respx

from connectors.whois.connector import Whois
from connectors.whois.simulator import RegistryInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import Bench, MemoryLedger, StillClock, check_failures

HOSTS = {"rdap.verisign.com", "rdap.nominet.uk", "rdap.org", "rdap.registry.example"}
BENCH = Bench(Whois, hosts=HOSTS, settings={"servers": {"xyz": "https://rdap.registry.example/xyz/"}})
EVENTS = [
    {"eventAction": "expiration", "eventDate": "2027-02-26T09:00:00Z"},
    {"eventAction": "registration", "eventDate": "2026-02-26T11:00:00+02:00", "eventActor": "registrar"},
]
ANSWER = {"objectClassName": "domain", "ldhName": "EVIL.COM", "events": EVENTS}


@pytest.mark.parametrize(
    ("domain", "url", "name"),
    [
        ("evil.com", "https://rdap.verisign.com/com/v1/domain/evil.com", "evil.com"),
        (" EVIL.com. ", "https://rdap.verisign.com/com/v1/domain/evil.com", "evil.com"),
        ("www.mail.evil.com", "https://rdap.verisign.com/com/v1/domain/evil.com", "evil.com"),
        ("evil.xyz", "https://rdap.registry.example/xyz/domain/evil.xyz", "evil.xyz"),
        ("bücher.com", "https://rdap.verisign.com/com/v1/domain/xn--bcher-kva.com", "xn--bcher-kva.com"),
        ("evil.example", "https://rdap.org/domain/evil.example", "evil.example"),
    ],
)
async def test_the_registry_is_asked_for_the_registered_domain(domain: str, url: str, name: str) -> None:
    router = respx.Router()
    route = router.get(url).respond(json=ANSWER)
    answer = await BENCH.call("domain_age", {"domain": domain}, router.async_handler)
    assert answer.output == {"domain": name, "age_days": 3, "created": "2026-02-26T09:00:00Z"}
    assert route.calls.last.request.headers["accept"] == "application/rdap+json"


async def test_a_longer_name_is_tried_where_the_shorter_is_no_domain() -> None:
    router = respx.Router()
    router.get("https://rdap.nominet.uk/uk/domain/co.uk").respond(404)
    router.get("https://rdap.nominet.uk/uk/domain/evil.co.uk").respond(json=ANSWER)
    answer = await BENCH.call("domain_age", {"domain": "www.evil.co.uk"}, router.async_handler)
    assert isinstance(answer.output, dict)
    assert answer.output["domain"] == "evil.co.uk"


async def test_a_domain_that_nobody_has_is_not_found() -> None:
    answer = await BENCH.call("domain_age", {"domain": "a.evil.com"}, lambda _request: httpx.Response(404))
    assert answer.code is ActionCode.NOT_FOUND


async def test_a_redirect_is_not_followed_but_told() -> None:
    router = respx.Router()
    router.get("https://rdap.org/domain/evil.top").respond(
        302, headers={"Location": "https://rdap.nic.top/domain/evil.top"}
    )
    answer = await BENCH.call("domain_age", {"domain": "evil.top"}, router.async_handler)
    assert answer.code is ActionCode.NOT_FOUND
    assert "https://rdap.nic.top/domain/evil.top" in answer.message
    assert "servers" in answer.message


@pytest.mark.parametrize("domain", ["", "com", "10.0.0.1", "a..com", "x" * 64 + ".com", "..", "../../a.com"])
async def test_what_is_no_domain_is_not_asked_for(domain: str) -> None:
    router = respx.Router()
    answer = await BENCH.call("domain_age", {"domain": domain}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_a_name_cannot_leave_its_segment() -> None:
    router = respx.Router()
    route = router.get(url__startswith="https://rdap.verisign.com/com/v1/domain/").respond(404)
    await BENCH.call("domain_age", {"domain": "a/b?c#d.com"}, router.async_handler)
    assert route.calls.last.request.url.raw_path == b"/com/v1/domain/a%2Fb%3Fc%23d.com"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, ActionCode.NOT_FOUND),
        ({"events": EVENTS[:1]}, ActionCode.NOT_FOUND),
        ({"events": "none"}, ActionCode.INVALID),
        ({"events": [{"eventAction": "registration", "eventDate": "long ago"}]}, ActionCode.INVALID),
    ],
)
async def test_a_registry_that_does_not_say_when_is_told(document: dict[str, object], code: ActionCode) -> None:
    answer = await BENCH.call("domain_age", {"domain": "evil.com"}, lambda _: httpx.Response(200, json=document))
    assert answer.code is code


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "domain_age", {"domain": "evil.com"})


@pytest.mark.parametrize(
    ("domain", "days"), [("evil.example", 3), ("mail.evil.example", 3), ("corp.example", 4000), ("evil.com", 4000)]
)
async def test_in_small_one_domain_is_young(domain: str, days: int) -> None:
    answer = await BENCH.simulate("domain_age", {"domain": domain}, RegistryInSmall(MemoryLedger(), StillClock().now))
    assert isinstance(answer.output, dict)
    assert answer.output["age_days"] == days
