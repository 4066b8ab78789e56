"""What the Bot Connector signs, and what somebody else signs in its name."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import OctKey

from soar.approvals.teams_request import Vouched
from soar.federation.bot_token import METADATA, BotTokens
from soar.model.errors import DeniedError, InputError, UnavailableError
from soar.sdk.testing import WireEgress
from tests.support.clock import START, SteppedClock
from tests.support.identity_provider import make_key
from tests.support.teams import APPLICATION, KEYS, SERVICE, FakeTeams, make_token

NOW = int(START.timestamp())


def make_tokens(server: FakeTeams, clock: SteppedClock) -> BotTokens:
    return BotTokens(APPLICATION, egress=server.egress, clock=clock)


@pytest.mark.parametrize(
    "changes", [{}, {"nbf": NOW + 299}, {"exp": NOW - 299}, {"nbf": None}, {"aud": APPLICATION, "more": 1}]
)
async def test_a_token_of_the_bot_connector_for_us_counts(changes: dict[str, Any]) -> None:
    server = FakeTeams()
    vouched = await make_tokens(server, SteppedClock()).verify(make_token(START, **changes))
    assert vouched == Vouched(SERVICE, frozenset({"msteams", "skype"}))
    assert server.fetched == [METADATA, KEYS]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": [APPLICATION]},
        {"aud": None},
        {"exp": NOW - 300},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": NOW + 301},
        {"serviceurl": None},
        {"header": {"alg": "HS256"}, "key": OctKey.import_key("a secret that somebody made up, long enough")},
        {"header": {"alg": "ES256", "kid": "key-ES256"}, "key": make_key("ES256")},
        {"key": make_key("RS256", "evil")},
        {"header": {"kid": "another"}},
        {"header": {"kid": None}},
        {"header": {"typ": "logout+jwt"}},
        {"header": {"jwk": make_key("RS256", "evil").as_dict(private=False)}},
        {"header": {"jku": "https://evil.example/keys"}},
        {"header": {"crit": ["exp"]}},
    ],
)
async def test_what_the_bot_connector_did_not_sign_for_us_and_now_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DeniedError) as caught:
        await make_tokens(FakeTeams(), SteppedClock()).verify(make_token(START, **changes))
    assert caught.value.code == "chat.signature"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "\u00e9.\u00e9.\u00e9"])
async def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(DeniedError) as caught:
        await make_tokens(FakeTeams(), SteppedClock()).verify(text)
    assert caught.value.code == "chat.signature"


async def test_an_application_that_is_not_named_is_nobodys() -> None:
    with pytest.raises(DeniedError):
        await BotTokens("", egress=FakeTeams().egress, clock=SteppedClock()).verify(make_token(START, aud=""))


async def test_keys_are_remembered_and_a_new_one_is_found_within_a_minute() -> None:
    server, clock = FakeTeams(), SteppedClock()
    tokens = make_tokens(server, clock)
    for _ in range(3):
        await tokens.verify(make_token(START))
    assert len(server.fetched) == 2
    server.keys = ("key", "next")
    rolled = make_token(START, key=make_key("RS256", "next"), header={"kid": "next-RS256"})
    with pytest.raises(DeniedError):
        await tokens.verify(rolled)
    assert len(server.fetched) == 2
    clock.advance(timedelta(minutes=1))
    await tokens.verify(rolled)
    assert len(server.fetched) == 4


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        (httpx.Response(503), UnavailableError),
        (httpx.Response(200, json={}), InputError),
        (httpx.Response(200, json={"issuer": "x", "jwks_uri": "http://login.botframework.com/"}), UnavailableError),
        (httpx.Response(200, json={"issuer": "x", "jwks_uri": "https://evil.example/keys"}), UnavailableError),
    ],
)
async def test_keys_are_taken_from_their_own_place_alone(metadata: httpx.Response, error: type[Exception]) -> None:
    tokens = BotTokens(APPLICATION, egress=WireEgress(lambda _: metadata), clock=SteppedClock())
    with pytest.raises(error):
        await tokens.verify(make_token(START))
