"""Which runs are driven now, and how it ends."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from soar.model.alert import Severity
from soar.model.errors import BugError, ConflictError, UnavailableError
from soar.model.standing import Standing
from soar.runtime.precedence import Precedence
from soar.runtime.queue import FindStandings, RunQueue
from soar.runtime.signal import Signal
from tests.support.clock import VirtualClock
from tests.support.loop import run_virtual

KEY = ("default", "run_1")


class Drives:
    """Drives that take some seconds, and then end as they are told."""

    def __init__(self, seconds: float = 1.0, *errors: Exception | None) -> None:
        self.seconds, self.errors = seconds, list(errors)
        self.begun: list[tuple[str, float]] = []
        self.ended: list[str] = []
        self.reports: list[Exception] = []
        self.at_once = self.most = 0

    async def drive(self, _workspace: str, run: str, _signal: Signal) -> None:
        self.begun.append((run, asyncio.get_running_loop().time()))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.ended.append(run)

    def open(
        self,
        limit: int = 200,
        *,
        clock: VirtualClock | None = None,
        find_standings: FindStandings | None = None,
        share: float = 1.0,
        is_pressed: Callable[[], bool] | None = None,
        precedence: Precedence | None = None,
    ) -> RunQueue:
        return RunQueue(
            drive=self.drive,
            clock=clock or VirtualClock(),
            report=lambda _w, _r, e: self.reports.append(e),
            find_standings=find_standings,
            limit=limit,
            share=share,
            is_pressed=is_pressed,
            precedence=precedence,
        )


async def empty(queue: RunQueue) -> None:
    while queue.size:
        await asyncio.wait(queue._works)


@pytest.mark.parametrize("seed", range(3))
def test_a_run_has_one_driver_and_a_wake_meanwhile_is_not_lost(seed: int) -> None:
    async def scenario() -> None:
        drives = Drives()
        queue = drives.open()
        for _ in range(3):
            queue.wake(*KEY)
        await asyncio.sleep(0.5)
        queue.wake(*KEY)
        await empty(queue)
        assert drives.most == 1
        assert [moment for _, moment in drives.begun] == [0.0, 1.0]
        queue.wake(*KEY)
        await empty(queue)
        assert len(drives.begun) == 3

    run_virtual(scenario(), seed=seed)


def test_no_more_than_the_limit_are_driven_at_once_and_all_come_in_turn() -> None:
    async def scenario() -> None:
        drives = Drives()
        queue = drives.open(limit=3)
        for number in range(10):
            queue.wake("default", f"run_{number}")
        assert queue.size == 10
        await empty(queue)
        assert drives.most == 3
        assert sorted(drives.ended) == sorted(f"run_{number}" for number in range(10))

    run_virtual(scenario())


def test_an_unavailable_store_is_tried_again_after_longer_and_longer_pauses() -> None:
    async def scenario() -> None:
        busy = [UnavailableError("busy", retry_after=2.0) for _ in range(7)]
        drives = Drives(0.0, *busy)
        await empty_after(drives)
        moments = [moment for _, moment in drives.begun]
        pauses = [later - earlier for earlier, later in pairwise(moments)]
        assert pauses == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
        assert drives.ended == ["run_1"]
        assert drives.reports == busy

    async def empty_after(drives: Drives) -> None:
        queue = drives.open()
        queue.wake(*KEY)
        await empty(queue)

    run_virtual(scenario())


@pytest.mark.parametrize("error", [ConflictError("a rival"), BugError("ours")])
def test_another_error_is_reported_and_ends_the_drive(error: Exception) -> None:
    async def scenario() -> None:
        drives = Drives(0.0, error)
        queue = drives.open()
        queue.wake(*KEY)
        await empty(queue)
        assert drives.reports == [error]
        assert len(drives.begun) == 1

    run_virtual(scenario())


def test_draining_lets_what_is_driven_end_and_begins_nothing_that_waits_or_is_woken() -> None:
    async def scenario() -> None:
        drives = Drives(10.0)
        queue = drives.open(limit=1)
        for number in range(3):
            queue.wake("default", f"run_{number}")
        await asyncio.sleep(1)
        draining = asyncio.create_task(queue.drain(timedelta(minutes=1).total_seconds()), name="drain")
        await asyncio.sleep(1)
        queue.wake("default", "run_9")
        await draining
        assert len(drives.begun) == 1
        assert drives.ended == [drives.begun[0][0]]
        assert asyncio.get_running_loop().time() == 10.0
        assert queue.size == 0

    run_virtual(scenario())


def test_draining_lets_go_of_what_does_not_end_in_time() -> None:
    async def scenario() -> None:
        drives = Drives(1_000.0)
        queue = drives.open()
        queue.wake(*KEY)
        await asyncio.sleep(1)
        await queue.drain(5)
        assert asyncio.get_running_loop().time() == 6.0
        assert (len(drives.begun), drives.ended, drives.at_once) == (1, [], 0)

    run_virtual(scenario())


def test_whatever_is_wrong_with_one_run_is_reported_and_harms_no_other() -> None:
    async def scenario() -> None:
        drives = Drives(1.0, ValueError("not of ours"))
        queue = drives.open(limit=1)
        queue.wake("default", "run_1")
        queue.wake("default", "run_2")
        await empty(queue)
        bad, good = (run for run, _ in drives.begun)
        assert [str(error) for error in drives.reports] == ["not of ours"]
        assert drives.ended == [good]
        queue.wake("default", bad)
        await empty(queue)
        assert drives.ended == [good, bad]

    run_virtual(scenario())


class Standings:
    """Where runs stand, and how often somebody asked."""

    def __init__(self, standings: Mapping[str, Standing], error: Exception | None = None) -> None:
        self.standings, self.error, self.asked = standings, error, 0

    async def find(self, _workspace: str, runs: Sequence[str]) -> Mapping[str, Standing]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return {run: self.standings[run] for run in runs if run in self.standings}


def test_while_many_alerts_come_in_most_places_are_kept_back_and_some_are_not() -> None:
    async def scenario() -> None:
        drives, pressed = Drives(1.0), True
        queue = drives.open(limit=40, is_pressed=lambda: pressed)
        for number in range(50):
            queue.wake("default", f"run_{number}")
        await asyncio.sleep(1.5)
        assert (drives.most, len(drives.begun)) == (2, 4)
        pressed = False
        await asyncio.sleep(0.2)
        assert drives.at_once == 32  # six places stay free for the other lanes, and two for other sources
        await empty(queue)
        assert len(drives.ended) == 50

    run_virtual(scenario())


def test_under_pressure_fewer_are_driven_while_two_sources_send() -> None:
    async def scenario() -> None:
        drives = Drives(1.0)
        standings = Standings(
            {f"run_{number}": Standing(source=f"source:{number % 2}", playbook="same") for number in range(400)}
        )
        queue = drives.open(limit=200, find_standings=standings.find, is_pressed=lambda: True)
        for number in range(0, 400, 2):
            queue.wake("default", f"run_{number}")
        await asyncio.sleep(0.5)
        assert len(drives.begun) == 200 // 20
        for number in range(1, 400, 2):
            queue.wake("default", f"run_{number}")
        await asyncio.sleep(2.0)
        begun = [at for _, at in drives.begun if 1.0 <= at < 2.0]
        assert len(begun) == 200 // 100 + 5  # and of the smaller one five in places of their own
        await queue.drain(5.0)

    run_virtual(scenario())


def test_a_drain_under_pressure_leaves_nothing_waiting() -> None:
    async def scenario() -> None:
        drives = Drives(1.0)
        queue = drives.open(limit=20, is_pressed=lambda: True)
        for number in range(9):
            queue.wake("default", f"run_{number}")
        await asyncio.sleep(0.05)
        await queue.drain(5.0)
        assert (queue.size, len(drives.ended)) == (0, 1)
        await asyncio.sleep(1.0)
        assert len(drives.begun) == 1

    run_virtual(scenario())


def test_after_a_drain_nothing_of_the_queue_is_left_even_if_nobody_ever_said_where_a_run_stands() -> None:
    async def never(_workspace: str, _runs: Sequence[str]) -> Mapping[str, Standing]:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("unreachable")

    async def scenario() -> None:
        drives = Drives(1.0)
        queue = RunQueue(
            drive=drives.drive, clock=VirtualClock(), report=lambda *_: None, limit=9, find_standings=never
        )
        queue.wake(*KEY)
        await asyncio.sleep(1)
        await queue.drain(5.0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert drives.begun == []

    run_virtual(scenario())


def open_with(drives: Drives, standings: Standings, *, limit: int, share: float = 1.0) -> RunQueue:
    return drives.open(limit=limit, find_standings=standings.find, share=share)


def test_a_burst_of_ten_thousand_low_alerts_does_not_delay_a_critical_one() -> None:
    async def scenario() -> None:
        low = Standing(severity=Severity.LOW, source="source:noisy", playbook="noisy")
        standings = Standings(
            {f"run_{number}": low for number in range(10_000)}
            | {"run_critical": Standing(severity=Severity.CRITICAL, source="source:edr", playbook="urgent")}
        )
        drives = Drives(1.0)
        queue = open_with(drives, standings, limit=20)
        for number in range(10_000):
            queue.wake("default", f"run_{number}")
        await asyncio.sleep(0.5)
        queue.wake("default", "run_critical")
        await empty(queue)
        assert dict(drives.begun)["run_critical"] == 0.5
        assert len(drives.ended) == 10_001
        assert standings.asked == 21

    run_virtual(scenario())


def test_under_pressure_a_quiet_source_does_not_wait_for_what_a_loud_one_has_begun() -> None:
    async def scenario() -> None:
        loud, quiet = (Standing(source=f"source:{name}", playbook="same") for name in ("loud", "quiet"))
        standings = Standings({f"run_{number}": loud for number in range(100)} | {"run_q1": quiet, "run_q2": quiet})
        drives = Drives(1.0)
        queue = drives.open(limit=40, find_standings=standings.find, is_pressed=lambda: True)
        for number in range(100):
            queue.wake("default", f"run_{number}")
        await asyncio.sleep(0.5)
        queue.wake("default", "run_q1")
        queue.wake("default", "run_q2")
        await asyncio.sleep(2.0)
        begun = dict(drives.begun)
        assert (begun["run_q1"], begun["run_q2"]) == (0.5, 0.5)
        await queue.drain(5.0)

    run_virtual(scenario())


class LateClock(VirtualClock):
    """A clock on which every look takes some time, as if the loop had been busy since the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds_late = self._late = 0.0

    def monotonic(self) -> float:
        self._late += self.seconds_late
        return super().monotonic() + self._late


@pytest.mark.parametrize(("has_company", "driven"), [(False, 32), (True, 2)])
def test_while_the_loop_is_late_a_crowd_of_one_source_gets_few_places_unless_it_is_alone(
    *, has_company: bool, driven: int
) -> None:
    async def scenario() -> None:
        loud, quiet = (Standing(source=f"source:{name}") for name in ("loud", "quiet"))
        standings = Standings({f"run_{number}": loud for number in range(300)} | {"run_quiet": quiet})
        drives, clock = Drives(0.1), LateClock()
        queue = drives.open(limit=40, clock=clock, find_standings=standings.find)
        clock.seconds_late = 0.005
        for number in range(300):
            queue.wake("default", f"run_{number}")
        if has_company:
            queue.wake("default", "run_quiet")
        await asyncio.sleep(0.35)
        assert drives.at_once == driven
        clock.seconds_late = 0.0
        await empty(queue)
        assert len(drives.ended) == 300 + has_company

    run_virtual(scenario())


def test_a_quiet_sources_run_is_driven_while_others_wait_for_it() -> None:
    async def scenario() -> None:
        loud, quiet = (Standing(source=f"source:{name}") for name in ("loud", "quiet"))
        standings = Standings({"run_1": loud, "run_2": loud, "run_quiet": quiet})
        drives, clock = Drives(), VirtualClock()
        precedence = Precedence(clock)
        queue = drives.open(clock=clock, find_standings=standings.find, precedence=precedence)
        precedence.claim(quiet.source)
        for run in standings.standings:
            queue.wake("default", run)
        await asyncio.sleep(0.03)
        precedence.end(quiet.source)
        await empty(queue)
        assert {run: round(moment, 3) for run, moment in drives.begun} == {
            "run_quiet": 0.0,
            "run_1": 0.03,
            "run_2": 0.03,
        }

    run_virtual(scenario())


def test_one_playbook_takes_no_more_than_its_share() -> None:
    async def scenario() -> None:
        standings = Standings(
            {f"run_a{number}": Standing(playbook="a") for number in range(10)} | {"run_b": Standing(playbook="b")}
        )
        drives = Drives(1.0)
        queue = open_with(drives, standings, limit=4, share=0.5)
        for run in standings.standings:
            queue.wake("default", run)
        await empty(queue)
        begun = dict(drives.begun)
        assert begun["run_b"] == 0.0
        assert sorted(moment for run, moment in begun.items() if run != "run_b") == [
            moment for moment in (0.0, 1.0, 2.0, 3.0, 4.0) for _ in range(2)
        ]

    run_virtual(scenario())


@pytest.mark.parametrize("error", [None, UnavailableError("busy")])
def test_a_run_that_nobody_can_place_is_driven_all_the_same(error: Exception | None) -> None:
    async def scenario() -> None:
        drives = Drives()
        queue = open_with(drives, Standings({}, error), limit=1)
        queue.wake("default", "run_1")
        queue.wake("elsewhere", "run_2")
        await empty(queue)
        assert sorted(drives.ended) == ["run_1", "run_2"]
        assert drives.reports == ([error, error] if error else [])

    run_virtual(scenario())


class Told(Drives):
    """Events that wait for a run each, and are gone once it was driven."""

    def __init__(
        self, count: int, *errors: Exception | None, failures: Sequence[Exception] = (), sources: int = 1
    ) -> None:
        super().__init__(1.0, *errors)
        self.sources = sources
        self.rows = {f"run_{number:03}": number for number in range(1, count + 1)}
        self.failures = list(failures)

    async def drive(self, workspace: str, run: str, signal: Signal) -> None:
        await super().drive(workspace, run, signal)
        del self.rows[run]

    async def find(self, _workspace: str, runs: Sequence[str]) -> Mapping[str, Standing]:
        return {run: self.stand(self.rows[run]) for run in runs}

    def stand(self, number: int) -> Standing:
        return Standing(source=f"source:{number % self.sources}", place=number)

    async def find_told(self, first: int, limit: int) -> list[tuple[tuple[str, str], Standing]]:
        if self.failures:
            raise self.failures.pop(0)
        rows = [(("default", run), self.stand(number)) for run, number in self.rows.items() if number >= first]
        return rows[:limit]

    def open_rows(self, *, most: int, limit: int) -> RunQueue:
        return RunQueue(
            drive=self.drive,
            clock=VirtualClock(),
            report=lambda _w, _r, error: self.reports.append(error),
            find_standings=self.find,
            find_told=self.find_told,
            most=most,
            limit=limit,
        )

    async def come_to_rest(self, queue: RunQueue) -> None:
        while queue._works:
            await asyncio.wait(queue._works)


@pytest.mark.parametrize("sources", [1, 100])
def test_of_more_wakes_at_once_than_fit_into_memory_none_is_lost(sources: int) -> None:
    async def scenario() -> None:
        told = Told(100, sources=sources)
        queue = told.open_rows(most=6, limit=1)
        for run in list(told.rows):
            queue.wake("default", run)
        assert queue.size == 6
        await told.come_to_rest(queue)
        assert told.ended == sorted(told.ended)
        assert len(told.ended) == 100

    run_virtual(scenario())


def test_rows_that_cannot_be_read_now_are_read_a_second_later() -> None:
    async def scenario() -> None:
        failures = [UnavailableError("busy"), BugError("ours")]
        told = Told(20, failures=list(failures))
        queue = told.open_rows(most=6, limit=1)
        queue.recall()
        await told.come_to_rest(queue)
        assert told.reports == failures
        assert told.begun[0] == ("run_001", 2.0)
        assert len(told.ended) == 20

    run_virtual(scenario())


def test_runs_that_pause_while_the_store_takes_nothing_count_among_those_that_wait() -> None:
    async def scenario() -> None:
        told = Told(60, *(UnavailableError("busy", retry_after=300.0) for _ in range(40)))
        queue = told.open_rows(most=8, limit=2)
        queue.recall()
        for _ in range(40):
            await asyncio.sleep(1)
            assert queue.size <= 8 + 2
        await told.come_to_rest(queue)
        assert sorted(told.ended) == [f"run_{number:03}" for number in range(1, 61)]

    run_virtual(scenario())


def test_a_drain_leaves_what_waits_as_rows_where_it_is() -> None:
    async def scenario() -> None:
        told = Told(60)
        queue = told.open_rows(most=8, limit=2)
        queue.recall()
        await asyncio.sleep(0.5)
        await queue.drain(5.0)
        queue.recall()
        assert (len(told.ended), len(told.begun), queue.size) == (2, 2, 0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(scenario())


def test_what_is_told_a_run_that_is_driven_reaches_it_however_long_the_backlog_is() -> None:
    async def scenario() -> None:
        told = Told(60)
        heard: list[Signal] = []

        async def listen(workspace: str, run: str, signal: Signal) -> None:
            heard.append(signal)
            await told.drive(workspace, run, signal)

        queue = told.open_rows(most=4, limit=1)
        queue._drive = listen
        queue.recall()
        await asyncio.sleep(0.5)
        queue.wake("default", "run_001")
        assert heard[0].is_set()
        await queue.drain(5.0)

    run_virtual(scenario())
