"""People say what became of a call, and its run goes on: from the inbox to the record."""

from datetime import timedelta

import pytest

from soar.approvals.freezer import Freezer
from soar.model.errors import ActionCode, ConflictError, InputError
from soar.model.freeze import FreezeKind
from soar.model.process import ActionAnswer
from soar.model.run import Finding, Run, RunStatus
from soar.model.values import JsonValue
from soar.playbook import parse_playbook
from soar.runtime.executor import CALL_TERMS
from soar.runtime.settlement import Settlement, Settlements
from soar.store import Unit
from tests.support.builders import build_actor
from tests.support.world import WORKSPACE, World, in_world

LOST = ActionAnswer(code=ActionCode.UNKNOWN_OUTCOME, message="the line was cut")
DONE = ActionAnswer(output={"ticket": "T-1"})
LOCK = "name: Tried\non: {manual: {}}\nsteps:\n  - {id: lock, uses: crm.lock, with: {user: eve}, undo: auto}\n"
GATE = "approve: {by: role:analyst, reason: r, timeout: 10m}"
GATED = f"name: Tried\non: {{manual: {{}}}}\nsteps:\n  - {{id: page, uses: crm.page, {GATE}}}\n"
GROUP = f"name: Tried\non: {{manual: {{}}}}\nsteps:\n  - {{{GATE}, steps: [{{id: page, uses: crm.page}}]}}\n"
EACH = (
    "name: Tried\non: {manual: {}}\nsteps:\n  - {id: page, foreach: {in: '[1, 2]', max_parallel: 2}, uses: crm.page}\n"
)


def read_output(action: str, output: JsonValue) -> JsonValue:
    """Take what crm answers: any object."""
    if not isinstance(output, dict):
        raise InputError(f"{action} answers an object", code="settle.output")
    return output


async def lose(world: World, text: str, *answers: ActionAnswer) -> str:
    """Return a run that waits for somebody to find out what its call did."""
    for action in ("crm.lock", "crm.page"):
        world.host.script(action, LOST, *(answers or (DONE,)))
    run = await world.start(text)
    await world.settle()
    return run


async def settle(
    world: World,
    run: str,
    step: str,
    finding: Finding = Finding.HAPPENED,
    *,
    output: JsonValue = None,
    by: str = "carol",
    is_taken_up: bool = True,
) -> None:
    """Let somebody say what a call did."""
    settlements = Settlements(
        find_playbook=lambda unit, found: parse_playbook(
            unit.revisions.get(found.revision).text, playbook_id=found.playbook, file="tried.yaml"
        )[0],
        read_output=read_output,
        ids=world.ids,
    )
    wanted = Settlement(step=step, finding=finding, reason="seen there", output=output)

    def write(unit: Unit) -> None:
        found = unit.runs.get(run)
        assert isinstance(found, Run)
        settlements.settle(unit, found, wanted, actor=build_actor(id=f"u_{by}", name=by), at=world.clock.now())

    await world.store.write(WORKSPACE, write)
    if is_taken_up:
        await world.settle()


@in_world
async def test_people_are_told_once_and_can_say_what_happened(world: World) -> None:
    run = await lose(world, LOCK)
    (message,) = (await world.read(lambda unit: unit.messages.list("#approvals", 10))).items
    assert "nobody knows whether it happened (the line was cut)" in message.text
    assert f"soar run settle {run} steps/0" in message.text
    await settle(world, run, "lock", output={"ticket": "T-9"})
    assert (await world.run(run)).status is RunStatus.SUCCEEDED
    (held,) = await world.held()
    assert held.undo_arguments == {"user": "eve", "ticket": "T-9"}
    assert len(world.host.calls) == 1
    (event,) = await world.audit("outcome.settled")
    assert (event["actor"]["name"], event["reason"], event["after"]) == (
        "carol",
        "seen there",
        {"finding": "happened"},
    )
    assert event["target"] == {"kind": "step", "id": "steps/0", "run": run}
    assert [timer.id for timer in await world.timers_set() if "settle" in timer.id] == []


@in_world
async def test_another_try_is_another_attempt_under_the_same_key(world: World) -> None:
    run = await lose(world, LOCK)
    await settle(world, run, "steps/0", Finding.AGAIN)
    assert (await world.run(run)).status is RunStatus.SUCCEEDED
    first, second = world.host.calls
    assert (first.effect_key, first.attempt, second.attempt) == (second.effect_key, 1, 2)


@in_world
async def test_the_second_who_says_something_hears_who_was_first(world: World) -> None:
    run = await lose(world, LOCK)
    await settle(world, run, "lock", Finding.DID_NOT, is_taken_up=False)
    for _ in ("while the run has not taken it up", "when it is over"):
        with pytest.raises(ConflictError, match=r"already settled by carol at .*: did not") as caught:
            await settle(world, run, "lock", by="dave")
        assert caught.value.code == "settle.done"
        await world.settle()
    assert (await world.run(run)).status is RunStatus.FAILED
    assert len(await world.audit("outcome.settled")) == 1


@in_world
async def test_with_nobody_to_say_it_the_step_fails_and_nothing_can_be_said_any_more(world: World) -> None:
    run = await lose(world, LOCK)
    await world.pass_time(CALL_TERMS.patience)
    assert (await world.run(run)).status is RunStatus.FAILED
    with pytest.raises(ConflictError) as caught:
        await settle(world, run, "lock")
    assert caught.value.code == "settle.known"


@pytest.mark.parametrize(
    ("step", "output", "finding", "code"),
    [
        ("nowhere", None, Finding.HAPPENED, "settle.step"),
        ("steps/9", None, Finding.HAPPENED, "settle.step"),
        ("lock", ["T-1"], Finding.HAPPENED, "settle.output"),
        ("lock", {"ticket": "T-1"}, Finding.DID_NOT, "settle.output"),
    ],
)
@in_world
async def test_what_makes_no_sense_is_refused(
    world: World, step: str, output: JsonValue, finding: Finding, code: str
) -> None:
    run = await lose(world, LOCK)
    with pytest.raises(InputError) as caught:
        await settle(world, run, step, finding, output=output)
    assert caught.value.code == code
    assert await world.audit("outcome.settled") == []


@in_world
async def test_of_several_elements_one_is_named(world: World) -> None:
    run = await lose(world, EACH, LOST)
    with pytest.raises(InputError, match="page may be any of steps/0#0, steps/0#1"):
        await settle(world, run, "page")
    await settle(world, run, "page#1")
    await settle(world, run, "page")
    assert (await world.run(run)).status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("waits", [timedelta(minutes=1), timedelta(minutes=20)])
@in_world
async def test_an_approval_that_has_grown_old_is_asked_for_anew(world: World, waits: timedelta) -> None:
    run = await lose(world, GATED)
    await world.vote("bob")
    await world.pass_time(waits)
    await settle(world, run, "page", Finding.AGAIN)
    is_old = waits > timedelta(minutes=10)
    assert ((await world.run(run)).status is RunStatus.WAITING) is is_old
    assert len(world.host.calls) == (1 if is_old else 2)
    if is_old:
        await world.vote("bob")
    assert (await world.run(run)).status is RunStatus.SUCCEEDED
    approvals = {event["context"]["approval"] for event in await world.audit("action.started")}
    assert len(approvals) == (2 if is_old else 1)


@in_world
async def test_an_old_approval_for_more_than_the_step_is_not_asked_for_by_halves(world: World) -> None:
    run = await lose(world, GROUP)
    await world.vote("bob")
    await world.pass_time(timedelta(minutes=20))
    with pytest.raises(ConflictError) as caught:
        await settle(world, run, "page", Finding.AGAIN)
    assert caught.value.code == "settle.approval"
    await settle(world, run, "page", Finding.DID_NOT)
    assert (await world.run(run)).status is RunStatus.FAILED


@in_world
async def test_another_try_meets_a_freeze(world: World) -> None:
    run = await lose(world, LOCK)
    actor, at = build_actor(id="u_ann", name="ann"), world.clock.now()
    stop = Freezer(ids=world.ids).freeze
    await world.write(lambda unit: stop(unit, FreezeKind.EVERYTHING, "", "r", actor=actor, at=at))
    await settle(world, run, "lock", Finding.AGAIN)
    fault = (await world.state(run)).records["steps/0"].fault
    assert fault is not None
    assert (fault.code, len(world.host.calls)) == ("frozen", 1)
