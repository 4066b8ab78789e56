"""Is it still there? What a look at the product finds, and who hears of what is gone."""

from dataclasses import replace

import pytest

from soar.model.audit import Actor
from soar.model.errors import ActionCode, ConflictError, NotFoundError
from soar.model.process import ActionAnswer
from soar.model.response import Response, ResponseStatus, Sighting
from soar.model.run import RunStatus
from soar.model.values import JsonValue
from tests.support.world import World, at, in_world

LOCK = """
name: Lock somebody out
owner: team:soc
on: {manual: {}}
steps:
  - {id: lock, uses: crm.lock, with: {user: eve}, connection: crm-two, undo: auto}
"""
OWN_UNDO = LOCK.replace("undo: auto", "undo: {uses: chat.dm, with: {}}")
ANN = Actor(kind="user", id="u_ann", name="ann", via="web")


async def lock(world: World, text: str = LOCK) -> str:
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    await world.start(text)
    await world.settle()
    return (await world.held())[-1].id


def answer(world: World, holds: JsonValue) -> None:
    world.host.script("crm.locked", ActionAnswer(output={"holds": holds}))


async def check(world: World, response: str) -> Response:
    now = world.clock.now()
    await world.write(lambda unit: world.responses.check(unit, response, actor=ANN, initiator="user:u_ann", at=now))
    await world.settle()
    return next(each for each in await world.held() if each.id == response)


@in_world
@pytest.mark.parametrize("text", [LOCK, OWN_UNDO], ids=["inverse", "own"])
async def test_a_change_that_stands_is_seen_through_its_own_connection(world: World, text: str) -> None:
    response = await lock(world, text)
    answer(world, holds=True)
    checked = await check(world, response)
    assert (checked.sighting, checked.checked_at, checked.status) == (Sighting.STANDING, at(0), ResponseStatus.ACTIVE)
    run = await world.run(checked.check_run)
    assert (run.status, run.initiator) == (RunStatus.SUCCEEDED, "user:u_ann")
    call = world.host.calls[-1]
    assert (call.action, call.connection, call.arguments) == ("crm.locked", "crm-two", {"user": "eve"})
    asked, seen = await world.audit("response.check")
    assert (asked["type"], asked["actor"]["id"]) == ("response.check_requested", "u_ann")
    assert (seen["outcome"], seen["after"]["sighting"]) == ("success", "standing")
    assert await world.audit("response.drifted") == []
    assert await world.messages() == []


@in_world
async def test_what_is_gone_is_told_once_until_it_has_been_seen_again(world: World) -> None:
    response = await lock(world)
    for holds in (False, False, True, False):
        answer(world, holds)
        checked = await check(world, response)
    assert (checked.sighting, checked.status) == (Sighting.GONE, ResponseStatus.ACTIVE)
    assert [event["outcome"] for event in await world.audit("response.drifted")] == ["failure"] * 2
    said = await world.messages()
    assert len(said) == 2
    assert said[0].text.startswith(f"crm.lock ({response}) is not there any more")


@in_world
@pytest.mark.parametrize(
    "told",
    [
        ActionAnswer(output={"holds": "yes"}),
        ActionAnswer(output={}),
        ActionAnswer(code=ActionCode.FORBIDDEN, message="no"),
    ],
    ids=["no truth", "nothing", "refused"],
)
async def test_where_nobody_can_tell_nothing_is_claimed(world: World, told: ActionAnswer) -> None:
    response = await lock(world)
    world.host.script("crm.locked", told)
    assert (await check(world, response)).sighting is Sighting.UNCLEAR
    (seen,) = await world.audit("response.checked")
    assert seen["outcome"] == "unknown"
    assert await world.audit("response.drifted") == []


@in_world
async def test_while_one_looks_there_is_no_second(world: World) -> None:
    response = await lock(world)
    answer(world, holds=True)

    def ask(unit: object) -> Response:
        return world.responses.check(unit, response, actor=ANN, initiator="user:u_ann", at=at(0))

    first, second = await world.write(ask), await world.write(ask)
    await world.settle()
    assert first.check_run == second.check_run
    assert sum(call.action == "crm.locked" for call in world.host.calls) == 1


@in_world
async def test_a_look_that_ends_after_the_lift_finds_no_drift(world: World) -> None:
    response = await lock(world)
    answer(world, holds=False)
    world.host.script("crm.unlock", ActionAnswer(output={}))

    def ask(unit: object) -> None:
        world.responses.check(unit, response, actor=ANN, initiator="user:u_ann", at=at(0))
        world.responses.lift(unit, response, actor=ANN, initiator="user:u_ann", reason=None, at=at(0))

    await world.write(ask)
    await world.settle()
    (held,) = await world.held()
    assert (held.status, held.sighting) == (ResponseStatus.LIFTED, Sighting.GONE)
    assert await world.audit("response.drifted") == []


@in_world
async def test_what_cannot_be_looked_at_is_refused(world: World) -> None:
    response = await lock(world)
    (held,) = await world.held()
    await world.write(lambda unit: unit.responses.update(replace(held, check_action=None)))
    with pytest.raises(ConflictError, match="cannot be checked"):
        await check(world, response)
    with pytest.raises(NotFoundError):
        await check(world, "ar_gone")
    world.host.script("crm.unlock", ActionAnswer(output={}))
    await world.lift(response)
    with pytest.raises(ConflictError, match="lifted already"):
        await check(world, response)
