"""What we changed in the world, held and taken back."""

import asyncio
from datetime import timedelta

import pytest

from soar.model.errors import ActionCode, BugError, ConflictError, NotFoundError
from soar.model.process import ActionAnswer, ActionCall
from soar.model.response import ResponseStatus
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.policy import GateRule, Policy
from tests.support.world import World, at, play

LOCK = """
name: Lock somebody out
on: {manual: {}}
inputs: {user: {type: any}}
steps:
  - id: lock
    uses: crm.lock
    with: {user: "${{ inputs.user }}"}
    undo: auto
"""
LOCK_FOR_AN_HOUR = LOCK + "    expires: 1h\n"
OWN_UNDO = LOCK.replace("undo: auto", 'undo: {uses: crm.note, with: "ARGUMENTS", connection: crm-two}')

SHAPES: tuple[JsonValue, ...] = (
    "${{ secrets.root }} and $${{ 1 }} and {{ x }}",
    'quotes " \\ and\nlines\r\n\ttabs \x00\x7f\x85',
    "ünïcödé 💥 \u202eevil\u2028\ufeff",
    "",
    None,
    True,
    0,
    -1.5,
    2**53,
    [],
    {},
    [f"mailbox/{number:04}" for number in range(1_000)],
    {"a-b": {"": [1, None, {"in": "true"}]}, "${{ x }}": "2026-01-01T00:00:00Z", "on": "1h30m"},
)


async def lock(world: World, text: str = LOCK, user: JsonValue = "eve", ticket: JsonValue = "T-1") -> str:
    """Lock somebody out and return the response."""
    world.host.script("crm.lock", ActionAnswer(output={"ticket": ticket}))
    world.host.script("crm.unlock", ActionAnswer(output={}))
    await world.start(text, inputs={"user": user})
    await world.settle()
    return (await world.held())[-1].id


def undone(world: World) -> list[ActionCall]:
    return [call for call in world.host.calls if call.action in {"crm.unlock", "crm.note"}]


async def kinds(world: World) -> list[tuple[object, object]]:
    return [(event["type"], event["outcome"]) for event in await world.audit("response.")]


def test_a_change_is_held_with_the_way_back_as_it_is_known_now() -> None:
    async def scenario(world: World) -> None:
        await lock(world, LOCK_FOR_AN_HOUR)
        (held,) = await world.held()
        assert (held.status, held.targets, held.expires_at) == (ResponseStatus.ACTIVE, ("eve",), at(60))
        assert (held.undo_action, held.undo_arguments) == ("crm.unlock", {"user": "eve", "ticket": "T-1"})
        assert ("default", "response", held.id) in world.announcer.heard
        assert await kinds(world) == [("response.held", "success")]

    play(scenario)


def test_a_person_lifts_it_through_a_run_of_its_own() -> None:
    async def scenario(world: World) -> None:
        response = await lock(world, LOCK_FOR_AN_HOUR)
        lifting = await world.lift(response, reason="a mistake")
        assert lifting.status is ResponseStatus.LIFTING
        (held,) = await world.held()
        assert (held.status, held.lifted_at, held.fault) == (ResponseStatus.LIFTED, at(0), None)
        run = await world.run(held.lift_run)
        assert (run.status, run.initiator) == ("succeeded", "user:u_ann")
        assert [call.arguments for call in undone(world)] == [{"user": "eve", "ticket": "T-1"}]
        assert await kinds(world) == [
            ("response.held", "success"),
            ("response.lift_requested", "success"),
            ("response.lifted", "success"),
        ]
        (asked,) = await world.audit("response.lift_requested")
        assert (asked["actor"]["id"], asked["reason"]) == ("u_ann", "a mistake")
        assert await world.timers_set() == []
        await world.pass_time(timedelta(hours=2))
        assert len(undone(world)) == 1

    play(scenario)


def test_a_second_lift_is_a_conflict_while_it_is_lifted_and_afterwards() -> None:
    async def scenario(world: World) -> None:
        response = await lock(world)
        lifting = world.responses
        actor = {"actor": None, "initiator": "user:u_bob", "reason": None, "at": at(0)}
        await world.lift(response)
        for _ in range(2):
            with pytest.raises(ConflictError, match="lifted already"):
                await world.write(lambda unit: lifting.lift(unit, response, **actor))
        with pytest.raises(NotFoundError):
            await world.write(lambda unit: lifting.lift(unit, "ar_gone", **actor))
        assert len(undone(world)) == 1

    play(scenario)


def test_a_lift_that_would_end_twice_is_a_fault_of_ours() -> None:
    async def scenario(world: World) -> None:
        await world.lift(await lock(world))
        (held,) = await world.held()
        run = await world.run(held.lift_run or "")
        with pytest.raises(BugError, match="cannot go from lifted to lifted"):
            await world.write(lambda unit: world.responses.finish(unit, run, None, at(1)))

    play(scenario)


def test_of_two_lifts_at_once_one_is_refused() -> None:
    async def scenario(world: World) -> None:
        response = await lock(world)
        both = await asyncio.gather(
            world.lift(response, name="ann"), world.lift(response, name="bob"), return_exceptions=True
        )
        (error,) = [outcome for outcome in both if isinstance(outcome, ConflictError)]
        assert error.message == f"{response} is lifting already"
        assert len(await world.audit("response.lift_requested")) == 1
        assert len(undone(world)) == 1

    play(scenario)


@pytest.mark.parametrize("code", [ActionCode.FORBIDDEN, ActionCode.UNKNOWN_OUTCOME])
def test_a_failed_inverse_leaves_it_overdue_with_the_reason_and_can_be_tried_again(code: ActionCode) -> None:
    async def scenario(world: World) -> None:
        response = await lock(world, OWN_UNDO.replace("ARGUMENTS", "").replace('with: ""', "with: {user: eve}"))
        world.host.script("crm.note", *[ActionAnswer(code=code, message="the product says no")] * 3)
        await world.lift(response)
        await world.pass_time(timedelta(minutes=10))
        (overdue,) = await world.held()
        assert overdue.status is ResponseStatus.OVERDUE
        assert overdue.fault == "lift: the product says no"
        assert (await kinds(world))[-2:] == [("response.lifted", "failure"), ("response.escalated", "success")]
        world.host.script("crm.note", ActionAnswer(output={}))
        await world.lift(response, name="bob")
        (lifted,) = await world.held()
        assert (lifted.status, lifted.fault) == (ResponseStatus.LIFTED, None)
        assert undone(world)[-1].connection == "crm-two"

    play(scenario)


def test_an_inverse_that_the_policy_wants_asked_about_is_overdue_and_not_called() -> None:
    rule = GateRule(name="ask-all", when='action.name == "unlock"', by=("role:analyst",), assurance=Assurance.LINKED)

    async def scenario(world: World) -> None:
        response = await lock(world)
        await world.lift(response)
        (overdue,) = await world.held()
        assert overdue.status is ResponseStatus.OVERDUE
        assert "policy `ask-all` wants an approval" in str(overdue.fault)
        assert undone(world) == []

    play(scenario, policy=Policy(gates=(rule,)))


def test_it_is_lifted_by_itself_when_it_expires_and_only_then_and_once() -> None:
    async def scenario(world: World) -> None:
        await lock(world, LOCK_FOR_AN_HOUR)
        await world.pass_time(timedelta(minutes=59))
        assert undone(world) == []
        await world.pass_time(timedelta(minutes=1))
        (held,) = await world.held()
        assert (held.status, held.lifted_at) == (ResponseStatus.LIFTED, at(60))
        assert (await world.run(held.lift_run)).initiator == f"response:{held.id}"
        await world.pass_time(timedelta(hours=5))
        assert len(undone(world)) == 1
        assert (await kinds(world))[1:] == [
            ("response.expired", "success"),
            ("response.lift_requested", "success"),
            ("response.lifted", "success"),
        ]
        late = await world.write(lambda unit: world.responses.wake(unit, {"response": held.id}, at(400)))
        assert late is None

    play(scenario)


def test_it_is_lifted_once_when_the_server_was_down_over_its_expiry() -> None:
    async def scenario(world: World) -> None:
        await lock(world, LOCK_FOR_AN_HOUR)
        await world.stop()
        await world.clock.sleep(2 * 3600)
        after = await world.restart()
        await after.pass_time(timedelta(minutes=1))
        (held,) = await after.held()
        assert (held.status, held.lifted_at) == (ResponseStatus.LIFTED, at(120))
        assert len(undone(after)) == 1
        again = await after.restart()
        await again.pass_time(timedelta(hours=1))
        assert len(undone(again)) == 1
        await again.stop()

    play(scenario)


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_arguments_of_any_shape_arrive_unchanged_at_the_inverse(shape: JsonValue) -> None:
    async def scenario(world: World) -> None:
        response = await lock(world, user=shape, ticket=shape)
        assert (await world.held())[0].undo_arguments == {"user": shape, "ticket": shape}
        await world.lift(response)
        (call,) = undone(world)
        assert call.arguments == {"user": shape, "ticket": shape}
        assert (await world.held())[0].status is ResponseStatus.LIFTED

    play(scenario)


def test_arguments_of_any_name_arrive_at_the_inverse() -> None:
    names = ("user", "user-id", "in", "User Name", "1st", "ü")
    written = "{" + ", ".join(f'"{name}": "{name}!"' for name in names) + "}"

    async def scenario(world: World) -> None:
        response = await lock(world, OWN_UNDO.replace('"ARGUMENTS"', written))
        world.host.script("crm.note", ActionAnswer(output={}))
        await world.lift(response)
        assert [call.arguments for call in undone(world)] == [{name: f"{name}!" for name in names}]

    play(scenario)
