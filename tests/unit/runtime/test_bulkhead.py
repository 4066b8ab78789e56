"""The calls of one connection, in virtual time."""

import asyncio

import pytest

from soar.model.alert import Severity
from soar.model.errors import ActionCode, ActionError
from soar.model.rate import Rate
from soar.model.standing import Standing
from soar.runtime.bucket import Bucket
from soar.runtime.bulkhead import Bulkhead
from tests.support.clock import VirtualClock
from tests.support.loop import run_virtual

LOW, CRITICAL = Standing(severity=Severity.LOW), Standing(severity=Severity.CRITICAL)


def now() -> float:
    return asyncio.get_running_loop().time()


class Product:
    """One product behind a bulkhead; a call takes so many seconds."""

    def __init__(
        self,
        *,
        calls: int = 2,
        queue: int = 100,
        patience: float = 60.0,
        rate: Rate | None = None,
        seconds: float = 1.0,
    ) -> None:
        clock = VirtualClock()
        self.bucket = Bucket(rate, clock.monotonic())
        self.bulkhead = Bulkhead(calls=calls, queue=queue, patience=patience, bucket=self.bucket, clock=clock)
        self.seconds = seconds
        self.begun: list[tuple[str, float]] = []

    async def call(self, name: str, standing: Standing = LOW, *, requests: int = 1) -> None:
        turn = await self.bulkhead.enter(standing)
        self.begun.append((name, now()))
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.bulkhead.leave(turn, requests)

    async def start(self, name: str, standing: Standing = LOW) -> asyncio.Task[None]:
        """Let a call come, and return once it waits or is under way."""
        call = asyncio.create_task(self.call(name, standing), name=name)
        await asyncio.sleep(1e-6)
        return call


@pytest.mark.parametrize("seed", range(3))
def test_so_many_go_at_once_and_the_others_in_their_order(seed: int) -> None:
    async def scenario() -> None:
        product = Product(calls=2)
        calls = [await product.start(f"{number}") for number in range(5)]
        assert (product.bulkhead.calling, product.bulkhead.waiting) == (2, 3)
        await asyncio.gather(*calls)
        assert [name for name, _ in product.begun] == ["0", "1", "2", "3", "4"]
        assert [round(moment) for _, moment in product.begun] == [0, 0, 1, 1, 2]
        assert (product.bulkhead.calling, product.bulkhead.waiting) == (0, 0)

    run_virtual(scenario(), seed=seed)


def test_a_critical_call_goes_before_those_that_came_first() -> None:
    async def scenario() -> None:
        product = Product(calls=1)
        calls = [await product.start(f"{number}") for number in range(3)]
        calls.append(await product.start("critical", CRITICAL))
        await asyncio.gather(*calls)
        assert [name for name, _ in product.begun] == ["0", "critical", "1", "2"]

    run_virtual(scenario())


def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    async def scenario() -> None:
        product = Product(calls=1, queue=2)
        calls = [await product.start(f"{number}") for number in range(3)]
        with pytest.raises(ActionError, match="2 calls wait") as caught:
            await product.call("late")
        assert (caught.value.action_code, caught.value.retry_after) == (ActionCode.UNAVAILABLE, 5.0)
        await asyncio.gather(*calls)
        assert len(product.begun) == 3

    run_virtual(scenario())


def test_calls_keep_to_the_rate_the_most_severe_first() -> None:
    async def scenario() -> None:
        product = Product(calls=10, rate=Rate(2, 20.0), seconds=0.0)
        calls = [await product.start(f"{number}") for number in range(4)]
        calls.append(await product.start("critical", CRITICAL))
        await asyncio.gather(*calls)
        assert [name for name, _ in product.begun] == ["0", "1", "critical", "2", "3"]
        assert [round(moment) for _, moment in product.begun] == [0, 0, 10, 20, 30]

    run_virtual(scenario())


def test_a_call_that_had_to_wait_too_long_for_the_rate_is_refused_and_a_more_severe_one_is_not() -> None:
    async def scenario() -> None:
        product = Product(calls=10, rate=Rate(1, 10.0), patience=25.0, seconds=0.0)
        calls = [await product.start(f"{number}") for number in range(3)]
        with pytest.raises(ActionError, match="in 30 s") as caught:
            await product.call("late")
        assert caught.value.action_code is ActionCode.RATE_LIMITED
        assert caught.value.retry_after == pytest.approx(30.0, abs=0.01)
        calls.append(await product.start("critical", CRITICAL))
        await asyncio.gather(*calls)
        assert [name for name, _ in product.begun] == ["0", "critical", "1", "2"]

    run_virtual(scenario())


def test_every_request_of_a_call_counts_and_one_that_sent_none_does_not() -> None:
    async def scenario() -> None:
        product = Product(rate=Rate(4, 40.0), seconds=0.0)
        await product.call("paged", requests=5)
        await product.call("next")
        assert [round(moment) for _, moment in product.begun] == [0, 20]
        await asyncio.sleep(10)
        for _ in range(50):
            await product.call("refused", requests=0)
        assert round(now()) == 30

    run_virtual(scenario())


def test_a_product_that_asks_for_patience_is_given_it() -> None:
    async def scenario() -> None:
        product = Product(seconds=0.0)
        await product.call("first")
        product.bulkhead.pause(12.0)
        await product.call("second")
        assert [round(moment) for _, moment in product.begun] == [0, 12]

    run_virtual(scenario())


@pytest.mark.parametrize("seed", range(5))
def test_who_goes_away_while_waiting_or_just_let_in_takes_nothing_with_them(seed: int) -> None:
    async def scenario() -> None:
        product = Product(calls=1, rate=Rate(100, 1.0))
        first, second = await product.start("first"), await product.start("second")
        third, fourth = await product.start("third"), await product.start("fourth")
        third.cancel()
        await first
        second.cancel()
        await asyncio.gather(second, third, return_exceptions=True)
        await fourth
        assert [name for name, _ in product.begun][-1] == "fourth"
        assert (product.bulkhead.calling, product.bulkhead.waiting) == (0, 0)
        await asyncio.sleep(10)
        assert product.bucket.find_wait(now(), ahead=99) == 0

    run_virtual(scenario(), seed=seed)
