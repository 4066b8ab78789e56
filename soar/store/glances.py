"""Short reads: those that are wanted at the same time share one transaction and one trip to a reader."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias, TypeVar, cast

from sqlalchemy import Connection

from soar.model.errors import SoarError

T = TypeVar("T")

_MOST = 16  # works that share a trip; nobody waits long for the others

_Answer: TypeAlias = tuple[object, SoarError | None]


class Query(Protocol):
    """Does a work on one unchanging state of the store."""

    def __call__(self, work: Callable[[Connection], T], /) -> Awaitable[T]:
        """Return what the work returns, or raise what it raises."""
        ...


@dataclass(slots=True, eq=False)
class _Waiting:
    work: Callable[[Connection], object]
    outcome: asyncio.Future[object]


class Glances:
    """Gathers reads while a trip is under way, and makes the next trip for what was gathered.

    A trip to another thread costs more than what a short read does there. Nothing waits on purpose.

    Args:
        query: makes a trip.
    """

    def __init__(self, query: Query) -> None:
        self._query = query
        self._queue: deque[_Waiting] = deque()
        self._under_way: asyncio.Task[None] | None = None

    async def take(self, work: Callable[[Connection], T]) -> T:
        """Do the work with the next trip, on a state that is no older than this call; return what it returns.

        Raises:
            Exception: what the work raised, or what kept the trip from being made.
        """
        outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(work, outcome))
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._travel(), name="store glances")
        return cast("T", await outcome)

    async def _travel(self) -> None:
        group: list[_Waiting] = []
        try:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(len(self._queue), _MOST))]
                await self._look(group)
        finally:
            self._under_way = None
            for waiting in (*group, *self._queue):  # only if this was cancelled: nobody may wait for ever
                waiting.outcome.cancel()
            self._queue.clear()

    async def _look(self, group: Sequence[_Waiting]) -> None:
        try:
            answers = await self._query(partial(_do_all, [waiting.work for waiting in group]))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is told to whom it concerns
            if len(group) == 1:
                _settle(group[0].outcome, None, error)
                return
            for waiting in group:  # each alone, so that each hears what is wrong with its own
                await self._look([waiting])
            return
        for waiting, (result, refusal) in zip(group, answers, strict=True):
            _settle(waiting.outcome, result, refusal)


def _do_all(works: Sequence[Callable[[Connection], object]], connection: Connection) -> list[_Answer]:
    return [_attempt(work, connection) for work in works]


def _attempt(work: Callable[[Connection], object], connection: Connection) -> _Answer:
    try:
        return work(connection), None
    except SoarError as refusal:
        return None, refusal


def _settle(outcome: asyncio.Future[object], result: object, error: Exception | None) -> None:
    if outcome.done():  # its caller was cancelled
        return
    if error is None:
        outcome.set_result(result)
    else:
        outcome.set_exception(error)
