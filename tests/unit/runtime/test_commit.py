"""What a commit leaves behind: the whole account in the audit, and the run as lists show it."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from soar.access.allowances import Allowances
from soar.access.roles import DEFAULT_ROLES
from soar.model.catalog import Allow
from soar.model.dead_letter import LetterKind
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from soar.model.values import JsonValue
from soar.runtime.rights import Rights
from tests.support.world import World, at, in_world

DONE = ActionAnswer(output={"ticket": "T-1"})
LOST = ActionAnswer(code=ActionCode.UNKNOWN_OUTCOME, message="cut off")
REFUSED = ActionAnswer(code=ActionCode.INVALID, message="400")

CONTAIN = """
name: Contain
on: {manual: {}}
steps:
  - {id: lock, uses: crm.lock, with: {user: [ann, bob]}, approve: {by: role:analyst, reason: r}}
  - {id: page, uses: crm.page, on_failure: continue}
  - {id: note, uses: crm.note, connection: north}
outputs: {ticket: "${{ steps.lock.output.ticket }}"}
"""


def whole_run(found: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what every event of a run says of it."""
    return {name: found["context"][name] for name in ("run", "playbook", "revision", "initiator")}


async def contain(world: World) -> str:
    for action, answer in (("crm.lock", DONE), ("crm.page", LOST), ("crm.note", REFUSED)):
        world.host.script(action, answer)
    run = await world.start(CONTAIN, initiator="user:u_ann")
    await world.pass_time(timedelta(minutes=5))
    await world.vote("bob", confirm=(await world.pending()).confirm)
    return run


@in_world
async def test_every_call_is_on_record_with_where_it_went_what_it_hit_and_who_allowed_it(world: World) -> None:
    run = await contain(world)
    lock, page, note = await world.audit("action.started")
    assert lock["target"] == {"kind": "action", "id": "crm.lock", "connection": "crm", "targets": ["ann", "bob"]}
    assert note["target"] == {"kind": "action", "id": "crm.note", "connection": "north", "targets": []}
    keys = {call.action: call.effect_key for call in world.host.calls}
    approval = (await world.approval(run)).id
    revision = (await world.run(run)).revision
    whole = {"run": run, "playbook": "tried", "revision": revision, "initiator": "user:u_ann"}
    for event, step, given in ((lock, "steps/0", approval), (page, "steps/1", None), (note, "steps/2", None)):
        call = {"step": step, "attempt": 1, "effect": "write", "effect_key": keys[event["target"]["id"]]}
        assert event["context"] == {**whole, **call, "approval": given}
        assert (event["outcome"], event["reason"]) == ("success", None)
        actor = event["actor"]
        assert (actor["kind"], actor["id"], actor["name"], actor["via"]) == ("playbook", "tried", "Contain", "engine")


@in_world
async def test_every_call_has_its_end_on_record_and_what_became_of_its_step(world: World) -> None:
    run = await contain(world)
    ends = await world.audit("action.finished")
    assert [(end["outcome"], end["reason"], end["context"]["status"]) for end in ends] == [
        ("success", None, "succeeded"),
        ("unknown", "cut off", "failed"),
        ("failure", "invalid: 400", "failed"),
    ]
    for number, end in enumerate(ends):
        assert end["target"] == {"kind": "step", "id": f"steps/{number}", "run": run}
        assert (end["context"]["step"], end["context"]["attempt"]) == (f"steps/{number}", 1)
        assert whole_run(end)["initiator"] == "user:u_ann"
        assert end["actor"]["id"] == "tried"


@in_world
async def test_a_run_that_is_over_says_when_it_began_and_ended_and_what_came_of_it(world: World) -> None:
    run = await contain(world)
    ended = await world.run(run)
    assert (ended.status, ended.reason, ended.waiting_for) == (RunStatus.FAILED, "note: 400", None)
    assert (ended.started_at, ended.outputs) == (at(0), {"ticket": "T-1"})
    assert timedelta() <= ended.finished_at - at(5) < timedelta(seconds=1)
    (event,) = await world.audit("run.finished")
    assert event["target"] == {"kind": "run", "id": run, "status": "failed"}
    assert (event["outcome"], event["reason"], whole_run(event)["run"]) == ("failure", "note: 400", run)


@in_world
async def test_a_waiting_run_is_not_over(world: World) -> None:
    run = await world.start(CONTAIN)
    await world.settle()
    waiting = await world.run(run)
    assert (waiting.status, waiting.sequence, waiting.finished_at) == (RunStatus.WAITING, 1, None)
    assert waiting.waiting_for == "role:analyst to decide: lock"
    assert await world.audit("run.finished") == []
    assert {timer.due_at for timer in await world.timers_set() if timer.run == run}


@in_world
async def test_of_many_targets_the_record_names_the_first_fifty(world: World) -> None:
    world.host.script("crm.lock", DONE)
    names = ", ".join(f"u{number}" for number in range(51))
    await world.start(f"name: Many\non: {{manual: {{}}}}\nsteps: [{{uses: crm.lock, with: {{user: [{names}]}}}}]\n")
    await world.settle()
    started = await world.audit("action.started")
    if not started:
        await world.vote("bob", confirm=(await world.pending()).confirm)
        started = await world.audit("action.started")
    assert started[0]["target"]["targets"] == [f"u{number}" for number in range(50)]


CALLEE = """
name: Below
on: {call: {}}
steps: [{uses: crm.find}]
"""


@pytest.mark.parametrize("is_served", [True, False])
@in_world
async def test_a_called_playbook_is_on_record_and_so_is_one_that_may_not_be_called(
    world: World,
    *,
    is_served: bool,
) -> None:
    if is_served:
        world.host.script("crm.find", DONE)
        await world.serve("below", CALLEE)
    run = await world.start("name: Above\non: {manual: {}}\nsteps: [{id: down, uses: playbook.below}]\n")
    await world.settle()
    (event,) = await world.audit("playbook.called")
    assert (event["target"]["kind"], event["target"]["id"]) == ("playbook", "below")
    assert (event["context"]["step"], event["context"]["approval"], whole_run(event)["run"]) == ("steps/0", None, run)
    if is_served:
        assert (event["outcome"], event["reason"]) == ("success", None)
        assert (await world.run(event["target"]["run"])).status is RunStatus.SUCCEEDED
    else:
        assert event["outcome"] == "denied"
        assert event["reason"]
        assert (await world.run(run)).status is RunStatus.FAILED


@in_world
async def test_a_call_that_its_run_has_no_right_to_is_not_made_and_on_record_as_denied(world: World) -> None:
    said = "the connection `north` is not for the playbook `tried`"
    kept = Allowances(connections={"north": Allow(playbooks=("other",))})
    world.rights = Rights(roles=DEFAULT_ROLES, allowances=kept)
    world.committer = world.build_committer()
    world.driver = world.build_driver()
    world.host.script("crm.find", DONE)
    steps = "[{uses: crm.find}, {id: note, uses: crm.note, connection: north}]"
    run = await world.start(f"name: Tried\non: {{manual: {{}}}}\nsteps: {steps}\n")
    await world.settle()
    found, note = await world.audit("action.started")
    assert (found["outcome"], found["reason"]) == ("success", None)
    assert (note["outcome"], note["reason"]) == ("denied", said)
    assert [call.action for call in world.host.calls] == ["crm.find"]
    ended = await world.run(run)
    assert (ended.status, ended.reason) == (RunStatus.FAILED, f"note: not called: {said}")


WATCHING = """
name: Watching
on: {manual: {}}
steps:
  - {id: ask, approve: role:analyst}
  - {id: seen, needs: [], wait: {for: {event: run.failed}, timeout: 1h}}
"""


@in_world
async def test_a_run_that_meets_our_own_fault_ends_in_the_open_and_leaves_nothing_waiting(world: World) -> None:
    run = await world.start(WATCHING)
    await world.settle()
    asked = await world.pending()
    other = await world.start(WATCHING)
    await world.pass_time(timedelta(minutes=2))
    await world.write(lambda unit: world.committer.bury(unit, run, "internal: KeyError", world.clock.now()))
    buried = await world.run(run)
    assert (buried.status, buried.reason, buried.waiting_for) == (RunStatus.FAILED, "internal: KeyError", None)
    (event,) = await world.audit("run.finished")
    assert event["target"] == {"kind": "run", "id": run, "status": "failed"}
    assert event["context"] == {"run": run, "playbook": "tried", "revision": buried.revision}
    assert (event["outcome"], event["reason"]) == ("failure", "internal: KeyError")
    actor = event["actor"]
    assert (actor["kind"], actor["id"], actor["name"], actor["via"]) == ("system", "engine", "soar", "engine")
    (letter,) = (await world.read(lambda unit: unit.dead_letters.list(10))).items
    assert (letter.kind, letter.subject, letter.reason) == (LetterKind.RUN, run, "internal: KeyError")
    assert (letter.first_at, letter.at, letter.tries) == (buried.finished_at, buried.finished_at, 1)
    closed = await world.approval(run)
    assert (closed.id, closed.status.value) == (asked.id, "cancelled")
    (cancelled,) = await world.audit("approval.cancelled")
    assert cancelled["reason"] == "its run failed"
    assert (await world.approval(other)).status.value == "pending"
    await world.write(lambda unit: world.committer.bury(unit, run, "again", world.clock.now()))
    assert (await world.run(run)).reason == "internal: KeyError"
