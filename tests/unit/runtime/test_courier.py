"""What happens in the service, taken to the steps that wait for it and to the playbooks that it starts."""

import asyncio
from datetime import timedelta

import pytest

from soar.model.errors import ActionCode
from soar.model.event import EventType, Watch
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from soar.store import Unit
from tests.support.clock import START
from tests.support.world import WORKSPACE, World, in_world

MINUTE = timedelta(minutes=1)
PLAIN = "name: Plain\non: {manual: {}}\nsteps:\n  - {id: done, set: {ok: true}}\noutputs: {ok: true}\n"
FAILING = "name: Failing\non: {manual: {}}\nsteps:\n  - fail: no luck\n"
WAITING = """
name: Waiting
on: {manual: {}}
steps:
  - id: other
    wait: {for: {event: run.succeeded, match: event.data.playbook == "plain"}, timeout: 1h, on_timeout: fail}
outputs: {seen: "${{ steps.other.output.data.outputs.ok }}", of: "${{ steps.other.output.subject }}"}
"""
FOLLOWING = """
name: Following
on: {event: {type: run.failed, match: event.data.playbook == "failing"}}
inputs:
  run: {type: string, from: event.subject}
  reason: {type: string, from: event.data.reason}
steps:
  - {id: done, set: {ok: true}}
outputs: {about: "${{ inputs.run }}: ${{ inputs.reason }}"}
"""


async def waiting(world: World) -> int:
    return len(await world.store.happenings())


@in_world
async def test_a_step_hears_of_the_end_of_another_run_and_of_no_other(world: World) -> None:
    run = await world.start(WAITING, playbook="waiting")
    await world.pass_time(MINUTE)
    await world.start(PLAIN.replace("Plain", "Other"), playbook="other")
    await world.pass_time(MINUTE)
    assert (await world.run(run)).status is RunStatus.WAITING
    plain = await world.start(PLAIN, playbook="plain")
    await world.pass_time(MINUTE)
    ended = await world.run(run)
    assert (ended.status, ended.outputs) == (RunStatus.SUCCEEDED, {"seen": True, "of": plain})
    assert await world.read(lambda unit: unit.watches.of_run(run)) == ()
    assert await waiting(world) == 0


@in_world
async def test_a_wait_that_ends_without_its_event_watches_no_longer(world: World) -> None:
    run = await world.start(WAITING, playbook="waiting")
    await world.settle()
    (watch,) = await world.read(lambda unit: unit.watches.of_run(run))
    assert watch == Watch(run=run, path="steps/0", type=EventType.RUN_SUCCEEDED, since=watch.since)
    await world.pass_time(timedelta(hours=2))
    assert (await world.run(run)).status is RunStatus.FAILED
    assert await world.read(lambda unit: unit.watches.of_run(run)) == ()


@in_world
async def test_what_happened_before_a_step_waited_is_not_told_to_it(world: World) -> None:
    def happen(unit: Unit) -> None:
        unit.watches.set(Watch(run="run_early", path="steps/0", type=EventType.RUN_FAILED, since=START))
        unit.watches.set(Watch(run="run_late", path="steps/0", type=EventType.RUN_FAILED, since=START + MINUTE))
        unit.happenings.add(EventType.RUN_FAILED, "run_9", {}, START)

    await world.stop()
    await world.write(happen)
    after = World(world.store, host=world.host, clock=world.clock, ids=world.ids, has_timers=False)
    assert await after.courier.deliver() == 1
    assert len(await after.read(lambda unit: unit.inbox.peek("run_early"))) == 1
    assert await after.read(lambda unit: unit.inbox.peek("run_late")) == ()
    await after.stop()


@in_world
async def test_nothing_is_put_down_that_nobody_waits_for(world: World) -> None:
    await world.stop()
    after = World(world.store, host=world.host, clock=world.clock, ids=world.ids, has_timers=False)
    await after.start(PLAIN, playbook="plain")
    await after.settle()
    assert await waiting(after) == 0
    await after.serve("following", FOLLOWING.replace("run.failed", "run.succeeded"))
    await after.start(PLAIN, playbook="plain")
    await after.settle()
    assert await waiting(after) == 1
    await after.stop()


@in_world
async def test_a_failed_run_starts_the_playbook_that_follows_such_runs(world: World) -> None:
    await world.serve("following", FOLLOWING)
    failed = await world.start(FAILING, playbook="failing")
    await world.pass_time(MINUTE)
    (run,) = await world.list_runs("following")
    assert (run.status, run.initiator, run.depth) == (RunStatus.SUCCEEDED, "system:events", 1)
    assert run.outputs == {"about": f"{failed}: {(await world.run(failed)).reason}"}
    assert ("default", "run", run.id) in world.announcer.heard


@pytest.mark.parametrize("match", ["event.data.nothing == 1", 'event.data.playbook == "other"', "event.data.reason"])
@in_world
async def test_an_event_that_does_not_match_starts_nothing(world: World, match: str) -> None:
    await world.serve("following", FOLLOWING.replace('event.data.playbook == "failing"', match))
    await world.start(FAILING, playbook="failing")
    await world.pass_time(MINUTE)
    assert await world.list_runs("following") == []
    assert await waiting(world) == 0


@in_world
async def test_a_playbook_is_not_started_by_the_end_of_its_own_run(world: World) -> None:
    text = "name: Own\non: {event: {type: run.succeeded}}\nsteps:\n  - {id: done, set: {ok: true}}\n"
    await world.serve("own", text)
    await world.start(PLAIN, playbook="plain")
    await world.pass_time(MINUTE)
    assert len(await world.list_runs("own")) == 1


@in_world
async def test_playbooks_that_start_each_other_come_to_an_end(world: World) -> None:
    text = "name: Ping\non: {event: {type: run.succeeded}}\nsteps:\n  - {id: done, set: {ok: true}}\n"
    await world.serve("ping", text)
    await world.serve("pong", text.replace("Ping", "Pong"))
    await world.start(PLAIN, playbook="plain")
    await world.pass_time(MINUTE)
    runs = [*await world.list_runs("ping"), *await world.list_runs("pong")]
    assert max(run.depth for run in runs) == 5
    assert len(runs) == 10
    assert await waiting(world) == 0


@in_world
async def test_a_start_by_an_event_that_is_refused_is_in_the_audit_and_ends_as_rejected(world: World) -> None:
    await world.serve("following", FOLLOWING.replace("from: event.subject", "from: event.data.nothing"))
    watching = WAITING.replace("run.succeeded", "run.rejected").replace('"plain"', '"following"')
    watching = watching[: watching.index("outputs:")] + 'outputs: {why: "${{ steps.other.output.data.reason }}"}\n'
    run = await world.start(watching, playbook="watching")
    await world.settle()
    await world.start(FAILING, playbook="failing")
    await world.pass_time(MINUTE)
    (rejected,) = await world.audit("event.rejected")
    assert "inputs.run: the event has no data.nothing" in str(rejected["reason"])
    assert (await world.run(run)).outputs == {"why": rejected["reason"]}


@in_world
async def test_two_couriers_on_one_store_take_an_event_once(world: World) -> None:
    await world.serve("following", FOLLOWING)
    await world.stop()
    after = World(world.store, host=world.host, clock=world.clock, ids=world.ids, has_timers=False)
    after.playbooks.update(world.playbooks)
    await after.start(FAILING, playbook="failing")
    await after.settle()
    rival, taken = after.build_courier(), await world.store.happenings()
    assert len(taken) == 1
    await asyncio.gather(
        *(courier._deliver(WORKSPACE, happening) for courier in (after.courier, rival) for _, happening in taken)
    )
    assert len(await after.list_runs("following")) == 1
    await after.settle()
    await after.stop()


@in_world
async def test_what_happened_before_a_crash_is_taken_along_after_it(world: World) -> None:
    await world.serve("following", FOLLOWING)
    await world.stop()
    deaf = World(world.store, host=world.host, clock=world.clock, ids=world.ids, has_timers=False)
    await deaf.start(FAILING, playbook="failing")
    await deaf.settle()
    await deaf.stop()
    deaf.playbooks.update(world.playbooks)
    after = await deaf.restart()
    await after.pass_time(MINUTE)
    assert len(await after.list_runs("following")) == 1
    await after.stop()


@in_world
async def test_those_who_wait_hear_of_it_although_starting_a_playbook_fails(world: World) -> None:
    await world.serve("following", FOLLOWING)
    run = await world.start(WAITING.replace("run.succeeded", "run.failed").replace('"plain"', '"failing"'))
    await world.settle()
    world.playbooks["following"] = None  # type: ignore[assignment]  # a fault of ours
    await world.start(FAILING, playbook="failing")
    await world.pass_time(MINUTE)
    assert isinstance(world.reports[0], AttributeError)
    assert (await world.statuses(run))["steps/0"] == "succeeded"
    assert await waiting(world) == 0
    world.playbooks.clear()


GATED = """
name: Gated
on: {manual: {}}
steps:
  - {id: wipe, uses: crm.wipe, with: {user: eve}, approve: {by: role:analyst, reason: is gone, timeout: 30m}}
"""


@pytest.mark.parametrize(
    ("act", "kind"), [("approve", "approved"), ("deny", "denied"), (None, "expired")], ids=["yes", "no", "silence"]
)
@in_world
async def test_the_end_of_a_question_starts_a_playbook(world: World, act: str | None, kind: str) -> None:
    text = "\n".join(
        (
            "name: Told",
            f"on: {{event: {{type: approval.{kind}}}}}",
            "inputs: {all: {type: object, from: event.data}}",
            "steps:",
            "  - {id: done, set: {ok: true}}",
        )
    )
    await world.serve("told", text)
    world.host.script("crm.wipe", ActionAnswer(output={}))
    run = await world.start(GATED, playbook="gated")
    await world.settle()
    asked = await world.pending()
    if act is not None:
        await world.vote("bob", act, confirm=asked.confirm)
    await world.pass_time(timedelta(hours=1))
    (told,) = await world.list_runs("told")
    assert told.inputs["all"] == {
        "approval": asked.id,
        "run": run,
        "step": "steps/0",
        "playbook": "gated",
        "action": "crm.wipe",
        "targets": ["eve"],
    }


HOLDING = """
name: Holding
on: {manual: {}}
steps:
  - {id: lock, uses: crm.lock, with: {user: eve}, undo: auto, expires: 1h, approve: role:analyst}
"""


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("expired", ActionAnswer(output={})),
        ("lifted", ActionAnswer(output={})),
        ("overdue", ActionAnswer(code=ActionCode.NOT_FOUND, message="gone")),
    ],
)
@in_world
async def test_the_end_of_an_active_response_starts_a_playbook(world: World, kind: str, answer: ActionAnswer) -> None:
    text = (
        f"name: Told\non: {{event: {{type: response.{kind}}}}}\n"
        "inputs: {targets: {type: list<string>, from: event.data.targets}}\nsteps:\n  - {id: done, set: {ok: true}}\n"
    )
    await world.serve("told", text)
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T1"}))
    world.host.script("crm.unlock", answer)
    await world.start(HOLDING, playbook="holding")
    await world.settle()
    await world.vote("bob", confirm=(await world.pending()).confirm)
    await world.pass_time(timedelta(hours=2))
    (told,) = await world.list_runs("told")
    assert (told.inputs, told.depth) == ({"targets": ["eve"]}, 1)
