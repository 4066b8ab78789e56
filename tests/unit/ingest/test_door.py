import json
from collections.abc import Mapping

import pytest

from soar.ingest.authentication import Request
from soar.ingest.door import find_origin
from soar.ingest.handshake import LONGEST_CHALLENGE, Greeting, Handshake, greet_known, greet_openly
from soar.ingest.reading import SMALL_BODY
from soar.ingest.receive import Receiver
from soar.ingest.source import Source, parse_source
from soar.model.errors import DeniedError, NotFoundError
from soar.model.values import JsonValue
from soar.store import Store
from tests.unit.ingest.specimens import TOKEN, WORKSPACE, Surroundings

PROXY = "192.0.2.1"


@pytest.fixture
def sources() -> Mapping[str, Source]:
    key: JsonValue = {"secret": "siem_hook"}
    auths: dict[str, dict[str, JsonValue]] = {
        "near": {"bearer": key, "from": ["10.0.0.0/8", "2001:db8::/32"], "proxies": PROXY},
        "okta": {"okta": key},
        "slack": {"slack": key},
        "graph": {"microsoft-graph": key},
    }
    return {name: parse_source({"auth": auth, "alert": {}}, name) for name, auth in auths.items()}


@pytest.mark.parametrize(
    ("remote", "forwarded", "origin"),
    [
        ("10.0.0.7", "", "10.0.0.7"),
        ("203.0.113.7", "10.0.0.7", "203.0.113.7"),
        (PROXY, "10.0.0.7", "10.0.0.7"),
        (PROXY, "10.0.0.7, 203.0.113.7", "203.0.113.7"),
        (PROXY, f"203.0.113.7, 10.0.0.7, {PROXY}", "10.0.0.7"),
        (PROXY, "10.0.0.7, unknown", "unknown"),
        (PROXY, "", ""),
        (PROXY, PROXY, PROXY),
    ],
)
def test_only_a_proxys_word_is_taken_and_only_for_the_last_step(remote: str, forwarded: str, origin: str) -> None:
    assert find_origin(Request({"x-forwarded-for": forwarded}, b"", remote), (PROXY,)) == origin


def test_without_proxies_nobodys_word_is_taken() -> None:
    assert find_origin(Request({"x-forwarded-for": "10.0.0.7"}, b"", "203.0.113.7"), ()) == "203.0.113.7"


@pytest.mark.parametrize(
    ("remote", "forwarded", "is_near"),
    [
        ("10.1.2.3", "", True),
        ("::ffff:10.1.2.3", "", True),
        ("2001:db8::7", "", True),
        (PROXY, "10.1.2.3", True),
        ("203.0.113.7", "10.1.2.3", False),
        (PROXY, "203.0.113.7", False),
        ("2001:db9::7", "", False),
    ],
)
async def test_a_source_comes_from_its_networks_and_has_its_key(
    receiver: Receiver,
    remote: str,
    forwarded: str,
    is_near: bool,  # noqa: FBT001 -- a case
) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "x-forwarded-for": forwarded}
    if is_near:
        assert (await receiver.authenticate("near", headers, b"{}", remote)).id == "near"
        headers["authorization"] = "Bearer another"
    with pytest.raises(DeniedError) as caught:
        await receiver.authenticate("near", headers, b"{}", remote)
    assert caught.value.code == "unauthenticated"


async def test_the_audit_says_that_it_came_from_elsewhere(receiver: Receiver, store: Store) -> None:
    with pytest.raises(DeniedError):
        await receiver.authenticate("near", {"authorization": f"Bearer {TOKEN}"}, b"{}", "203.0.113.7")
    (event,) = await store.read(WORKSPACE, lambda unit: unit.audit.list(10).items)
    assert event.document["reason"] == "it does not come from the source's networks"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"value": [{"clientState": TOKEN}]}, None),
        ({"value": [{"clientState": "another"}]}, "the client state is wrong or missing"),
        ({"value": [{"clientState": TOKEN, "size": 2**60}]}, "the body cannot be read: /value/0/size: a whole number"),
    ],
)
async def test_a_large_body_that_holds_its_proof_is_read_before_that_is_looked_for(
    receiver: Receiver, store: Store, body: dict[str, JsonValue], reason: str | None
) -> None:
    large = json.dumps({**body, "note": "x" * SMALL_BODY}).encode()
    if reason is None:
        assert (await receiver.authenticate("graph", {}, large, "")).id == "graph"
        return
    with pytest.raises(DeniedError):
        await receiver.authenticate("graph", {}, large, "")
    (event,) = await store.read(WORKSPACE, lambda unit: unit.audit.list(10).items)
    assert str(event.document["reason"]).startswith(reason)


async def test_okta_is_answered_if_it_has_the_token(receiver: Receiver) -> None:
    asked = {"x-okta-verification-challenge": "c1"}
    greeting = await receiver.greet("okta", {"authorization": TOKEN, **asked}, "")
    assert greeting == Greeting(b'{"verification":"c1"}', "application/json")
    for source, headers in (("okta", asked), ("nobody", asked), ("slack", asked)):
        with pytest.raises(DeniedError):
            await receiver.greet(source, headers, "")
    with pytest.raises(NotFoundError):
        await receiver.greet("okta", {"authorization": TOKEN}, "")


def test_graph_hears_its_own_words_as_plain_text_and_nobody_else_does(receiver: Receiver) -> None:
    token = "Validation: <b>token</b>"
    assert receiver.greet_openly("graph", {"validationToken": token}) == Greeting(token.encode(), "text/plain")
    for source, query in (
        ("okta", {"validationToken": "t"}),
        ("nobody", {"validationToken": "t"}),
        ("graph", {}),
        ("graph", {"validationToken": ""}),
        ("graph", {"validationToken": "a\nb"}),
        ("graph", {"validationToken": "t" * (LONGEST_CHALLENGE + 1)}),
    ):
        assert receiver.greet_openly(source, query) is None


@pytest.mark.parametrize(
    ("body", "challenge"),
    [
        ({"type": "url_verification", "challenge": "c1"}, "c1"),
        ({"type": "event_callback", "challenge": "c1", "text": "url_verification"}, None),
        ({"type": "url_verification", "challenge": 1}, None),
        ({"type": "url_verification", "challenge": "\u0000"}, None),
        ({"type": "url_verification", "challenge": "c1", "note": "x" * SMALL_BODY}, None),
        (["url_verification"], None),
    ],
)
def test_slack_is_answered_its_challenge(body: JsonValue, challenge: str | None) -> None:
    greeting = greet_known(Handshake.SLACK, {}, json.dumps(body).encode())
    assert (json.loads(greeting.body)["challenge"] if greeting else None) == challenge


def test_what_does_not_ask_is_not_answered() -> None:
    assert greet_known(Handshake.SLACK, {}, b"{url_verification") is None
    assert greet_known(Handshake.MICROSOFT_GRAPH, {"x-okta-verification-challenge": "c"}, b"") is None
    assert greet_openly(None, {"validationToken": "t"}) is None


async def test_a_greeting_stores_nothing(receiver: Receiver, store: Store, surroundings: Surroundings) -> None:
    receiver.greet_openly("graph", {"validationToken": "t"})
    await receiver.greet("okta", {"authorization": TOKEN, "x-okta-verification-challenge": "c1"}, "")
    assert await store.read(WORKSPACE, lambda unit: unit.alerts.list(10).items) == ()
    assert surroundings.announced == []
