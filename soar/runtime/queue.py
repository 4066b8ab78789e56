"""The embedded hand-out: which runs are driven now, in this one process."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.model.standing import Standing
from soar.runtime.backlog import Backlog
from soar.runtime.headroom import Headroom
from soar.runtime.lanes import Lanes
from soar.runtime.precedence import Precedence
from soar.runtime.signal import Signal

_Key: TypeAlias = tuple[str, str]

Drive = Callable[[str, str, Signal], Awaitable[None]]
Report = Callable[[str, str, Exception], None]
FindStandings: TypeAlias = Callable[[str, Sequence[str]], Awaitable[Mapping[str, Standing]]]
"""Returns where runs of a workspace stand in the line, by their ids; those that are not there are left out."""
FindTold: TypeAlias = Callable[[int, int], Awaitable[Sequence[tuple[tuple[str, str], Standing]]]]
"""Returns whom events wait for, from that with a number on and so many at most; see `Store.told_runs`."""

_MOST = 10_000
_LONGEST_PAUSE = 30.0
_BATCH = 500
_RESERVE = 20  # one in so many places is kept free for each other lane
_SPARE = 20  # one in so many places is kept for sources that hold none
_UNDER_PRESSURE = 20  # one in so many places is still given away
_UNDER_PRESSURE_IN_COMPANY = 100  # while others send, too, whom both delay: what comes in, and what is driven
_RELIEF = 0.1  # seconds until the pressure is looked at again, if no run comes to rest before
_RETRY_AFTER = 1.0
_NOWHERE = Standing()


class RunQueue:
    """Drives each woken run, one driver a run and so many at once. Losing it loses nothing: recovery wakes anew.

    Who goes next is decided by `soar.runtime.lanes`, and how many go at once while the loop is late by
    `soar.runtime.headroom`. A run that waits for its turn is a key and a standing, and of a crowd that is longer than
    `soar.runtime.backlog` lets in most are not even that: they are read from the store as their turn comes near.

    Args:
        drive: drives one run.
        clock: for pauses after a failure.
        report: told of what went wrong while driving, for the log.
        find_standings: says where runs stand; without it, all stand alike.
        find_told: finds those that did not fit; without it, all do.
        most: how many wait in memory.
        limit: how many runs are driven at once.
        share: of these, the most that runs of one playbook may be.
        is_pressed: whether more alerts come in than can be answered soon. What is driven then has most places taken
            away, so that alerts are accepted before they are acted on, except from sources of which nothing is driven;
            None where no alerts come in.
        precedence: whose runs begin before others are driven; None where there is one source.
    """

    def __init__(
        self,
        *,
        drive: Drive,
        clock: Clock,
        report: Report,
        find_standings: FindStandings | None = None,
        find_told: FindTold | None = None,
        most: int = _MOST,
        limit: int = 200,
        share: float = 1.0,
        is_pressed: Callable[[], bool] | None = None,
        precedence: Precedence | None = None,
    ) -> None:
        self._drive = drive
        self._clock = clock
        self._report = report
        self._find_standings = find_standings
        self._find_told = find_told or _find_nobody
        self._most = most if find_told else sys.maxsize
        spare = limit // _SPARE
        self._lanes: Lanes[_Key] = Lanes(
            limit=limit - spare, cap=max(1, int(limit * share)), reserve=limit // _RESERVE, spare=spare
        )
        self._backlog: Backlog[_Key] = Backlog(self._most)
        self._unplaced: dict[_Key, None] = {}
        self._placed: dict[_Key, Standing] = {}
        self._signals: dict[_Key, Signal] = {}
        self._pauses: dict[_Key, float] = {}
        self._works: set[asyncio.Task[None]] = set()
        self._drivers: set[asyncio.Task[None]] = set()
        self._placer: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._relief: asyncio.Task[None] | None = None
        self._is_pressed = is_pressed
        self._fewest = max(1, limit // _UNDER_PRESSURE)
        self._fewest_in_company = max(1, limit // _UNDER_PRESSURE_IN_COMPANY)
        self._headroom = Headroom(limit)
        self._precedence = precedence
        self._is_draining = False

    def wake(self, workspace: str, run: str) -> None:
        """Say that a run has something to do: drive it, or tell the one who does. After `drain` it is left to rest."""
        key = (workspace, run)
        signal = self._signals.get(key)
        if signal is not None:
            signal.set()
        elif not (self._is_draining or key in self._placed or key in self._unplaced):
            self._line_up(key)

    def recall(self) -> None:
        """Have the store read for all runs that events wait for: after a start, or in case that a wake was lost."""
        self._backlog.recall()
        self._read_on()

    def _line_up(self, key: _Key) -> None:
        if len(self._unplaced) >= self._most:
            self._pauses.pop(key, None)
            self._backlog.miss()
            self._read_on()
            return
        self._unplaced[key] = None
        if self._placer is None:
            self._placer = self._begin(self._place_all(), "placer")

    def _begin(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        begun = asyncio.create_task(work, name=name)
        self._works.add(begun)
        begun.add_done_callback(self._works.discard)
        return begun

    # -- waiting ----------------------------------------------------------------------------------------------------

    async def _place_all(self) -> None:
        """Put those who were woken where they stand; many are asked about at once, because many come at once."""
        while self._unplaced:
            workspace, _ = next(iter(self._unplaced))
            keys = [*islice((key for key in self._unplaced if key[0] == workspace), _BATCH)]
            standings = await self._look_up(workspace, [run for _, run in keys])
            for key in keys:
                del self._unplaced[key]
                standing = standings.get(key[1], _NOWHERE)
                self._headroom.note_source(standing.source, self._clock.monotonic())
                if self._backlog.admit(standing):
                    self._place(key, standing)
                else:
                    self._pauses.pop(key, None)
            self._admit()
        self._placer = None

    def _place(self, key: _Key, standing: Standing) -> None:
        self._placed[key] = standing
        self._lanes.add(key, standing)

    async def _look_up(self, workspace: str, runs: Sequence[str]) -> Mapping[str, Standing]:
        if self._find_standings is None:
            return {}
        try:
            return await self._find_standings(workspace, runs)
        except Exception as error:  # noqa: BLE001 -- a run that cannot be placed is driven all the same, in the middle lane
            self._report(workspace, runs[0], error)
            return {}

    def _read_on(self) -> None:
        """Read for more, unless somebody does or enough wait."""
        if self._reader is None and not self._is_draining and self._backlog.find_reading() is not None:
            self._reader = self._begin(self._read_told(), "backlog")

    async def _read_told(self) -> None:
        while (reading := self._backlog.find_reading()) is not None:
            page = await self._find_page(reading.first)
            if page is None:
                continue
            chosen = self._backlog.choose(reading, page, self._is_here, is_last=len(page) < _BATCH)
            for key, standing in chosen.items():
                self._headroom.note_source(standing.source, self._clock.monotonic())
                self._place(key, standing)
            self._admit()
        self._reader = None

    async def _find_page(self, first: int) -> Sequence[tuple[_Key, Standing]] | None:
        """Return a page of those whom events wait for; None, after a pause, if it cannot be read now."""
        try:
            return await self._find_told(first, _BATCH)
        except Exception as error:  # noqa: BLE001 -- whatever is wrong, runs wait, so it is tried again
            self._report("", "", error)
            await self._clock.sleep(_RETRY_AFTER)
            return None

    def _is_here(self, key: _Key) -> bool:
        return key in self._placed or key in self._signals or key in self._unplaced

    # -- places -----------------------------------------------------------------------------------------------------

    def _admit(self) -> None:
        """Give away the places that are free, and see to it that there is always somebody to take them."""
        if self._is_draining:
            return
        while (key := self._lanes.take(is_scarce=self._is_held_back())) is not None:
            standing = self._placed.pop(key)
            self._backlog.leave(standing)
            self._signals[key] = Signal()
            driver = self._begin(self._drive_in_turn(key, standing, self._clock.monotonic()), f"drive:{key[1]}")
            self._drivers.add(driver)
            driver.add_done_callback(self._drivers.discard)
        self._read_on()

    def _is_held_back(self) -> bool:
        """Say whether the next place is kept back for alerts or for others' runs; then it is looked at again soon."""
        if self._lanes.holding < self._find_places():
            return False
        if self._relief is None and self._lanes.has_room:
            self._relief = self._begin(self._await_relief(), "relief")
        return True

    def _find_places(self) -> float:
        now = self._clock.monotonic()
        places = self._headroom.find_places(now)
        if self._is_pressed is None or not self._is_pressed():
            return places
        return min(places, self._fewest_in_company if self._headroom.has_company(now) else self._fewest)

    async def _await_relief(self) -> None:
        due = self._clock.monotonic() + _RELIEF
        await self._clock.sleep(_RELIEF)
        self._headroom.note_delay(self._clock.monotonic() - due)
        self._relief = None
        self._admit()

    # -- driving ----------------------------------------------------------------------------------------------------

    async def _drive_in_turn(self, key: _Key, standing: Standing, given_at: float) -> None:
        signal = self._signals[key]
        try:
            await self._use_place(key, standing, signal, given_at)
            if key in self._pauses:
                await self._pause(key, standing)
        finally:
            del self._signals[key]
        if key in self._pauses or signal.is_set():
            self.wake(*key)

    async def _use_place(self, key: _Key, standing: Standing, signal: Signal, given_at: float) -> None:
        try:
            self._headroom.note_delay(self._clock.monotonic() - given_at)
            if self._precedence is not None:
                await self._precedence.give_way(standing.source)
            if not self._is_draining:
                await self._drive_once(key, signal)
        finally:
            self._lanes.leave(key)
            self._admit()

    async def _drive_once(self, key: _Key, signal: Signal) -> None:
        """Drive a run, and note how long to pause before the next try if the store took nothing."""
        signal.clear()
        pause = self._pauses.pop(key, 0.0)
        try:
            await self._drive(*key, signal)
        except UnavailableError as error:
            self._report(*key, error)
            self._pauses[key] = max(error.retry_after, min(pause * 2, _LONGEST_PAUSE))
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one run is said, and harms no other
            self._report(*key, error)

    async def _pause(self, key: _Key, standing: Standing) -> None:
        """Wait before a run is tried again; it counts among those that wait."""
        self._backlog.enter(standing)
        try:
            if not self._is_draining:
                await self._clock.sleep(self._pauses[key])
        finally:
            self._backlog.leave(standing)

    # -- the end ----------------------------------------------------------------------------------------------------

    async def drain(self, seconds: float) -> None:
        """Start nothing more and give what is driven so many seconds to come to rest, then let go of it."""
        self._is_draining = True
        if self._drivers:
            await asyncio.wait(self._drivers, timeout=seconds)
        await self.close()

    async def close(self) -> None:
        """Start nothing more, and let go of whatever is under way."""
        self._is_draining = True
        self._unplaced.clear()
        self._placed.clear()
        while left := [one for one in self._works if not one.done()]:
            for one in left:
                one.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    @property
    def size(self) -> int:
        """How many runs are driven or wait for a place in memory."""
        return len(self._signals) + len(self._placed) + len(self._unplaced)


async def _find_nobody(_first: int, _limit: int) -> Sequence[tuple[_Key, Standing]]:
    return ()
