"""What a call's answer becomes for the engine."""

from datetime import timedelta

import pytest

from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from soar.runtime.executor import OUTPUT_LIMIT, OUTPUT_TOO_LARGE
from tests.support.world import World, in_world

TEXT = "name: Tried\non: {manual: {}}\nsteps:\n  - {id: look, uses: %s}\n"
FRAME = len(b'{"text":""}')


@pytest.mark.parametrize("more", [0, 1])
@in_world
async def test_an_output_may_be_as_large_as_the_limit(world: World, more: int) -> None:
    world.host.script("crm.find", ActionAnswer(output={"text": "x" * (OUTPUT_LIMIT - FRAME + more)}))
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
    world.host.script(action, ActionAnswer(output=["x" * OUTPUT_LIMIT]))
    run = await world.start(TEXT % action)
    await world.settle()
    fault = (await world.state(run)).records["steps/0"].fault
    assert fault is not None
    assert (fault.code, fault.attempts) == (OUTPUT_TOO_LARGE, 1)
    assert f"more than the {OUTPUT_LIMIT} that are kept" in fault.message
    assert "server.output_limit" in fault.message
    assert fault.message.startswith("it was done, but") is is_done
    assert len(world.host.calls) == 1


@in_world
async def test_what_the_fast_writer_refuses_is_measured_too(world: World) -> None:
    world.host.script("crm.find", ActionAnswer(output=[2**70, "x" * OUTPUT_LIMIT]), ActionAnswer(output=[2**70]))
    large, small = [await world.start(TEXT % "crm.find") for _ in range(2)]
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
