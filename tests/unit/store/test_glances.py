"""Short reads that share a trip."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from soar.model.errors import ConflictError, NotFoundError
from soar.store.glances import Glances

T = TypeVar("T")


class Trips:
    """Makes trips of a moment each, and remembers how many; some do not arrive."""

    def __init__(self, *faults: Exception | None) -> None:
        self.made = 0
        self.faults = list(faults)
        self.state = 0

    async def query(self, work: Callable[[Connection], T]) -> T:
        self.made += 1
        seen = self.state
        for _ in range(3):
            await asyncio.sleep(0)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        return work(seen)


def refuse(_: object) -> None:
    raise NotFoundError("no run")


def break_down(_: object) -> None:
    raise ZeroDivisionError


async def test_what_is_wanted_together_shares_a_trip_and_each_hears_its_own() -> None:
    trips = Trips()
    glances = Glances(trips.query)
    found = await asyncio.gather(
        glances.take(lambda _: "first"), glances.take(refuse), glances.take(lambda _: "last"), return_exceptions=True
    )
    assert [found[0], type(found[1]), found[2]] == ["first", NotFoundError, "last"]
    assert trips.made == 1


async def test_what_comes_during_a_trip_goes_with_the_next_and_sees_what_is_then() -> None:
    trips = Trips()
    glances = Glances(trips.query)
    first = asyncio.create_task(glances.take(lambda state: state))
    for _ in range(3):
        await asyncio.sleep(0)
    trips.state = 1
    later = [asyncio.create_task(glances.take(lambda state: state)) for _ in range(3)]
    assert await asyncio.gather(first, *later) == [0, 1, 1, 1]
    assert trips.made == 2


async def test_many_are_taken_in_turn() -> None:
    trips = Trips()
    glances = Glances(trips.query)
    found = await asyncio.gather(*(glances.take(lambda _, number=number: number) for number in range(40)))
    assert found == [*range(40)]
    assert trips.made == 3


@pytest.mark.parametrize("fault", [break_down, None])
async def test_when_a_trip_fails_each_makes_its_own(fault: Callable[[object], None] | None) -> None:
    trips = Trips(*([] if fault else [ConflictError("lost on the way")]))
    glances = Glances(trips.query)
    works = (lambda _: 1, fault or (lambda _: 2), lambda _: 3)
    found = await asyncio.gather(*map(glances.take, works), return_exceptions=True)
    assert [found[0], found[2]] == [1, 3]
    assert isinstance(found[1], ZeroDivisionError) if fault else found[1] == 2
    assert trips.made == 4


async def test_one_who_is_cancelled_takes_nobody_along_and_the_last_trip_leaves_nobody_waiting() -> None:
    trips = Trips()
    glances = Glances(trips.query)
    gone, staying = (asyncio.create_task(glances.take(lambda _: "here")) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await staying == "here"
    assert gone.cancelled()
    left = asyncio.create_task(glances.take(lambda _: "never"))
    for _ in range(2):
        await asyncio.sleep(0)
    under_way = glances._under_way
    assert under_way is not None
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert await glances.take(lambda _: "again") == "again"
