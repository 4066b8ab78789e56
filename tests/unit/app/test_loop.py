"""The loop that the service runs in."""

import asyncio

import pytest
import uvloop

from soar.app.loop import run


async def find_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_what_runs_in_the_loop_written_in_c_answers_and_leaves_it_closed() -> None:
    loop = run(find_loop())
    assert isinstance(loop, uvloop.Loop)
    assert loop.is_closed()


def test_what_goes_wrong_inside_is_told_outside() -> None:
    async def fail() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        run(fail())
