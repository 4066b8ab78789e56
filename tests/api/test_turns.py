"""How many requests of a source are stored at the same time."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

from soar.api.turns import Turns
from tests.support.clock import SteppedClock


class Crowd:
    """Requests that are stored until they are told to end."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.inside: list[str] = []
        self._ends: dict[str, list[asyncio.Event]] = {}
        self.requests: list[asyncio.Task[None]] = []

    async def send(self, source: str, count: int) -> None:
        self.requests += [asyncio.create_task(self._store(source)) for _ in range(count)]
        await self.settle()

    async def end(self, source: str, count: int) -> None:
        for end in self._ends[source][:count]:
            end.set()
        del self._ends[source][:count]
        await self.settle()

    async def end_all(self) -> None:
        while self.inside:
            for source in set(self.inside):
                await self.end(source, len(self._ends[source]))
        await asyncio.wait(self.requests)

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    def count(self, source: str) -> int:
        return self.inside.count(source)

    async def _store(self, source: str) -> None:
        async with self._turns.take(source):
            end = asyncio.Event()
            self._ends.setdefault(source, []).append(end)
            self.inside.append(source)
            await end.wait()
            self.inside.remove(source)


async def test_a_source_that_is_alone_has_many_turns_and_six_beside_another_if_it_is_loud(clock: SteppedClock) -> None:
    crowd = Crowd(Turns(clock))
    await crowd.send("loud", 70)
    assert crowd.count("loud") == 32
    await crowd.send("quiet", 1)
    assert crowd.count("quiet") == 1
    await crowd.end("loud", 30)
    assert crowd.count("loud") == 6
    await crowd.end("loud", 2)
    assert crowd.count("loud") == 6
    clock.advance(timedelta(seconds=10))
    await crowd.end("loud", 1)
    assert crowd.count("loud") == 32
    await crowd.end_all()
    assert not crowd.inside


async def test_a_source_with_few_requests_has_all_its_turns_beside_another(clock: SteppedClock) -> None:
    crowd = Crowd(Turns(clock))
    await crowd.send("loud", 70)
    await crowd.send("usual", 8)
    assert crowd.count("usual") == 8
    await crowd.send("usual", 1)
    assert crowd.count("usual") == 8
    await crowd.end("usual", 1)
    assert crowd.count("usual") == 8
    await crowd.end_all()


async def test_whoever_goes_takes_no_turn_along(clock: SteppedClock) -> None:
    turns = Turns(clock)
    async with AsyncExitStack() as held:
        for _ in range(32):
            await held.enter_async_context(turns.take("loud"))
        crowd = Crowd(turns)
        await crowd.send("loud", 2)
        gone, staying = crowd.requests
        gone.cancel()
        await crowd.settle()
        assert crowd.count("loud") == 0
    await crowd.settle()
    assert crowd.count("loud") == 1
    await crowd.end("loud", 1)
    await staying
    assert gone.cancelled()


async def test_a_turn_that_is_given_to_somebody_who_has_just_gone_is_given_on(clock: SteppedClock) -> None:
    crowd = Crowd(Turns(clock))
    await crowd.send("loud", 34)
    given, next_one = crowd.requests[32:]
    crowd._ends["loud"].pop(0).set()
    await asyncio.sleep(0)
    assert crowd.count("loud") == 31
    given.cancel()
    await crowd.settle()
    assert crowd.count("loud") == 32
    assert not next_one.done()
    await crowd.end_all()
    assert (given.cancelled(), next_one.cancelled()) == (True, False)
