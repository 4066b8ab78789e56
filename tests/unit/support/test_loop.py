"""The virtual loop keeps asyncio's promises, and its own: one seed is one world."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.loop import DeadlockError, LivelockError, run_virtual, virtual_loop

SECONDS_A_DAY = 86_400.0


async def _race(log: list[str]) -> None:
    """Six racers that meet at every second."""

    async def walk(name: str) -> None:
        for _ in range(3):
            await asyncio.sleep(1)
            log.append(name)

    async with asyncio.TaskGroup() as group:
        for name in "abcdef":
            group.create_task(walk(name), name=name)


def _run_race(seed: int) -> tuple[str, str]:
    log: list[str] = []
    with virtual_loop(seed) as loop:
        loop.run_until_complete(_race(log))
        return "".join(log), loop.trace


@given(st.integers())
def test_the_same_seed_gives_the_same_order_and_the_same_trace(seed: int) -> None:
    assert _run_race(seed) == _run_race(seed)


def test_different_seeds_give_different_orders() -> None:
    assert len({_run_race(seed)[0] for seed in range(20)}) > 15
    assert len({_run_race(seed)[1] for seed in range(20)}) == 20


def test_a_seed_gives_the_same_trace_in_another_process() -> None:
    program = (
        "import asyncio\n"
        "from tests.support.loop import virtual_loop\n"
        "async def main():\n"
        "    steps = [asyncio.create_task(asyncio.sleep(n % 3)) for n in range(20)]\n"
        "    await asyncio.wait(steps, return_when=asyncio.FIRST_COMPLETED)\n"
        "    for step in set(steps): step.cancel()\n"
        "    await asyncio.wait(steps)\n"
        "with virtual_loop(7) as loop:\n"
        "    loop.run_until_complete(main())\n"
        "    print(loop.trace)\n"
    )
    command = [sys.executable, "-c", program]
    traces = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(traces) == 1
    assert len(traces.pop().strip()) == 64


def test_a_virtual_day_passes_while_nobody_waits_for_it() -> None:
    async def sleep_a_year() -> float:
        for _ in range(365):
            await asyncio.sleep(SECONDS_A_DAY)
        return asyncio.get_running_loop().time()

    assert run_virtual(sleep_a_year()) == 365 * SECONDS_A_DAY


def test_time_stands_still_while_anything_is_ready() -> None:
    async def work_first() -> tuple[int, float]:
        done = 0

        async def work() -> None:
            nonlocal done
            for _ in range(100):
                await asyncio.sleep(0)
                done += 1

        busy = asyncio.create_task(work())
        await asyncio.sleep(0.001)
        at = asyncio.get_running_loop().time()
        await busy
        return done, at

    assert run_virtual(work_first()) == (100, 0.001)


@given(st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=20), st.integers())
def test_timers_fire_in_the_order_of_their_moments(delays: list[float], seed: int) -> None:
    async def collect() -> list[float]:
        woken: list[float] = []

        async def sleep(delay: float) -> None:
            await asyncio.sleep(delay)
            woken.append(delay)

        await asyncio.gather(*map(sleep, delays))
        return woken

    assert run_virtual(collect(), seed=seed) == sorted(delays)


@pytest.mark.parametrize("seed", range(10))
def test_a_timeout_ends_what_takes_too_long_and_nothing_else(seed: int) -> None:
    async def wait_for_both() -> tuple[str, float]:
        assert await asyncio.wait_for(asyncio.sleep(5, "in time"), timeout=6) == "in time"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(60), timeout=6)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.sleep(60)
        return "ended", asyncio.get_running_loop().time()

    assert run_virtual(wait_for_both(), seed=seed) == ("ended", 14.0)


@pytest.mark.parametrize("seed", range(10))
def test_a_queue_hands_over_everything_in_order(seed: int) -> None:
    async def hand_over() -> list[int]:
        queue: asyncio.Queue[int] = asyncio.Queue(maxsize=2)

        async def produce() -> None:
            for number in range(50):
                await queue.put(number)

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            return [await queue.get() for _ in range(50)]

    assert run_virtual(hand_over(), seed=seed) == list(range(50))


@pytest.mark.parametrize("seed", range(10))
def test_an_event_wakes_all_who_wait(seed: int) -> None:
    async def wake() -> list[bool]:
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(1, event.set)
        return await asyncio.gather(*(event.wait() for _ in range(5)))

    assert run_virtual(wake(), seed=seed) == [True] * 5


@pytest.mark.parametrize("seed", range(10))
def test_gather_keeps_the_order_of_its_arguments(seed: int) -> None:
    async def gather() -> list[int]:
        return await asyncio.gather(*(asyncio.sleep(n % 3, n) for n in range(10)))

    assert run_virtual(gather(), seed=seed) == list(range(10))


def test_cancelling_reaches_the_one_who_sleeps() -> None:
    async def cancel() -> tuple[bool, float]:
        sleeper = asyncio.create_task(asyncio.sleep(100))
        await asyncio.sleep(1)
        sleeper.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeper
        return sleeper.cancelled(), asyncio.get_running_loop().time()

    assert run_virtual(cancel()) == (True, 1.0)


def test_an_error_comes_out_as_it_is() -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        run_virtual(fail())


def test_a_deadlock_names_who_waits_and_where() -> None:
    async def wait_for_nobody() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        lonely = asyncio.create_task(wait_for_nobody(), name="lonely")
        await lonely

    with pytest.raises(DeadlockError, match=r"lonely waits at wait_for_nobody:\d+"):
        run_virtual(main())


def test_a_circle_that_lets_no_time_pass_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.loop._MOST_AT_ONE_MOMENT", 1_000)

    async def spin() -> None:
        while True:  # noqa: ASYNC110 -- the fault that is to be found
            await asyncio.sleep(0)

    with pytest.raises(LivelockError, match="spin"):
        run_virtual(spin())


def test_what_is_still_going_on_at_the_end_is_ended() -> None:
    ended: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            ended.append("lingerer")

    async def count() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            ended.append("generator")

    kept = count()

    async def main() -> int:
        lingering = asyncio.create_task(linger())
        await asyncio.sleep(1)
        assert not lingering.done()
        return await anext(kept)

    assert run_virtual(main()) == 1
    assert sorted(ended) == ["generator", "lingerer"]


def test_there_are_no_threads_and_no_sockets() -> None:
    async def use_a_thread() -> None:
        await asyncio.to_thread(print, "never")

    async def use_a_socket() -> None:
        await asyncio.open_connection("127.0.0.1", 9)

    with pytest.raises(RuntimeError, match="no threads"):
        run_virtual(use_a_thread())
    with pytest.raises((RuntimeError, NotImplementedError)):
        run_virtual(use_a_socket())
