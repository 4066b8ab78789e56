"""From a run's row to everything the engine needs for it."""

from dataclasses import replace

import pytest

from soar.model.errors import BugError
from soar.runtime.plans import Planner, Surroundings
from tests.support.builders import build_alert, build_revision, build_run
from tests.support.world import World, build_actions_catalog, play

TEXT = "name: Tried\non: {manual: {}}\nsteps: [{uses: crm.find}]\n"
PLANNER_WORLD = Surroundings(catalog=build_actions_catalog(), config={"site": "here"}, url="https://soar.test")


def test_a_plan_holds_the_pinned_text_the_alert_and_the_installed_actions() -> None:
    async def scenario(world: World) -> None:
        planner, alert = Planner(PLANNER_WORLD), build_alert()

        def add(unit: object) -> None:
            unit.alerts.add(alert)
            unit.revisions.put(build_revision(text=TEXT))

        await world.write(add)
        plan = await world.read(lambda unit: planner.plan(unit, build_run()))
        assert (plan.playbook.name, plan.url) == ("Tried", "https://soar.test/runs/run_000000000001")
        assert (plan.workspace, plan.config, plan.initiator) == ("default", {"site": "here"}, "source:siem")
        assert plan.alert["id"] == alert.id
        assert "crm.wipe" in plan.actions
        assert plan.actions == planner.actions
        by_hand = await world.read(lambda unit: planner.plan(unit, build_run(alert=None)))
        assert by_hand.alert is None
        assert by_hand.program is plan.program

    play(scenario)


@pytest.mark.parametrize(("text", "said"), [(None, "not in the store"), ("steps: 7", "cannot be parsed")])
def test_a_text_that_is_gone_or_broken_is_our_bug(text: str | None, said: str) -> None:
    async def scenario(world: World) -> None:
        if text is not None:
            await world.write(lambda unit: unit.revisions.put(build_revision(text=text)))
        run = replace(build_run(), alert=None)
        with pytest.raises(BugError, match=said):
            await world.read(lambda unit: Planner(PLANNER_WORLD).plan(unit, run))

    play(scenario)
