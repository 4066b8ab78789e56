"""One run driven: retries, rivals, faults of ours, and a store that takes nothing now."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from soar.model.errors import ActionCode, BugError, ConflictError, NotFoundError, UnavailableError
from soar.model.process import ActionAnswer, ActionCall
from soar.model.run import RunStatus
from soar.model.standing import find_source
from soar.runtime.signal import Signal
from soar.store import Unit
from tests.support.loop import run_virtual
from tests.support.mortal_store import MortalStore
from tests.support.open_runs import list_open_runs
from tests.support.world import WORKSPACE, SlowHost, World, at, check_record, open_world, play

T = TypeVar("T")

BUSY = ActionAnswer(code=ActionCode.UNAVAILABLE, message="503")
DONE = ActionAnswer(output={})


def write_steps(*uses: str) -> str:
    steps = "\n".join(f"  - {{uses: {use}}}" for use in uses)
    return f"name: Tried\non: {{manual: {{}}}}\nsteps:\n{steps}\n"


class TimedHost(SlowHost):
    """Remembers when it was called, in seconds since the world began."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.moments: list[float] = []

    async def call(self, call: ActionCall) -> ActionAnswer:
        self.moments.append(round(asyncio.get_running_loop().time(), 3))
        return await super().call(call)


RETRIED = """
name: Tried
on: {manual: {}}
steps:
  - uses: crm.find
    retry: {attempts: 5, delay: 10s, max_delay: 30s, jitter: false}
"""


def test_a_failed_call_is_tried_again_later_and_later() -> None:
    host = TimedHost()

    async def scenario(world: World) -> None:
        slow_down = ActionAnswer(code=ActionCode.RATE_LIMITED, message="429", retry_after=100.0)
        host.script("crm.find", BUSY, BUSY, BUSY, slow_down, DONE)
        run = await world.start(RETRIED)
        await world.settle()
        retrying = await world.run(run)
        assert (retrying.status, retrying.waiting_for) == (RunStatus.WAITING, "the next attempt at: steps/0")
        await world.pass_time(timedelta(minutes=5))
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        assert host.moments == pytest.approx([0, 10, 30, 60, 160], abs=0.01)
        assert [call.attempt for call in host.calls] == [1, 2, 3, 4, 5]
        assert len(host.effects) == 1
        assert await world.timers_set() == []

    play(scenario, host=host)


def test_the_last_attempt_is_the_last_and_jitter_only_shortens_the_wait() -> None:
    host = TimedHost()

    async def scenario(world: World) -> None:
        host.script("crm.find", BUSY)
        run = await world.start(write_steps("crm.find"))
        await world.pass_time(timedelta(hours=1))
        failed = await world.run(run)
        assert (failed.status, failed.reason) == (RunStatus.FAILED, "steps/0: 503")
        first, second, third = host.moments
        assert 0 <= second - first <= 2
        assert 0 <= third - second <= 4
        assert third > first

    play(scenario, host=host)


def test_an_unsafe_call_is_never_tried_again_by_itself() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.page", BUSY)
        run = await world.start(write_steps("crm.page"))
        await world.pass_time(timedelta(hours=1))
        assert (await world.run(run)).status is RunStatus.FAILED
        assert len(world.host.calls) == 1

    play(scenario)


def test_a_retry_that_fell_due_while_the_server_was_down_is_made_once_it_is_back() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.find", BUSY, DONE)
        run = await world.start(RETRIED)
        await world.settle()
        await world.stop()
        await world.clock.sleep(3600)
        after = await world.restart()
        await after.pass_time(timedelta(seconds=1))
        assert (await after.run(run)).status is RunStatus.SUCCEEDED
        assert len(world.host.calls) == 2
        await after.stop()

    play(scenario)


THREE = write_steps("crm.page", "crm.page", "crm.page")


@pytest.mark.parametrize("seed", range(10))
def test_of_two_drivers_on_one_run_the_slower_is_told_and_nothing_is_doubled(seed: int) -> None:
    async def scenario(world: World) -> None:
        world.queue._is_draining = True  # only the two rivals drive
        world.host.script("crm.page", DONE)
        run = await world.start(THREE)
        rivals = [
            (driver, await driver._load(WORKSPACE, run, Signal())) for driver in (world.driver, world.build_driver())
        ]
        drives = [driver._run(activation) for driver, activation in rivals]
        ends = await asyncio.gather(*drives, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["ConflictError", "NoneType"]
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        assert sorted(world.host.effects.values()) == [1, 1, 1]
        entries = await world.read(lambda unit: unit.journal.load(run))
        assert [entry.sequence for entry in entries] == [1, 2, 3, 4]

    play(scenario, seed=seed)


@pytest.mark.parametrize("seed", range(10))
def test_a_driver_that_takes_another_for_dead_calls_it_unknown_and_doubles_nothing(seed: int) -> None:
    async def scenario(world: World) -> None:
        world.queue._is_draining = True
        world.host.script("crm.page", DONE)
        run = await world.start(THREE)
        drives = [driver.drive(WORKSPACE, run, Signal()) for driver in (world.driver, world.build_driver())]
        ends = await asyncio.gather(*drives, return_exceptions=True)
        assert {type(end) for end in ends} <= {ConflictError, type(None)}
        assert set(world.host.effects.values()) == {1}
        ended = await world.run(run)
        assert ended.status is RunStatus.SUCCEEDED or "to find out whether it happened" in str(ended.waiting_for)

    play(scenario, seed=seed)


def test_a_driver_that_wakes_up_after_another_went_on_writes_nothing() -> None:
    async def scenario(world: World) -> None:
        world.queue._is_draining = True
        world.host.script("crm.find", DONE)
        run = await world.start(write_steps("crm.find", "crm.find"))
        stale = await world.driver._load(WORKSPACE, run, Signal())
        await world.build_driver().drive(WORKSPACE, run, Signal())
        before = (await world.run(run), await world.audit())
        with pytest.raises(ConflictError):
            await world.driver._run(stale)
        assert (await world.run(run), await world.audit()) == before

    play(scenario)


def test_a_run_that_is_not_there_is_an_error_and_stops_nothing_else() -> None:
    async def scenario(world: World) -> None:
        world.queue.wake(WORKSPACE, "run_gone")
        await world.settle()
        (error,) = world.reports
        assert isinstance(error, NotFoundError)

    play(scenario)


@pytest.mark.parametrize("text", ["steps: nonsense", "name: Tried\non: {manual: {}}\nsteps: [{uses: crm.gone}]"])
def test_a_playbook_that_cannot_be_driven_fails_in_the_open(text: str) -> None:
    async def scenario(world: World) -> None:
        run = await world.start(text)
        await world.settle()
        failed = await world.run(run)
        assert failed.status is RunStatus.FAILED
        assert failed.reason
        (event,) = await world.audit("run.finished")
        assert (event["outcome"], event["reason"]) == ("failure", failed.reason)

    play(scenario)


ASKING = """
name: Tried
on: {manual: {}}
steps:
  - uses: crm.note
    approve: {by: role:analyst, reason: r}
"""


def test_a_run_whose_text_is_lost_is_buried_and_its_question_with_it() -> None:
    async def scenario(world: World) -> None:
        run = await world.start(ASKING)
        await world.settle()
        asked = await world.pending()
        lost = (await world.run(run)).revision
        await world.write(lambda unit: _pin(unit, run, "sha256:gone"))
        assert lost != "sha256:gone"
        await world.vote("bob", confirm=asked.confirm, approval=asked.id)
        buried = await world.run(run)
        assert (buried.status, buried.reason, buried.finished_at) == (RunStatus.FAILED, "internal: BugError", at(0))
        (error,) = world.reports
        assert isinstance(error, BugError)
        assert world.host.calls == []

        other = await world.start(ASKING + "    timeout: 1m\n")
        await world.settle()
        asked = await world.pending()
        await world.write(lambda unit: _pin(unit, other, "sha256:gone"))
        world.queue.wake(WORKSPACE, other)
        await world.settle()
        assert (await world.run(other)).status is RunStatus.FAILED
        assert (await world.approval(other)).status == "cancelled"
        assert await list_open_runs(world.store) == []
        await world.cancel(other)
        assert await list_open_runs(world.store) == []

    play(scenario)


def _pin(unit: Unit, run: str, revision: str) -> None:
    found = unit.runs.get(run)
    assert found is not None
    unit.runs.update(replace(found, revision=revision), before=found)


def test_a_run_lets_a_quiet_sources_alert_go_first_and_ends_its_own_precedence_by_beginning() -> None:
    host = TimedHost()

    async def scenario(world: World) -> None:
        precedence = world.driver.precedence
        host.script("crm.find", DONE, DONE)
        precedence.claim("source:other")
        first = await world.start(write_steps("crm.find"))
        await world.settle()
        assert host.moments == [0.1]
        precedence.claim(find_source((await world.run(first)).initiator))
        await world.start(write_steps("crm.find"))
        await precedence.give_way("source:other")
        await world.settle()
        assert host.moments == [0.1, 0.1]
        assert asyncio.get_running_loop().time() < 0.2

    play(scenario, host=host)


class MoodyStore(MortalStore):
    """Takes nothing at some of its writes, and says when to come back."""

    def __init__(self, world: World, *moods: int) -> None:
        super().__init__(world.store, 0, is_written=True)
        self._moods = moods

    async def write(self, workspace: str, work: Callable[[Unit], T]) -> T:
        if self.writes + 1 in self._moods:
            self.writes += 1
            raise UnavailableError("too much waits", retry_after=7.0, code="store.busy")
        return await super().write(workspace, work)


@pytest.mark.parametrize("moody", range(1, 7))
def test_a_store_that_takes_nothing_now_pauses_a_run_and_loses_no_answer(moody: int) -> None:
    async def scenario(world: World) -> None:
        for action in ("crm.find", "crm.page"):
            world.host.script(action, DONE)
        world.driver._store = MoodyStore(world, moody, moody + 1)
        run = await world.start(write_steps("crm.find", "crm.page", "crm.page"))
        await world.settle()
        ended = await world.run(run)
        assert (ended.status, ended.reason) == (RunStatus.SUCCEEDED, None)
        assert set(world.host.effects.values()) == {1}
        assert asyncio.get_running_loop().time() >= (7 if moody <= 4 else 0)

    play(scenario)


def test_a_run_is_taken_up_again_when_the_store_is_back() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.find", DONE)
        world.driver._store = MoodyStore(world, 1, 2)
        run = await world.start(write_steps("crm.find"))
        await world.settle()
        assert [type(error) for error in world.reports] == [UnavailableError, UnavailableError]
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        assert (await world.run(run)).finished_at >= at(14 / 60)

    play(scenario)


def test_a_cancelled_run_waits_for_the_call_under_way_and_starts_nothing_more() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.page", DONE)
        run = await world.start(write_steps("crm.page", "crm.page"))
        await world.clock.sleep(1)
        assert len(world.host.calls) == 1
        await world.cancel(run)
        ended = await world.run(run)
        assert (ended.status, ended.finished_at) == (RunStatus.CANCELLED, at(30 / 60))
        assert len(world.host.answered) == 1

    play(scenario, host=SlowHost(30))


def test_answers_of_calls_that_ran_side_by_side_are_all_heard() -> None:
    text = """
name: Tried
on: {manual: {}}
steps:
  - id: found
    foreach: {in: "[1, 2, 3, 4, 5]", max_parallel: 5}
    uses: crm.find
    with: {id: "${{ item }}"}
outputs: {all: "${{ steps.found.output }}"}
"""

    async def scenario(world: World) -> None:
        world.host.script("crm.find", lambda call: ActionAnswer(output=call.arguments["id"] * 10))
        run = await world.start(text)
        await world.settle()
        assert (await world.run(run)).outputs == {"all": [10, 20, 30, 40, 50]}
        assert asyncio.get_running_loop().time() < 2

    play(scenario, host=SlowHost(1))


def test_a_resting_driver_lets_calls_finish_keeps_their_answers_and_starts_nothing_more() -> None:
    async def scenario() -> None:
        world = await open_world(host=SlowHost(10))
        world.host.script("crm.page", DONE)
        run = await world.start(write_steps("crm.page", "crm.page"))
        waiting = await world.start(ASKING)
        await world.clock.sleep(1)
        world.driver.rest()
        await world.queue.drain(30)
        assert len(world.host.answered) == 1
        assert (await world.statuses(run)) == {"steps/0": "running"}
        world.queue.wake(WORKSPACE, waiting)
        await world.driver.drive(WORKSPACE, waiting, Signal())
        assert len(world.host.calls) == 1
        after = await world.restart()
        await after.settle()
        assert (await after.run(run)).status is RunStatus.SUCCEEDED
        assert sorted(world.host.effects.values()) == [1, 1]
        await check_record(after)
        await after.stop()

    run_virtual(scenario())
