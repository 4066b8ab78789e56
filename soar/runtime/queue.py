"""The embedded hand-out: which runs are driven now, in this one process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.model.standing import Standing
from soar.runtime.headroom import Headroom
from soar.runtime.lanes import Lanes
from soar.runtime.precedence import Precedence
from soar.runtime.signal import Signal

Drive = Callable[[str, str, Signal], Awaitable[None]]
Report = Callable[[str, str, Exception], None]
FindStandings: TypeAlias = Callable[[str, Sequence[str]], Awaitable[Mapping[str, Standing]]]
"""Returns where runs of a workspace stand in the line, by their ids; those that are not there are left out."""

_LONGEST_PAUSE = 30.0
_BATCH = 500
_RESERVE = 20  # one in so many places is kept free for each other lane
_SPARE = 20  # one in so many places is kept for sources that hold none
_UNDER_PRESSURE = 20  # one in so many places is still given away
_RELIEF = 0.1  # seconds until the pressure is looked at again, if no run comes to rest before
_NOWHERE = Standing()

_Key: TypeAlias = tuple[str, str]


@dataclass(slots=True, eq=False)
class _Turn:
    """A run's turn, given once there is a place for it.

    Attributes:
        source: that the run counts for, once somebody has looked.
        given_at: when that was, by a clock that never goes back; None until then.
    """

    source: str = ""
    given: asyncio.Event = field(default_factory=asyncio.Event)
    given_at: float | None = None


class RunQueue:
    """Drives each woken run, one driver a run and so many at once. Losing it loses nothing: recovery wakes anew.

    Who goes next is decided by `soar.runtime.lanes`, and how many go at once while the loop is late by
    `soar.runtime.headroom`.

    Args:
        drive: drives one run.
        clock: for pauses after a failure.
        report: told of what went wrong while driving, for the log.
        find_standings: says where runs stand; without it, all stand alike.
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
        limit: int = 200,
        share: float = 1.0,
        is_pressed: Callable[[], bool] | None = None,
        precedence: Precedence | None = None,
    ) -> None:
        self._drive = drive
        self._clock = clock
        self._report = report
        self._find_standings = find_standings
        spare = limit // _SPARE
        self._lanes: Lanes[_Key] = Lanes(
            limit=limit - spare, cap=max(1, int(limit * share)), reserve=limit // _RESERVE, spare=spare
        )
        self._signals: dict[_Key, Signal] = {}
        self._turns: dict[_Key, _Turn] = {}
        self._drivers: set[asyncio.Task[None]] = set()
        self._unplaced: dict[_Key, None] = {}
        self._placer: asyncio.Task[None] | None = None
        self._is_pressed = is_pressed
        self._fewest = max(1, limit // _UNDER_PRESSURE)
        self._headroom = Headroom(limit)
        self._precedence = precedence
        self._relief: asyncio.Task[None] | None = None
        self._is_draining = False

    def wake(self, workspace: str, run: str) -> None:
        """Say that a run has something to do: drive it, or tell the one who does. After `drain` it is left to rest."""
        key = (workspace, run)
        signal = self._signals.get(key)
        if signal is not None:
            signal.set()
            return
        if self._is_draining:
            return
        signal = self._signals[key] = Signal()
        driver = asyncio.create_task(self._keep_driving(key, signal), name=f"drive:{run}")
        self._drivers.add(driver)
        driver.add_done_callback(self._drivers.discard)

    async def _keep_driving(self, key: _Key, signal: Signal) -> None:
        pause = 0.0
        try:
            while True:
                await self._await_turn(key)
                if self._is_draining:
                    return
                pause = await self._drive_once(key, signal, pause)
                self._leave(key)
                if pause and not self._is_draining:
                    await self._clock.sleep(pause)
                elif not signal.is_set() or self._is_draining:
                    return
        finally:
            self._leave(key)
            del self._signals[key]

    async def _drive_once(self, key: _Key, signal: Signal, pause: float) -> float:
        """Drive a run; return how long to pause before the next try, or 0 if it went well."""
        signal.clear()
        try:
            await self._drive(*key, signal)
        except UnavailableError as error:
            self._report(*key, error)
            return max(error.retry_after, min(pause * 2, _LONGEST_PAUSE))
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one run is said, and harms no other
            self._report(*key, error)
            return 0.0
        return 0.0

    async def _await_turn(self, key: _Key) -> None:
        """Wait until the run may be driven, or until all are told that nothing more is."""
        if self._is_draining:
            return
        turn = self._turns[key] = _Turn()
        self._unplaced[key] = None
        if self._placer is None:
            self._placer = asyncio.create_task(self._place_all(), name="placer")
        await turn.given.wait()
        if turn.given_at is not None:
            self._headroom.note_delay(self._clock.monotonic() - turn.given_at)
        if self._precedence is not None:
            await self._precedence.give_way(turn.source)

    async def _place_all(self) -> None:
        """Put those who were woken where they stand; many are asked about at once, because many come at once."""
        while self._unplaced:
            workspace, _ = next(iter(self._unplaced))
            keys = [*islice((key for key in self._unplaced if key[0] == workspace), _BATCH)]
            standings = await self._look_up(workspace, [run for _, run in keys])
            for key in keys:
                if key in self._unplaced:  # it was not let go of meanwhile
                    del self._unplaced[key]
                    standing = standings.get(key[1], _NOWHERE)
                    self._turns[key].source = standing.source
                    self._lanes.add(key, standing)
                    self._headroom.note_source(standing.source, self._clock.monotonic())
            self._admit()
        self._placer = None

    async def _look_up(self, workspace: str, runs: Sequence[str]) -> Mapping[str, Standing]:
        if self._find_standings is None:
            return {}
        try:
            return await self._find_standings(workspace, runs)
        except Exception as error:  # noqa: BLE001 -- a run that cannot be placed is driven all the same, in the middle lane
            self._report(workspace, runs[0], error)
            return {}

    def _admit(self) -> None:
        while (key := self._lanes.take(is_scarce=self._is_held_back())) is not None:
            turn = self._turns[key]
            turn.given_at = self._clock.monotonic()
            turn.given.set()

    def _is_held_back(self) -> bool:
        """Say whether the next place is kept back for alerts or for others' runs; then it is looked at again soon."""
        if self._lanes.holding < self._find_places():
            return False
        if self._relief is None and self._lanes.has_room:
            self._relief = asyncio.create_task(self._await_relief(), name="relief")
        return True

    def _find_places(self) -> float:
        places = self._headroom.find_places(self._clock.monotonic())
        return min(places, self._fewest) if self._is_pressed is not None and self._is_pressed() else places

    async def _await_relief(self) -> None:
        due = self._clock.monotonic() + _RELIEF
        await self._clock.sleep(_RELIEF)
        self._headroom.note_delay(self._clock.monotonic() - due)
        self._relief = None
        self._admit()

    def _leave(self, key: _Key) -> None:
        """Give a run's place back, or let it wait no longer."""
        self._turns.pop(key, None)
        self._unplaced.pop(key, None)
        self._lanes.leave(key)
        self._admit()

    async def drain(self, seconds: float) -> None:
        """Start nothing more and give what is driven so many seconds to come to rest, then let go of it."""
        self._is_draining = True
        for turn in self._turns.values():
            turn.given.set()
        if self._drivers:
            await asyncio.wait(self._drivers, timeout=seconds)
        await self.close()

    async def close(self) -> None:
        """Start nothing more, and let go of whatever is under way."""
        self._is_draining = True
        while left := [one for one in (*self._drivers, self._placer, self._relief) if one and not one.done()]:
            for one in left:
                one.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    @property
    def size(self) -> int:
        """How many runs are driven or wait for a place."""
        return len(self._drivers)
