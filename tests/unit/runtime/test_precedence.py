"""Whose alert goes first, and how long others wait for it."""

import asyncio
from datetime import timedelta

import pytest

from soar.runtime.precedence import Precedence
from tests.support.clock import SteppedClock, VirtualClock
from tests.support.loop import run_virtual

LOUD, QUIET = "source:loud", "source:quiet"


async def find_wait(precedence: Precedence, source: str = LOUD) -> float:
    begun = asyncio.get_running_loop().time()
    await precedence.give_way(source)
    return round(asyncio.get_running_loop().time() - begun, 3)


def test_others_wait_until_a_quiet_sources_run_has_begun_and_its_own_do_not() -> None:
    async def scenario() -> None:
        precedence = Precedence(VirtualClock())
        assert await find_wait(precedence) == 0.0
        assert precedence.claim(QUIET)
        others = [asyncio.create_task(find_wait(precedence)) for _ in range(3)]
        assert await find_wait(precedence, QUIET) == 0.0
        await asyncio.sleep(0.02)
        precedence.end(QUIET)
        assert await asyncio.gather(*others) == [0.02, 0.02, 0.02]
        precedence.end(QUIET)
        assert await find_wait(precedence) == 0.0

    run_virtual(scenario())


def test_nobody_waits_for_more_than_a_tenth_of_a_second_or_for_more_than_one() -> None:
    async def scenario() -> None:
        precedence = Precedence(VirtualClock())
        precedence.claim(QUIET)
        waiting = asyncio.create_task(find_wait(precedence))
        await asyncio.sleep(0.06)
        precedence.claim("source:other")
        assert await waiting == 0.1
        assert await find_wait(precedence) == 0.06
        assert await find_wait(precedence) == 0.0

    run_virtual(scenario())


@pytest.mark.parametrize(("pause", "expected"), [(0.09, False), (0.11, True)])
def test_a_source_is_quiet_with_ten_requests_a_second_and_not_with_more(*, pause: float, expected: bool) -> None:
    async def scenario() -> None:
        precedence = Precedence(VirtualClock())
        claims = []
        for _ in range(40):
            claims.append(precedence.claim(QUIET))
            precedence.end(QUIET)
            await asyncio.sleep(pause)
        assert claims[:10] == 10 * [True]
        assert claims[10:] == 30 * [expected]
        await asyncio.sleep(1.0)
        assert precedence.claim(QUIET)

    run_virtual(scenario())


def test_a_claim_lasts_as_long_as_its_first_request_lets_it() -> None:
    async def scenario() -> None:
        precedence = Precedence(VirtualClock())
        precedence.claim(QUIET)
        await asyncio.sleep(0.04)
        precedence.claim(QUIET)
        assert await find_wait(precedence) == 0.06

    run_virtual(scenario())


async def pass_through(precedence: Precedence, count: int, passes: int = 30) -> str:
    """Return what happened: `x` where a piece of work began, `.` where the loop looked who has come."""
    seen: list[str] = []

    async def begin() -> None:
        await precedence.give_way(LOUD)
        seen.append("x")

    pieces = [asyncio.create_task(begin()) for _ in range(count)]
    for _ in range(passes):
        await asyncio.sleep(0)
        seen.append(".")
    await asyncio.gather(*pieces)
    return "".join(seen).rstrip(".")


async def test_two_sources_pieces_begin_one_in_each_pass_of_the_loop_and_those_of_one_at_once(
    clock: SteppedClock,
) -> None:
    precedence = Precedence(clock)
    precedence.claim(LOUD)
    precedence.end(LOUD)
    assert await pass_through(precedence, 4) == "xxxx"
    precedence.claim(QUIET)
    precedence.end(QUIET)
    seen = await pass_through(precedence, 4)
    assert (seen.count("x"), "xx" in seen) == (4, False)
    clock.advance(timedelta(seconds=11))
    assert await pass_through(precedence, 4) == "xxxx"


def test_whoever_goes_out_of_the_file_holds_up_nobody() -> None:
    async def scenario() -> None:
        precedence = Precedence(VirtualClock())
        for source in (LOUD, QUIET):
            precedence.claim(source)
            precedence.end(source)
        pieces = [asyncio.create_task(precedence.give_way(LOUD)) for _ in range(4)]
        await asyncio.sleep(0)
        pieces[2].cancel()
        await asyncio.wait_for(asyncio.gather(*pieces, return_exceptions=True), 1.0)
        assert [piece.cancelled() for piece in pieces] == [False, False, True, False]
        assert await pass_through(precedence, 1) == "x"

    run_virtual(scenario())
