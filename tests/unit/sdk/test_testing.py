# ruff: noqa: ARG002 the samples keep the signatures that connectors have
import httpx
import pytest

from soar.sdk import Arguments, Connector, Context, Effect, Output, Repeat, SimRequest, SimResponse, Simulator, action
from soar.sdk.simulation import Ledger
from soar.sdk.testing import NOW, SECRET, Bench, StillClock, check_double_call, check_failures

URL = "https://api.sample.example/things"


class Nothing(Arguments):
    pass


class Said(Output):
    said: str


class Shop(Connector):
    @action(title="Look", effect=Effect.READ, repeat=Repeat.SAFE)
    async def look(self, ctx: Context, arguments: Nothing) -> Said:
        response = await ctx.http.get(URL, headers={"x-token": ctx.secret("token").reveal()})
        return Said(said=ctx.check(response).text)

    @action(title="Look away", effect=Effect.READ, repeat=Repeat.SAFE)
    async def swallow(self, ctx: Context, arguments: Nothing) -> Said:
        return Said(said=(await ctx.http.get(URL)).text)

    @action(title="Buy", effect=Effect.WRITE, repeat=Repeat.KEYED)
    async def buy(self, ctx: Context, arguments: Nothing) -> Said:
        return Said(said=ctx.check(await ctx.http.post(URL)).text)

    @action(title="Buy again and again", effect=Effect.WRITE, repeat=Repeat.KEYED)
    async def splurge(self, ctx: Context, arguments: Nothing) -> Said:
        count = ctx.check(await ctx.http.get(URL)).json()["count"]
        return Said(said=ctx.check(await ctx.http.post(f"{URL}/{count}")).text)


class ShopInSmall(Simulator):
    def handle(self, request: SimRequest) -> SimResponse:
        return SimResponse(json={"count": len(self.ledger.read())})


BENCH = Bench(Shop, hosts={"api.sample.example"}, credentials={"token": SECRET})


def open_shop(ledger: Ledger) -> Simulator:
    return ShopInSmall(ledger, StillClock().now)


async def test_a_connector_that_maps_its_failures_passes() -> None:
    await check_failures(BENCH, "look", {})


async def test_a_connector_that_swallows_a_failure_is_caught() -> None:
    with pytest.raises(AssertionError, match="401"):
        await check_failures(BENCH, "swallow", {})


async def test_a_connector_that_repeats_safely_passes() -> None:
    answer = await check_double_call(BENCH, "buy", {}, open_shop)
    assert answer.output == {"said": '{"count": 0}'}


async def test_a_connector_that_buys_twice_is_caught() -> None:
    with pytest.raises(AssertionError, match="second call"):
        await check_double_call(BENCH, "splurge", {}, open_shop)


async def test_a_connector_that_writes_nothing_is_caught() -> None:
    with pytest.raises(AssertionError, match="wrote nothing"):
        await check_double_call(BENCH, "look", {}, open_shop)


async def test_the_wire_sees_what_was_sent() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, text="fine")

    answer = await BENCH.call("buy", {}, handle, key="key-7")
    assert answer.output == {"said": "fine"}
    assert seen[0].headers["Idempotency-Key"] == "key-7"


def test_a_bench_stands_in_time() -> None:
    assert StillClock().now() == NOW
