"""How a driver is woken."""

import asyncio

from soar.runtime.signal import Signal


async def wait_a_moment() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_who_waits_is_woken_when_it_is_set_and_it_stays_set_until_it_is_cleared() -> None:
    signal = Signal()
    waiting = asyncio.create_task(signal.wait())
    await wait_a_moment()
    assert not waiting.done()
    signal.set()
    await waiting
    assert signal.is_set()
    await signal.wait()
    signal.clear()
    assert not signal.is_set()


async def test_who_waits_is_stirred_without_its_being_set_and_nobody_else_is() -> None:
    signal = Signal()
    signal.stir()
    waiting = asyncio.create_task(signal.wait())
    await wait_a_moment()
    assert not waiting.done()
    signal.stir()
    signal.stir()
    await waiting
    assert not signal.is_set()


async def test_one_who_is_cancelled_leaves_it_to_the_next() -> None:
    signal = Signal()
    first = asyncio.create_task(signal.wait())
    await wait_a_moment()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    signal.set()
    await signal.wait()
