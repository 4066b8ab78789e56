"""What shadow runs would have done, held against what was done."""

from datetime import timedelta

from soar.model.process import ActionAnswer
from soar.model.run import Mode
from soar.rehearsal.parity import Act, Observed, Tally, compare, observe
from tests.support.clock import START
from tests.support.world import World, in_world

DAY = timedelta(days=1)
BLOCK = """
name: Lock everybody out who is named
on: {manual: {}}
inputs: {users: {type: list<string>}}
steps:
  - {id: look, uses: crm.find}
  - id: lock
    foreach: {in: inputs.users, as: user}
    uses: crm.lock
    with: {user: "${{ user }}"}
    undo: auto
  - {id: back, uses: core.undo, with: {step: lock}}
  - {if: "false", uses: crm.note}
"""
BY_HAND = """
name: Lock one out
on: {manual: {}}
inputs: {user: {type: string}}
steps:
  - {uses: crm.lock, with: {user: "${{ inputs.user }}"}, undo: auto}
  - {uses: crm.page}
"""


def act(target: str, hours: float, run: str = "run_1", action: str = "fw.block") -> Act:
    return Act(action=action, target=target, run=run, at=START + timedelta(hours=hours))


def test_the_same_action_on_the_same_target_within_the_window_agrees() -> None:
    parity = compare([act("a", 1), act("b", 1), act("c", 1)], [act("a", 3), act("b", 30), act("d", 1)], DAY)
    assert parity.tallies == (Tally(action="fw.block", agreed=1, only_shadow=2, only_people=2),)
    (pair,) = parity.agreed
    assert (pair.shadow, pair.made) == (act("a", 1), act("a", 3))
    assert [each.target for each in parity.only_shadow] == ["b", "c"]
    assert [(each.target, each.at) for each in parity.only_people] == [("b", act("b", 30).at), ("d", act("d", 1).at)]


def test_people_may_have_been_first_and_the_nearest_counts() -> None:
    parity = compare([act("a", 10)], [act("a", 0, "far"), act("a", 9, "near"), act("a", 12, "after")], DAY)
    assert parity.agreed[0].made.run == "near"
    assert parity.only_people == ()


def test_the_edge_of_the_window_belongs_to_it() -> None:
    assert compare([act("a", 0)], [act("a", 24)], DAY).only_shadow == ()
    assert compare([act("a", 0)], [act("a", 24.01)], DAY).agreed == ()


def test_what_several_alerts_wanted_is_done_once_and_agrees_with_each() -> None:
    parity = compare([act("a", 1), act("a", 2), act("a", 3)], [act("a", 2.5)], DAY)
    assert parity.tallies == (Tally(action="fw.block", agreed=3, only_shadow=0, only_people=0),)


def test_another_action_on_the_same_target_is_another_thing() -> None:
    parity = compare([act("a", 1)], [act("a", 1, action="fw.unblock")], DAY)
    assert [tally.action for tally in parity.tallies] == ["fw.block", "fw.unblock"]
    assert parity.agreed == ()


def test_a_few_of_the_newest_stand_as_examples() -> None:
    parity = compare([act(f"t{hour}", hour) for hour in range(9)], [], DAY)
    assert [each.target for each in parity.only_shadow] == ["t8", "t7", "t6", "t5", "t4"]
    assert parity.tallies[0].only_shadow == 9


def test_nothing_beside_nothing_is_nothing() -> None:
    assert compare([], [], DAY).tallies == ()


async def look(world: World, since: timedelta = 30 * DAY, most: int = 5_000) -> Observed:
    at = world.clock.now() - since
    return await world.read(lambda unit: observe(unit, "block", world.catalog, at, most))


async def lock_by_hand(world: World, user: str) -> None:
    for action in ("crm.lock", "crm.page"):
        world.host.script(action, ActionAnswer(output={"ticket": "T-1"}))
    await world.start(BY_HAND, playbook="by-hand", inputs={"user": user}, initiator="user:u_ann")
    await world.settle()


async def shadow(world: World, *users: str) -> None:
    world.host.script("crm.find", ActionAnswer(output={}))
    await world.start(BLOCK, playbook="block", inputs={"users": list(users)}, mode=Mode.SHADOW)
    await world.settle()


@in_world
async def test_both_are_found_in_what_is_stored(world: World) -> None:
    await lock_by_hand(world, "before")
    await world.pass_time(timedelta(minutes=1))
    await shadow(world, "eve", "mallory")
    await world.pass_time(timedelta(hours=2))
    await lock_by_hand(world, "eve")
    await lock_by_hand(world, "trudy")
    observed = await look(world)
    assert (observed.runs, observed.is_complete) == (1, True)
    assert observed.actions == {"crm.lock", "crm.note"}
    assert {(each.action, each.target) for each in observed.shadow} == {("crm.lock", "eve"), ("crm.lock", "mallory")}
    assert [each.target for each in observed.made] == ["trudy", "eve"]
    parity = compare(observed.shadow, observed.made, DAY)
    assert parity.tallies == (Tally(action="crm.lock", agreed=1, only_shadow=1, only_people=1),)


@in_world
async def test_live_runs_of_the_playbook_itself_and_old_ones_are_no_shadow_runs(world: World) -> None:
    await shadow(world, "eve")
    await world.pass_time(3 * DAY)
    for action in ("crm.find", "crm.unlock"):
        world.host.script(action, ActionAnswer(output={}))
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    await world.start(BLOCK, playbook="block", inputs={"users": ["bob"]})
    await world.settle()
    observed = await look(world, since=DAY)
    assert (observed.runs, observed.since, observed.shadow, observed.made) == (0, None, (), ())


@in_world
async def test_what_is_too_much_is_said(world: World) -> None:
    await shadow(world, "eve")
    assert (await look(world, most=0)).is_complete is False
