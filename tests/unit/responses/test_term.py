"""How long a change stands: let stand longer, or until somebody lifts it."""

from datetime import timedelta

import pytest

from soar.model.audit import Actor
from soar.model.errors import ActionCode, ConflictError, InputError, NotFoundError
from soar.model.process import ActionAnswer
from soar.model.response import Response, ResponseStatus
from tests.support.world import World, at, in_world

LOCK = """
name: Lock somebody out
on: {manual: {}}
steps:
  - {id: lock, uses: crm.lock, with: {user: eve}, undo: auto, expires: 1h}
"""
CAROL = Actor(kind="user", id="u_carol", name="carol", via="web")
HOUR = timedelta(hours=1)


async def lock(world: World, text: str = LOCK) -> str:
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    world.host.script("crm.unlock", ActionAnswer(output={}))
    await world.start(text)
    await world.settle()
    return (await world.held())[0].id


async def extend(world: World, response: str, by: timedelta = HOUR) -> Response:
    now = world.clock.now()
    return await world.write(
        lambda unit: world.responses.extend(unit, response, by, actor=CAROL, reason="forensics", at=now)
    )


async def keep(world: World, response: str) -> Response:
    now = world.clock.now()
    return await world.write(lambda unit: world.responses.keep(unit, response, actor=CAROL, reason="known bad", at=now))


def undone(world: World) -> int:
    return sum(call.action == "crm.unlock" for call in world.host.calls)


@in_world
async def test_an_extended_change_is_lifted_at_its_new_end_and_not_before(world: World) -> None:
    response = await lock(world)
    await world.pass_time(timedelta(minutes=30))
    extended = await extend(world, response)
    assert (extended.status, extended.expires_at) == (ResponseStatus.ACTIVE, at(120))
    await world.pass_time(timedelta(minutes=89))
    assert undone(world) == 0
    await world.pass_time(timedelta(minutes=1))
    (held,) = await world.held()
    assert (held.status, held.lifted_at, undone(world)) == (ResponseStatus.LIFTED, at(120), 1)
    (said,) = await world.audit("response.extended")
    assert (said["actor"]["id"], said["reason"]) == ("u_carol", "forensics")
    assert said["after"]["expires_at"] == at(120).isoformat()


@in_world
async def test_a_kept_change_stands_until_somebody_lifts_it(world: World) -> None:
    response = await lock(world)
    kept = await keep(world, response)
    assert (kept.status, kept.expires_at) == (ResponseStatus.ACTIVE, None)
    assert await world.timers_set() == []
    await world.pass_time(timedelta(days=30))
    assert undone(world) == 0
    (said,) = await world.audit("response.made_permanent")
    assert (said["actor"]["id"], said["reason"], said["after"]["expires_at"]) == ("u_carol", "known bad", None)
    await world.lift(response)
    assert undone(world) == 1


@in_world
async def test_what_has_no_end_is_neither_extended_nor_kept(world: World) -> None:
    response = await lock(world, LOCK.replace(", expires: 1h", ""))
    for change in (extend, keep):
        with pytest.raises(ConflictError, match="has no end"):
            await change(world, response)


@in_world
async def test_what_is_lifted_or_not_there_is_neither_extended_nor_kept(world: World) -> None:
    response = await lock(world)
    await world.lift(response)
    for change in (extend, keep):
        with pytest.raises(ConflictError, match="lifted already"):
            await change(world, response)
        with pytest.raises(NotFoundError):
            await change(world, "ar_gone")
    assert await world.audit("response.extended") == []


@in_world
@pytest.mark.parametrize("by", [timedelta(), timedelta(hours=-1), timedelta(days=91)])
async def test_no_time_and_too_much_of_it_are_refused(world: World, by: timedelta) -> None:
    response = await lock(world)
    with pytest.raises(InputError, match="90 days"):
        await extend(world, response, by)
    assert (await world.held())[0].expires_at == at(60)


@in_world
@pytest.mark.parametrize("is_kept", [True, False])
async def test_what_is_overdue_can_be_let_stand_and_nobody_is_told_any_more(world: World, is_kept: bool) -> None:  # noqa: FBT001 -- a case
    response = await lock(world)
    world.host.script("crm.unlock", ActionAnswer(code=ActionCode.FORBIDDEN, message="no"))
    await world.pass_time(timedelta(minutes=70))
    assert (await world.held())[0].status is ResponseStatus.OVERDUE
    told = len(await world.audit("response.escalated"))
    stands = await (keep if is_kept else extend)(world, response)
    assert (stands.status, stands.fault) == (ResponseStatus.ACTIVE, None)
    assert stands.expires_at == (None if is_kept else world.clock.now() + HOUR)
    await world.pass_time(timedelta(minutes=50))
    assert len(await world.audit("response.escalated")) == told
