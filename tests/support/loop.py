"""An event loop without a world: virtual time, and a seed that decides who goes first.

Time stands still while anything is ready and then leaps to the next timer. Among the ready callbacks the seed picks,
so that one seed is one interleaving and many seeds are many. There are no sockets and no threads. What the code under
test may rely on is what asyncio promises, and not that callbacks happen to run in the order they were scheduled in.
"""

import asyncio
import contextvars
import functools
import hashlib
import heapq
import threading
from bisect import insort
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Never, TypeVar

from tests.support.randomness import seeded_random

T = TypeVar("T")

_MOST_AT_ONE_MOMENT = 1_000_000


class DeadlockError(RuntimeError):
    """Nothing is ready, no timer is set, and somebody still waits."""


class LivelockError(RuntimeError):
    """Callbacks keep coming and none of them ever waits for time to pass."""


class VirtualLoop(asyncio.BaseEventLoop):
    """A seeded event loop in virtual time, in seconds from 0.

    Which callback runs next depends on the seed and on the names of the ready ones, never on memory addresses (asyncio
    keeps tasks in sets), so that a seed gives the same world in every process.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._moment = 0.0
        self._choice = seeded_random(seed, "loop")
        self._waiting_room: list[tuple[str, int, asyncio.Handle]] = []
        self._arrivals = 0
        self._started_tasks = 0
        self._callbacks_at_this_moment = 0
        self._trace = hashlib.sha256()

    @property
    def trace(self) -> str:
        """Digest over the name and moment of every callback so far: equal traces are equal worlds."""
        return self._trace.hexdigest()

    def time(self) -> float:
        return self._moment

    def create_task(
        self,
        coro: Coroutine[object, object, T],
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[T]:
        """Start a task; one without a name gets one that is the same in every process."""
        self._started_tasks += 1
        label = getattr(coro, "__qualname__", type(coro).__qualname__)
        return super().create_task(coro, name=name or f"{label}#{self._started_tasks}", context=context)

    def call_soon_threadsafe(
        self,
        callback: Callable[..., object],
        *args: object,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """Schedule from the loop's own thread only; asyncio itself does so to close generators."""
        if self.is_running() and self._thread_id != threading.get_ident():
            raise RuntimeError("a virtual loop has no other threads")
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, *work: object) -> Never:
        """Refuse: a thread is outside the seed's power."""
        raise RuntimeError(f"a virtual loop has no threads to run {work[1]!r} in; go through the Disk")

    def _run_once(self) -> None:
        """Run one callback. BaseEventLoop calls this until it is stopped."""
        self._admit_due_timers()
        self._admit_ready()
        if not self._waiting_room:
            self._leap()
            return
        self._callbacks_at_this_moment += 1
        if self._callbacks_at_this_moment > _MOST_AT_ONE_MOMENT:
            self._callbacks_at_this_moment = 0
            raise LivelockError(f"time does not move: {self._describe_waiting()}")
        label, _, handle = self._waiting_room.pop(self._choice.randrange(len(self._waiting_room)))
        if not handle.cancelled():
            self._trace.update(f"{self._moment!r} {label}\n".encode())
            handle._run()

    def _admit_due_timers(self) -> None:
        while self._scheduled and (self._scheduled[0].cancelled() or self._scheduled[0].when() <= self._moment):
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False
            if not timer.cancelled():
                self._ready.append(timer)

    def _admit_ready(self) -> None:
        while self._ready:
            handle = self._ready.popleft()
            self._arrivals += 1
            insort(self._waiting_room, (_name_callback(handle._callback), self._arrivals, handle))

    def _leap(self) -> None:
        """Go to the next timer, of which the first is due and not cancelled."""
        if not self._scheduled:
            raise DeadlockError(f"nothing will ever happen: {self._describe_waiting()}")
        self._moment = self._scheduled[0].when()
        self._callbacks_at_this_moment = 0

    def _describe_waiting(self) -> str:
        waiting = sorted(asyncio.all_tasks(self), key=asyncio.Task.get_name)
        return ", ".join(_describe_task(task) for task in waiting) or "no task is left"


def _name_callback(callback: Callable[..., object]) -> str:
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return owner.get_name()
    if isinstance(callback, functools.partial):
        return _name_callback(callback.func)
    return getattr(callback, "__qualname__", type(callback).__qualname__)


def _describe_task(task: asyncio.Task[object]) -> str:
    frames = task.get_stack(limit=1)
    place = f" at {frames[0].f_code.co_name}:{frames[0].f_lineno}" if frames else ""
    return f"{task.get_name()} waits{place}"


@contextmanager
def virtual_loop(seed: int = 0) -> Iterator[VirtualLoop]:
    """Give a loop, and end everything that is still going on in it."""
    loop = VirtualLoop(seed)
    try:
        yield loop
    finally:
        try:
            loop.run_until_complete(_end_everything(loop))
        finally:
            loop.close()


async def _end_everything(loop: VirtualLoop) -> None:
    rest = sorted(asyncio.all_tasks(loop) - {asyncio.current_task(loop)}, key=asyncio.Task.get_name)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await loop.shutdown_asyncgens()


def run_virtual(main: Coroutine[object, object, T], *, seed: int = 0) -> T:
    """Run a coroutine to its end in the world of this seed and return its result.

    Raises:
        DeadlockError: it waits for something that nobody will do; the message names who waits where.
        LivelockError: it goes round in circles without letting time pass.
    """
    with virtual_loop(seed) as loop:
        return loop.run_until_complete(main)
