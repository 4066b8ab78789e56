"""Runs that start others and wait for them, and runs that are kept apart."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from soar.engine.events import AlertJoined, dump_event
from soar.ingest.concurrency import admit
from soar.ingest.request import Requester, RunRequests
from soar.model.audit import Actor
from soar.model.errors import ConflictError
from soar.model.playbook import Concurrency, Overlap, Playbook, Revision
from soar.model.process import ActionAnswer
from soar.model.response import ResponseStatus
from soar.model.run import Mode, Run, RunStatus
from soar.model.values import JsonValue, Value
from soar.playbook import parse_playbook
from soar.store import Unit
from tests.support.builders import build_run
from tests.support.world import WORKSPACE, SlowHost, World, in_world, play

CALLER = """
name: Caller
on: {manual: {}}
steps:
  - id: below
    uses: playbook.callee
    with: {host: srv-1}
outputs: {got: "${{ steps.below.output.found }}"}
"""
CALLEE = """
name: Callee
on: {call: {}}
inputs: {host: {type: hostname}}
steps:
  - {id: look, uses: crm.find, with: {user: "${{ inputs.host }}"}}
outputs: {found: "${{ inputs.host }}"}
"""


def serve(world: World, playbook_id: str, text: str) -> Playbook:
    playbook, findings = parse_playbook(text, playbook_id=playbook_id, file=f"{playbook_id}.yaml")
    assert playbook is not None, findings
    world.playbooks[playbook_id] = playbook
    return playbook


async def keep(world: World, playbook: Playbook, text: str) -> None:
    revision = Revision(
        playbook=playbook.id, digest=playbook.revision, text=text, created_at=world.clock.now(), author="u_olga"
    )
    await world.write(lambda unit: unit.revisions.put(revision))


async def list_runs(world: World) -> dict[str, Run]:
    page = await world.read(lambda unit: unit.runs.list(50))
    return {run.playbook: run for run in page.items}


@in_world
async def test_a_called_playbook_runs_for_the_one_that_called_it(world: World) -> None:
    await keep(world, serve(world, "callee", CALLEE), CALLEE)
    world.host.script("crm.find", ActionAnswer(output={}))
    parent = await world.start(CALLER)
    await world.settle()
    runs = await list_runs(world)
    child = runs["callee"]
    assert (child.parent, child.parent_step, child.depth) == (parent, "steps/0", 1)
    assert (child.status, child.inputs) == (RunStatus.SUCCEEDED, {"host": "srv-1"})
    assert (runs["tried"].status, runs["tried"].outputs) == (RunStatus.SUCCEEDED, {"got": "srv-1"})
    assert child.initiator == runs["tried"].initiator


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CALLEE.replace("call: {}", "manual: {}"), "callee may not be called"),
        (CALLEE.replace("hostname", "ip"), "inputs.host"),
        (None, "there is no playbook callee"),
    ],
)
@in_world
async def test_what_cannot_be_called_fails_the_step_and_says_why(world: World, text: str | None, reason: str) -> None:
    if text is not None:
        await keep(world, serve(world, "callee", text), text)
    await world.start(CALLER)
    await world.settle()
    (run,) = (await list_runs(world)).values()
    assert run.status is RunStatus.FAILED
    assert reason in (run.reason or "")


@in_world
async def test_a_playbook_that_calls_itself_ends(world: World) -> None:
    text = (
        CALLER.replace("playbook.callee", "playbook.tried")
        .replace("manual: {}", "call: {}")
        .replace("with: {host: srv-1}", "with: {}")
    )
    await keep(world, serve(world, "tried", text), text)
    await world.start(text)
    await world.settle()
    runs = (await world.read(lambda unit: unit.runs.list(50))).items
    assert len(runs) == 9
    assert all(run.status is RunStatus.FAILED for run in runs)
    assert "more than 8 levels deep" in (runs[-1].reason or "")


@in_world
async def test_a_called_playbook_is_no_freer_than_its_caller(world: World) -> None:
    await keep(world, serve(world, "callee", CALLEE), CALLEE)
    world.host.script("crm.find", ActionAnswer(output={}))
    await world.start(CALLER, mode=Mode.SHADOW)
    await world.settle()
    assert (await list_runs(world))["callee"].mode is Mode.SHADOW


GATED = CALLEE.replace("uses: crm.find", "approve: role:analyst, uses: crm.find")


@in_world
async def test_cancelling_goes_down_and_the_end_comes_up(world: World) -> None:
    await keep(world, serve(world, "callee", GATED), GATED)
    world.host.script("crm.find", ActionAnswer(output={}))
    parent = await world.start(CALLER)
    await world.settle()
    await world.cancel(parent)
    runs = await list_runs(world)
    assert (runs["callee"].status, runs["tried"].status) == (RunStatus.CANCELLED, RunStatus.CANCELLED)


@in_world
async def test_a_called_playbook_is_waited_for_over_a_restart(world: World) -> None:
    await keep(world, serve(world, "callee", GATED), GATED)
    world.host.script("crm.find", ActionAnswer(output={}))
    await world.start(CALLER)
    await world.settle()
    runs = await list_runs(world)
    assert runs["tried"].waiting_for == "another playbook to end: below"
    await world.recover()
    await world.vote("ann")
    assert (await list_runs(world))["tried"].status is RunStatus.SUCCEEDED


@in_world
async def test_a_playbook_behind_a_gate_is_called_with_what_was_approved(world: World) -> None:
    await keep(world, serve(world, "callee", CALLEE), CALLEE)
    world.host.script("crm.find", ActionAnswer(output={}))
    await world.start(CALLER.replace("with: {host: srv-1}", "with: {host: srv-1}\n    approve: role:analyst"))
    await world.settle()
    assert "callee" not in await list_runs(world)
    await world.vote("ann")
    assert (await list_runs(world))["callee"].status is RunStatus.SUCCEEDED


@in_world
async def test_an_approval_for_other_inputs_covers_no_call(world: World) -> None:
    await keep(world, serve(world, "callee", CALLEE), CALLEE)
    world.host.script("crm.find", ActionAnswer(output={}))
    await world.start(CALLER.replace("with: {host: srv-1}", "with: {host: srv-1}\n    approve: role:analyst"))
    await world.settle()
    asked = await world.pending()

    def forge(unit: Unit) -> None:
        (call,) = as_list(asked.card.arguments)
        card = replace(asked.card, arguments=[{**call, "arguments": {"host": "srv-2"}}])
        unit.approvals.update(replace(asked, card=card), expected=asked.version)

    await world.write(forge)
    await world.vote("ann")
    runs = await list_runs(world)
    assert "callee" not in runs
    assert "its approval is for something else" in (runs["tried"].reason or "")


APART = """
name: Apart
on: {manual: {}}
inputs: {user: {type: string}}
concurrency: {key: inputs.user, mode: %s, max: 2}
steps:
  - %s
"""
HOLD = "{id: hold, approve: role:analyst}"
ANN = Requester(initiator="user:u_ann", actor=Actor(kind="user", id="u_ann", name="ann", via="web"))


def as_list(document: JsonValue) -> list[dict[str, JsonValue]]:
    assert isinstance(document, list)
    return [element for element in document if isinstance(element, dict)]


class Office:
    """Requests runs of one playbook by hand."""

    def __init__(self, world: World, mode: str, step: str = HOLD) -> None:
        self._world, self._text = world, APART % (mode, step)
        self._playbook = serve(world, "apart", self._text)
        self._requests = RunRequests(config={}, ids=world.ids)

    async def request(self, user: str) -> str:
        await keep(self._world, self._playbook, self._text)
        given: Mapping[str, Value] = {"user": user}
        at = self._world.clock.now()
        run = await self._world.write(lambda unit: self._requests.request_by_hand(unit, self._playbook, given, ANN, at))
        await self._world.settle()
        return run.id

    async def end(self, run: str, status: RunStatus = RunStatus.CANCELLED) -> None:
        await self._world.cancel(run)
        assert await self.status(run) is status

    async def status(self, run: str) -> RunStatus:
        return (await self.show(run)).status

    async def show(self, run: str) -> Run:
        found = await self._world.read(lambda unit: unit.runs.get(run))
        assert found is not None
        return found


@in_world
async def test_queued_runs_begin_one_after_the_other_in_their_order(world: World) -> None:
    office = Office(world, "queue")
    first, second, third, other = [await office.request(user) for user in ("ada", "ada", "ada", "bob")]
    assert [await office.status(run) for run in (first, second, third, other)] == [
        RunStatus.WAITING,
        RunStatus.QUEUED,
        RunStatus.QUEUED,
        RunStatus.WAITING,
    ]
    assert (await office.show(second)).waiting_for == f"{first} to end, which has the same key"
    await office.end(first)
    assert [await office.status(run) for run in (second, third)] == [RunStatus.WAITING, RunStatus.QUEUED]
    await office.end(second)
    assert await office.status(third) is RunStatus.WAITING


@in_world
async def test_a_run_that_waits_for_another_can_be_cancelled(world: World) -> None:
    office = Office(world, "queue")
    first, second, third = [await office.request("ada") for _ in range(3)]
    await office.end(second)
    assert await office.status(third) is RunStatus.QUEUED
    await office.end(first)
    assert await office.status(third) is RunStatus.WAITING


@in_world
async def test_as_many_run_beside_each_other_as_the_playbook_allows(world: World) -> None:
    office = Office(world, "parallel")
    first, _, third = [await office.request("ada") for _ in range(3)]
    assert await office.status(third) is RunStatus.QUEUED
    await office.end(first)
    assert await office.status(third) is RunStatus.WAITING


@in_world
async def test_a_run_replaces_the_older_ones_once_these_are_over(world: World) -> None:
    office = Office(world, "replace")
    first, second = [await office.request("ada") for _ in range(2)]
    assert [await office.status(run) for run in (first, second)] == [RunStatus.CANCELLED, RunStatus.WAITING]
    assert "a newer run with the same key replaces it" in ((await office.show(first)).reason or "")


def test_a_run_is_not_replaced_inside_of_a_call() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.find", ActionAnswer(output={}))
        office = Office(world, "replace", "{id: look, uses: crm.find}")
        first = asyncio.create_task(office.request("ada"))
        await world.clock.sleep(5)
        second = asyncio.create_task(office.request("ada"))
        await world.clock.sleep(5)
        runs = (await world.read(lambda unit: unit.runs.list(9))).items
        assert [run.status for run in runs] == [RunStatus.QUEUED, RunStatus.RUNNING]
        assert [await office.status(run) for run in (await first, await second)] == [
            RunStatus.CANCELLED,
            RunStatus.SUCCEEDED,
        ]

    play(scenario, host=SlowHost(60))


LOCK = """{id: lock, uses: crm.lock, with: {user: "${{ inputs.user }}"}, undo: auto}
  - %s
rollback: %s
"""


def test_the_next_run_begins_once_the_rollback_of_the_one_before_is_through() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
        world.host.script("crm.unlock", ActionAnswer(output={}))
        office = Office(world, "queue", LOCK % ('{fail: "it is no good"}', "on_failure"))
        await asyncio.gather(*(office.request(user) for user in ("ada", "ada", "bob")))
        asked = [(call.action, call.arguments["user"]) for call in world.host.calls if isinstance(call.arguments, dict)]
        assert [action for action, user in asked if user == "ada"] == ["crm.lock", "crm.unlock"] * 2
        assert [action for action, user in asked if user == "bob"] == ["crm.lock", "crm.unlock"]

    play(scenario, host=SlowHost(20))


def test_a_run_that_replaces_another_waits_for_its_rollback_and_does_not_cut_it_short() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
        world.host.script("crm.unlock", ActionAnswer(output={}))
        office = Office(world, "replace", LOCK % (HOLD, "on_cancel"))
        requests = []
        for pause in (25, 5, 5):
            requests.append(asyncio.create_task(office.request("ada"), name="request"))
            await world.clock.sleep(pause)
        third, lift, second, first = (await world.read(lambda unit: unit.runs.list(9))).items
        assert (first.status, second.status, lift.status) == (
            RunStatus.CANCELLED,
            RunStatus.CANCELLED,
            RunStatus.RUNNING,
        )
        assert third.is_held
        await world.clock.sleep(60)
        await asyncio.gather(*requests)
        assert [call.action for call in world.host.calls] == ["crm.lock", "crm.unlock", "crm.lock"]
        assert {each.status for each in await world.held()} == {ResponseStatus.LIFTED, ResponseStatus.ACTIVE}

    play(scenario, host=SlowHost(20))


def test_with_only_a_rollback_before_it_a_run_says_that_it_waits_for_that() -> None:
    lift = build_run(id="run_l", initiator="rollback:run_1")
    admission = admit(Concurrency(key=None, mode=Overlap.REPLACE), [lift])
    assert admission.replaced == ()
    assert admission.waiting_for == "run_l to end, which is a rollback"


@in_world
async def test_a_run_is_dropped_while_another_is_open(world: World) -> None:
    office = Office(world, "drop")
    await office.request("ada")
    with pytest.raises(ConflictError, match="has the same key"):
        await office.request("ada")


@in_world
async def test_a_held_run_is_released_even_when_the_one_before_is_buried(world: World) -> None:
    office = Office(world, "queue")
    first, second = [await office.request("ada") for _ in range(2)]
    at = world.clock.now()
    await world.store.write(WORKSPACE, lambda unit: world.committer.bury(unit, first, "internal: it broke", at))
    await world.settle()
    assert await office.status(second) is RunStatus.WAITING


@in_world
async def test_an_alert_that_joins_a_held_run_does_not_let_it_begin(world: World) -> None:
    office = Office(world, "queue")
    first, second = [await office.request("ada") for _ in range(2)]
    at = world.clock.now()
    await world.write(lambda unit: unit.inbox.add(second, dump_event(AlertJoined(at=at, alert="al_1")), at))
    await world.settle()
    held = await office.show(second)
    assert (held.status, held.is_held, held.sequence) == (RunStatus.QUEUED, True, 1)
    await office.end(first)
    assert await office.status(second) is RunStatus.WAITING
    assert (await world.state(second)).alerts == ("al_1",)


@in_world
async def test_a_held_run_that_is_cancelled_does_not_even_do_its_last_steps(world: World) -> None:
    world.host.script("crm.note", ActionAnswer(output={}))
    office = Office(world, "queue", f"{HOLD}\nfinally: [{{uses: crm.note}}]")
    _, second = [await office.request("ada") for _ in range(2)]
    await office.end(second)
    assert world.host.calls == []
