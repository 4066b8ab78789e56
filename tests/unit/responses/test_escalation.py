"""Whoever answers for a change hears that it stands too long, again and again, until somebody has dealt with it."""

from datetime import timedelta

from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.response import ResponseStatus
from tests.support.world import SlowHost, World, at, in_world, play

LOCK = """
name: Lock somebody out
owner: user:dave@corp.example
on: {manual: {}}
notify: {channel: "chat:#soc", on: []}
steps:
  - {id: lock, uses: crm.lock, with: {user: eve}, undo: auto, expires: 1h}
"""
REFUSED = ActionAnswer(code=ActionCode.FORBIDDEN, message="the product says @everyone")


async def lock(world: World, text: str = LOCK) -> str:
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    await world.start(text)
    await world.settle()
    return (await world.held())[0].id


async def moments_told(world: World) -> list[float]:
    return [round((said.at - at(0)).total_seconds() / 60) for said in await world.messages("#soc")]


@in_world
async def test_people_are_told_at_once_and_again_until_it_is_lifted(world: World) -> None:
    world.host.script("crm.unlock", REFUSED)
    response = await lock(world)
    await world.pass_time(timedelta(hours=7))
    assert await moments_told(world) == [60, 75, 135, 375]
    (held,) = await world.held()
    assert (held.status, held.pages, held.owner) == (ResponseStatus.OVERDUE, 4, "user:dave@corp.example")
    first = (await world.messages("#soc"))[0].text
    assert first.startswith(f"crm.lock ({response}) still stands: it could not be taken back, see run_")
    assert first.endswith("user:dave@corp.example answers for it.")
    assert len(await world.messages("@dave@corp.example")) == 4
    world.host.script("crm.unlock", ActionAnswer(output={}))
    await world.lift(response)
    assert await world.timers_set() == []
    await world.pass_time(timedelta(days=1))
    assert len(await world.audit("response.escalated")) == 4


@in_world
async def test_what_the_product_says_is_not_repeated_in_a_channel(world: World) -> None:
    world.host.script("crm.unlock", REFUSED)
    await lock(world)
    await world.pass_time(timedelta(hours=2))
    said = [*await world.messages("#soc"), *await world.messages("@dave@corp.example")]
    assert said
    assert not [message for message in said if "everyone" in message.text]


def test_a_lift_that_waits_too_long_after_the_expiry_is_told_of() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.unlock", ActionAnswer(output={}))
        host.seconds = 0
        await lock(world)
        host.seconds = 7 * 60
        await world.clock.sleep(3600 + 6 * 60)
        assert await moments_told(world) == [65]
        assert "its time is up and its lift waits" in (await world.messages("#soc"))[0].text
        await world.pass_time(timedelta(hours=2))
        assert (await world.held())[0].status is ResponseStatus.LIFTED
        assert await moments_told(world) == [65]

    host = SlowHost()
    play(scenario, host=host)


@in_world
async def test_a_lift_that_goes_well_is_told_to_nobody(world: World) -> None:
    world.host.script("crm.unlock", ActionAnswer(output={}))
    await lock(world)
    await world.pass_time(timedelta(hours=3))
    assert await world.messages("#soc") == []
    assert await world.audit("response.escalated") == []


@in_world
async def test_without_a_channel_of_the_playbook_the_one_of_approvals_hears_of_it(world: World) -> None:
    world.host.script("crm.unlock", REFUSED)
    text = LOCK.replace('notify: {channel: "chat:#soc", on: []}\n', "")
    await lock(world, text.replace("user:dave@corp.example", "team:soc"))
    await world.pass_time(timedelta(minutes=61))
    (said,) = await world.messages("#approvals")
    assert said.text.endswith("team:soc answers for it.")


@in_world
async def test_a_playbook_can_start_from_it(world: World) -> None:
    pager = """
name: Page whoever answers for it
on: {event: {type: response.escalated}}
inputs:
  owner: {type: string, from: event.data.owner}
  pages: {type: int, from: event.data.pages}
steps:
  - {id: page, uses: crm.note, with: {owner: "${{ inputs.owner }}", pages: "${{ inputs.pages }}"}}
"""
    await world.serve("pager", pager)
    world.host.script("crm.unlock", REFUSED)
    world.host.script("crm.note", ActionAnswer(output={}))
    await lock(world)
    await world.pass_time(timedelta(minutes=80))
    noted = [call.arguments for call in world.host.calls if call.action == "crm.note"]
    assert noted == [{"owner": "user:dave@corp.example", "pages": pages} for pages in (1, 2)]


@in_world
async def test_a_server_that_was_down_over_an_expiry_lifts_within_a_minute_and_says_so_once(world: World) -> None:
    world.host.script("crm.unlock", ActionAnswer(output={}))
    await lock(world)
    await world.stop()
    await world.clock.sleep(5 * 3600)
    after = await world.restart()
    await after.pass_time(timedelta(minutes=1))
    (held,) = await after.held()
    assert held.status is ResponseStatus.LIFTED
    assert held.lifted_at is not None
    assert held.lifted_at - at(300) <= timedelta(minutes=1)
    again = await after.restart()
    await again.pass_time(timedelta(hours=1))
    for kind in ("response.expired", "response.lift_requested", "response.lifted"):
        assert len(await again.audit(kind)) == 1
    assert await again.audit("response.escalated") == []
    await again.stop()
