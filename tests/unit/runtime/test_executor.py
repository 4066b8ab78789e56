"""What a call's answer becomes for the engine."""

from datetime import timedelta

import pytest

from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from soar.runtime.driver import Driver
from soar.runtime.executor import CALL_TERMS, OUTPUT_TOO_LARGE, CallTerms, Executor
from tests.support.clock import VirtualClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.loop import run_virtual
from tests.support.randomness import SeededRandomness
from tests.support.world import SlowHost, World, in_world, open_peopled_store

TEXT = "name: Tried\non: {manual: {}}\nsteps:\n  - {id: look, uses: %s}\n"
FRAME = len(b'{"text":""}')


@pytest.mark.parametrize("more", [0, 1])
@in_world
async def test_an_output_may_be_as_large_as_the_limit(world: World, more: int) -> None:
    world.host.script("crm.find", ActionAnswer(output={"text": "x" * (CALL_TERMS.output - FRAME + more)}))
    run = await world.start(TEXT % "crm.find")
    await world.settle()
    assert (await world.run(run)).status is (RunStatus.FAILED if more else RunStatus.SUCCEEDED)


@pytest.mark.parametrize(("action", "is_done"), [("crm.find", False), ("crm.note", True)])
@in_world
async def test_an_output_that_is_too_large_names_the_limit_and_what_to_do(
    world: World,
    action: str,
    is_done: bool,  # noqa: FBT001 -- a table's column
) -> None:
    world.host.script(action, ActionAnswer(output=["x" * CALL_TERMS.output]))
    run = await world.start(TEXT % action)
    await world.settle()
    fault = (await world.state(run)).records["steps/0"].fault
    assert fault is not None
    assert (fault.code, fault.attempts) == (OUTPUT_TOO_LARGE, 1)
    assert f"more than the {CALL_TERMS.output} that are kept" in fault.message
    assert "server.output_limit" in fault.message
    assert fault.message.startswith("it was done, but") is is_done
    assert len(world.host.calls) == 1


@in_world
async def test_what_the_fast_writer_refuses_is_measured_too(world: World) -> None:
    world.host.script("crm.find", ActionAnswer(output=[2**70, "x" * CALL_TERMS.output]), ActionAnswer(output=[2**70]))
    large = await world.start(TEXT % "crm.find")
    await world.settle()
    small = await world.start(TEXT % "crm.find")
    await world.settle()
    assert (await world.run(large)).status is RunStatus.FAILED
    assert (await world.run(small)).status is RunStatus.SUCCEEDED


WAITING = """
name: Tried
on: {manual: {}}
steps:
  - {id: look, uses: crm.find}
  - {wait: 1h}
  - {id: size, set: {letters: "${{ size(steps.look.output.text) }}"}}
"""


@in_world
async def test_a_large_output_is_there_when_its_run_goes_on(world: World) -> None:
    world.host.script("crm.find", ActionAnswer(output={"text": "x" * 500_000}))
    run = await world.start(WAITING)
    await world.settle()
    after = await world.restart()
    await after.pass_time(timedelta(minutes=61))
    assert (await after.state(run)).records["steps/2"].output == {"letters": 500_000}
    await after.stop()


EACH = """
name: Tried
on: {manual: {}}
steps:
  - {id: look, foreach: {in: "[1, 2, 3]", max_parallel: 1}, uses: crm.find, on_failure: continue}
  - {wait: 1h}
  - {id: again, uses: crm.find, on_failure: continue}
  - {id: said, uses: crm.note}
"""


class TightWorld(World):
    """A world that keeps little of a run."""

    def build_driver(self) -> Driver:
        driver = super().build_driver()
        terms = CallTerms(outputs=2 * FRAME + 250)
        driver._executor = Executor(host=self.guarded, clock=self.clock, randomness=SeededRandomness(1), terms=terms)
        return driver


def test_the_outputs_of_a_run_have_a_limit_together_and_what_a_write_answers_is_kept() -> None:
    async def scenario() -> None:
        store = await open_peopled_store(InlineDisk())
        world = TightWorld(store, host=SlowHost(), clock=VirtualClock(), ids=SeededIds(1))
        world.host.script("crm.find", ActionAnswer(output={"text": "x" * 100}))
        world.host.script("crm.note", ActionAnswer(output={"text": "x" * 500}))
        run = await world.start(EACH)
        await world.settle()
        records = (await world.state(run)).records
        assert [records[f"steps/0#{index}"].status for index in range(3)] == ["succeeded", "succeeded", "failed"]
        fault = records["steps/0#2"].fault
        assert fault is not None
        assert fault.code == OUTPUT_TOO_LARGE
        assert fault.message == (
            "its output has 111 bytes, and the outputs of this run would have 333 with it, more than the 272 that are "
            "kept: ask for less, or raise `server.run_output_limit`"
        )
        world = await world.restart()  # what is kept is counted anew
        await world.pass_time(timedelta(hours=1))
        records = (await world.state(run)).records
        assert records["steps/2"].fault is not None
        assert (records["steps/3"].status, records["steps/3"].output) == ("succeeded", {"text": "x" * 500})
        await world.stop()

    run_virtual(scenario())
