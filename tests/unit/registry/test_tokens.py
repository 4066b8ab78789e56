import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from soar.model.catalog import Connection, OAuth2
from soar.model.errors import ActionCode, ActionError, DeniedError
from soar.model.network import EgressRequest, EgressResponse
from soar.model.secret import BoundSecret, Secret
from soar.registry.tokens import AccessTokens
from tests.support.clock import SteppedClock
from tests.support.network import VirtualEgress

HOST = "login.example.test"
CONNECTION = Connection(id="entra", connector="entra", simulate=False)
RECIPE = OAuth2(
    token_url=f"https://{HOST}/tenant/token",
    client_id="client:1",
    client_secret="client-secret",
    scope="https://api.example.test/.default",
)
REFRESHING = replace(RECIPE, client_secret=None, refresh_token="refresh", scope=None)


class Desk:
    """A token endpoint, the vault behind it, and what was asked."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.values = {"client-secret": "s3cret & more", "refresh": "refresh-0"}
        self.bound: dict[str, tuple[str, ...]] = {}
        self.asked: list[EgressRequest] = []
        self.kept: list[tuple[str, str, str, tuple[str, ...]]] = []
        self.answer: Callable[[EgressRequest], EgressResponse] = self.grant
        self.egress = VirtualEgress()
        self.egress.route(HOST, self.respond)
        self.tokens = AccessTokens(self.egress, resolve=self.resolve, keep=self.keep, clock=self.clock)

    def respond(self, request: EgressRequest) -> EgressResponse:
        return self.answer(request)

    async def resolve(self, _workspace: str, name: str) -> BoundSecret:
        await asyncio.sleep(0)
        return BoundSecret(secret=Secret(self.values[name]), hosts=self.bound.get(name, ()))

    async def keep(self, workspace: str, name: str, value: Secret, former: BoundSecret) -> None:
        self.values[name] = value.reveal()
        self.kept.append((workspace, name, value.reveal(), former.hosts))

    def grant(self, request: EgressRequest) -> EgressResponse:
        self.asked.append(request)
        return say(200, {"access_token": f"access-{len(self.asked)}", "token_type": "Bearer", "expires_in": 3600})

    async def get(self, recipe: OAuth2 = RECIPE, connection: Connection = CONNECTION) -> str:
        return (await self.tokens.get("w", connection, recipe)).reveal()


def say(status: int, document: object, *headers: tuple[str, str]) -> EgressResponse:
    return EgressResponse(status=status, headers=headers, body=json.dumps(document).encode())


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_client_asks_with_its_own_credentials(desk: Desk) -> None:
    assert await desk.get() == "access-1"
    (request,) = desk.asked
    headers = dict(request.headers)
    assert (request.method, request.url) == ("POST", RECIPE.token_url)
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"client%3A1:s3cret+%26+more"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {"grant_type": ["client_credentials"], "scope": [RECIPE.scope]}
    assert request.hosts == {HOST}
    assert request.private_hosts == set()


async def test_a_token_serves_until_shortly_before_its_end(desk: Desk) -> None:
    assert await desk.get() == "access-1"
    desk.clock.advance(timedelta(seconds=3539))
    assert await desk.get() == "access-1"
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.get() == "access-2"
    desk.tokens.forget("w", "entra")
    assert await desk.get() == "access-3"
    assert await desk.get(connection=replace(CONNECTION, id="other")) == "access-4"


async def test_many_calls_at_once_ask_once(desk: Desk) -> None:
    got = await asyncio.gather(*(desk.get() for _ in range(50)))
    assert set(got) == {"access-1"}
    assert len(desk.asked) == 1


async def test_an_exchanged_refresh_token_is_kept_with_its_hosts_and_used_from_then_on(desk: Desk) -> None:
    desk.bound["refresh"] = (HOST,)

    def exchange(request: EgressRequest) -> EgressResponse:
        desk.asked.append(request)
        number = len(desk.asked)
        document = {"access_token": f"access-{number}", "token_type": "bearer", "refresh_token": f"refresh-{number}"}
        return say(200, document)

    desk.answer = exchange
    assert await desk.get(REFRESHING) == "access-1"
    assert desk.kept == [("w", "refresh", "refresh-1", (HOST,))]
    desk.clock.advance(timedelta(seconds=270))  # where the server says nothing, 300 seconds are assumed
    assert await desk.get(REFRESHING) == "access-2"
    assert [parse_qs(request.body.decode()) for request in desk.asked] == [
        {"grant_type": ["refresh_token"], "refresh_token": [f"refresh-{number}"], "client_id": ["client:1"]}
        for number in (0, 1)
    ]


async def test_a_refresh_token_that_stays_good_is_not_kept_again(desk: Desk) -> None:
    assert await desk.get(REFRESHING) == "access-1"
    assert desk.kept == []


async def test_a_refresh_token_that_another_process_has_exchanged_is_read_again_once(desk: Desk) -> None:
    def refuse_first(request: EgressRequest) -> EgressResponse:
        if b"refresh-0" not in request.body:
            return desk.grant(request)
        desk.values["refresh"] = "refresh-of-another"
        return say(400, {"error": "invalid_grant"})

    desk.answer = refuse_first
    assert await desk.get(REFRESHING) == "access-1"


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (say(401, {"error": "invalid_client"}), ActionCode.AUTH, "invalid_client"),
        (say(400, {"error": "evil\n<b>"}), ActionCode.AUTH, "refuses: 400"),
        (say(400, ["no", "map"]), ActionCode.AUTH, "refuses: 400"),
        (say(429, {}, ("Retry-After", "7")), ActionCode.RATE_LIMITED, "patience"),
        (say(503, {}), ActionCode.UNAVAILABLE, "503"),
        (say(200, {}), ActionCode.INVALID, "no token"),
        (say(200, {"access_token": "a\r\nb", "token_type": "Bearer"}), ActionCode.INVALID, "no token"),
        (say(200, {"access_token": "a", "token_type": "mac"}), ActionCode.INVALID, "cannot use"),
    ],
)
async def test_a_refusal_says_what_it_is_and_no_secret(
    desk: Desk, answer: EgressResponse, code: ActionCode, message: str
) -> None:
    desk.answer = lambda _: answer
    with pytest.raises(ActionError, match=message) as caught:
        await desk.get()
    assert caught.value.action_code is code
    assert desk.values["client-secret"] not in str(caught.value)
    desk.answer = desk.grant
    assert await desk.get() == "access-1"


async def test_a_lost_answer_leaves_nothing_unknown_about_the_product(desk: Desk) -> None:
    desk.egress = VirtualEgress(cut_off=1.0)
    desk.egress.route(HOST, desk.grant)
    tokens = AccessTokens(desk.egress, resolve=desk.resolve, keep=desk.keep, clock=desk.clock)
    with pytest.raises(ActionError) as caught:
        await tokens.get("w", CONNECTION, RECIPE)
    assert caught.value.action_code is ActionCode.UNAVAILABLE


async def test_a_client_secret_of_another_host_is_not_sent(desk: Desk) -> None:
    desk.bound["client-secret"] = ("other.example.test",)
    with pytest.raises(DeniedError) as caught:
        await desk.get()
    assert caught.value.code == "credential_host"
    assert desk.asked == []
