import asyncio
from datetime import timedelta

import pytest

from soar.model.errors import UnavailableError
from soar.model.secret import Secret
from soar.vault.recent import RecentSecret
from tests.support.clock import SteppedClock

SECOND = timedelta(seconds=1)


class Kept:
    """A credential that changes each time it is opened, and that takes a moment to open."""

    def __init__(self) -> None:
        self.opened = 0
        self.is_down = False

    async def open(self) -> Secret:
        self.opened += 1
        await asyncio.sleep(0)
        if self.is_down:
            raise UnavailableError("not now", retry_after=1.0)
        return Secret(f"secret-{self.opened}")


async def test_it_is_opened_once_a_second_however_many_ask(clock: SteppedClock) -> None:
    kept = Kept()
    recent = RecentSecret(kept.open, clock)
    got = await asyncio.gather(*(recent.get() for _ in range(20)))
    clock.advance(SECOND - timedelta(milliseconds=1))
    got.append(await recent.get())
    assert {secret.reveal() for secret in got} == {"secret-1"}
    clock.advance(timedelta(milliseconds=1))
    assert (await recent.get()).reveal() == "secret-2"
    assert kept.opened == 2


async def test_what_cannot_be_opened_is_tried_again_at_once_and_nothing_old_is_used(clock: SteppedClock) -> None:
    kept = Kept()
    recent = RecentSecret(kept.open, clock)
    await recent.get()
    clock.advance(SECOND)
    kept.is_down = True
    with pytest.raises(UnavailableError):
        await recent.get()
    kept.is_down = False
    assert (await recent.get()).reveal() == "secret-3"
