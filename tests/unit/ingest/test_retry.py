"""Runs tried again in a whole service: a new run, with what the old one came to."""

import pytest

from soar.ingest.request import Requester
from soar.ingest.retry import Retries, Retry
from soar.model.dead_letter import LetterKind, name_letter
from soar.model.errors import ActionCode, ConflictError
from soar.model.playbook import Playbook
from soar.model.process import ActionAnswer
from soar.model.run import Run, RunStatus
from soar.playbook import parse_playbook
from soar.runtime.executor import CALL_TERMS
from soar.store import Unit
from tests.support.builders import build_actor
from tests.support.world import World, in_world

BOB = Requester(initiator="user:u_bob", actor=build_actor(id="u_bob"))
CONTAIN = """
name: Contain and page
on: {manual: {}, call: {}}
concurrency: {key: "'one'", mode: queue}
inputs: {user: {type: string}}
steps:
  - {id: look, uses: crm.find}
  - {id: lock, uses: crm.lock, with: {user: "${{ inputs.user }}"}, approve: role:analyst, undo: auto}
  - {id: page, uses: crm.page}
  - {id: note, uses: crm.note, with: {text: "${{ steps.lock.output.ticket }}"}}
"""
NO = ActionAnswer(code=ActionCode.INVALID, message="no such pager")


def find_playbook(unit: Unit, run: Run) -> Playbook | None:
    revision = unit.revisions.get(run.revision)
    return parse_playbook(revision.text, playbook_id=run.playbook, file="x.yaml")[0] if revision else None


async def retry(world: World, run: str, step: str | None = None, accept_unknown: str | None = None) -> Run:
    retries = Retries(requests=world.requests, catalog=world.catalog, find_playbook=find_playbook, ids=world.ids)
    wanted = Retry(step=step, accept_unknown=accept_unknown)

    def start(unit: Unit) -> Run:
        origin = unit.runs.get(run)
        assert origin is not None
        return retries.retry(unit, origin, wanted, BOB, world.clock.now())

    again = await world.write(start)
    await world.settle()
    return await world.run(again.id)


async def fail(world: World, page: ActionAnswer = NO) -> str:
    """Return a run that has locked somebody and could not page."""
    world.host.script("crm.find", ActionAnswer(output={"n": 1}))
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    world.host.script("crm.note", ActionAnswer(output=None))
    world.host.script("crm.page", page, ActionAnswer(output=None))
    await world.serve("tried", CONTAIN)
    run = await world.start(CONTAIN, inputs={"user": "eve"})
    await world.settle()
    await world.vote("ann")
    if page.code is ActionCode.UNKNOWN_OUTCOME:
        await world.pass_time(CALL_TERMS.patience)  # nobody says what became of it
    assert (await world.run(run)).status is RunStatus.FAILED
    return run


@in_world
async def test_a_retry_is_a_new_run_of_the_same_that_does_only_what_is_left(world: World) -> None:
    old = await world.run(await fail(world))
    await world.serve("tried", CONTAIN.replace("crm.note", "crm.find"))
    again = await retry(world, old.id)
    assert again.status is RunStatus.SUCCEEDED
    assert (again.retry_of, again.revision, again.inputs, again.initiator) == (
        old.id,
        old.revision,
        {"user": "eve"},
        "user:u_bob",
    )
    calls = [(call.action, call.run) for call in world.host.calls]
    assert calls == [
        ("crm.find", old.id),
        ("crm.lock", old.id),
        ("crm.page", old.id),
        ("crm.page", again.id),
        ("crm.note", again.id),
    ]
    assert world.host.calls[-1].arguments == {"text": "T-1"}
    assert world.host.calls[2].effect_key != world.host.calls[3].effect_key
    assert [held.run for held in await world.held()] == [old.id]
    assert await world.read(lambda unit: [run.id for run in unit.runs.list_retries(old.id)]) == [again.id]
    (event,) = await world.audit("run.retried")
    assert (event["context"]["from"], event["context"]["carried"]) == ("page", ["look", "lock"])


@in_world
async def test_a_gate_from_the_step_on_is_asked_again_and_the_old_yes_counts_for_nothing(world: World) -> None:
    old = await fail(world)
    first = await world.approval(old)
    again = await retry(world, old, "lock")
    asked = await world.pending()
    assert (asked.run, again.status) == (again.id, RunStatus.WAITING)
    assert asked.id != first.id
    assert asked.digest != first.digest
    assert [call.action for call in world.host.calls].count("crm.lock") == 1
    await world.vote("ann")
    assert (await world.run(again.id)).status is RunStatus.SUCCEEDED
    assert [call.action for call in world.host.calls].count("crm.lock") == 2


@in_world
async def test_a_retry_waits_its_turn_like_any_start(world: World) -> None:
    old = await fail(world)
    playbook = world.playbooks["tried"]
    await world.write(
        lambda unit: world.requests.request_by_hand(unit, playbook, {"user": "zoe"}, BOB, world.clock.now())
    )
    await world.settle()
    again = await retry(world, old)
    assert again.is_held
    await world.vote("ann")
    assert (await world.run(again.id)).status is RunStatus.SUCCEEDED
    assert (await world.state(again.id)).records["steps/1"].carried == old


@in_world
async def test_an_unknown_outcome_is_tried_again_only_by_somebody_who_has_looked(world: World) -> None:
    lost = ActionAnswer(code=ActionCode.UNKNOWN_OUTCOME, message="the line was cut")
    old = await fail(world, lost)
    with pytest.raises(ConflictError, match=r"page \(crm.page\)") as caught:
        await retry(world, old)
    assert caught.value.code == "retry.unknown"
    assert len(await world.list_runs()) == 1
    again = await retry(world, old, accept_unknown="Nobody was paged.")
    assert again.status is RunStatus.SUCCEEDED
    (event,) = await world.audit("run.retried")
    assert (event["reason"], event["context"]["unknown"]) == ("Nobody was paged.", ["page (crm.page)"])


@in_world
async def test_what_was_taken_back_meanwhile_has_to_be_done_again(world: World) -> None:
    old = await fail(world)
    world.host.script("crm.unlock", ActionAnswer(output={}))
    (held,) = await world.held()
    await world.lift(held.id)
    with pytest.raises(ConflictError) as caught:
        await retry(world, old)
    assert (caught.value.code, caught.value.hint) == ("retry.taken_back", "begin at lock or before it")
    assert (await retry(world, old, "lock")).status is RunStatus.WAITING


@in_world
async def test_runs_that_are_open_or_went_well_are_not_tried_again(world: World) -> None:
    old = await fail(world)
    again = await retry(world, old, "lock")
    for run, code in ((again.id, "retry.status"), (old, "retry.open")):
        with pytest.raises(ConflictError) as caught:
            await retry(world, run)
        assert caught.value.code == code
    await world.vote("ann")
    with pytest.raises(ConflictError) as caught:
        await retry(world, again.id)
    assert caught.value.code == "retry.status"


@in_world
async def test_parts_of_others_are_not_tried_again(world: World) -> None:
    await fail(world)
    (held,) = await world.held()
    lifting = await world.lift(held.id)
    assert lifting.lift_run is not None
    assert (await world.run(lifting.lift_run)).status is RunStatus.FAILED
    caller = "name: Caller\non: {manual: {}}\nsteps: [{id: call, uses: playbook.tried, with: {user: eve}}]\n"
    world.host.script("crm.page", NO)
    parent = await world.start(caller, playbook="caller")
    await world.settle()
    await world.vote("ann")
    (child,) = [run for run in await world.list_runs() if run.parent == parent]
    for run in (lifting.lift_run, child.id):
        with pytest.raises(ConflictError) as caught:
            await retry(world, run)
        assert caught.value.code == "retry.part"
    assert (await retry(world, parent)).status is RunStatus.WAITING


@in_world
async def test_an_unknown_outcome_in_a_called_playbook_is_known_of(world: World) -> None:
    await fail(world)
    world.host.script("crm.page", ActionAnswer(code=ActionCode.UNKNOWN_OUTCOME, message="cut"))
    caller = "name: Caller\non: {manual: {}}\nsteps: [{id: call, uses: playbook.tried, with: {user: eve}}]\n"
    parent = await world.start(caller, playbook="caller")
    await world.settle()
    await world.vote("ann")
    await world.pass_time(CALL_TERMS.patience)
    assert (await world.run(parent)).status is RunStatus.FAILED
    with pytest.raises(ConflictError, match=r"page \(crm.page\) in run_"):
        await retry(world, parent)


@in_world
async def test_a_run_that_was_buried_is_tried_again_and_its_letter_goes(world: World) -> None:
    world.host.script("crm.find", ActionAnswer(output={"n": 1}))
    await world.serve("tried", CONTAIN)
    run = await world.start(CONTAIN, inputs={"user": "eve"})
    await world.settle()
    await world.write(lambda unit: world.committer.bury(unit, run, "internal: KeyError", world.clock.now()))
    letter = await world.read(lambda unit: unit.dead_letters.get(name_letter(LetterKind.RUN, run)))
    assert letter is not None
    assert (letter.subject, letter.reason, letter.tries) == (run, "internal: KeyError", 1)
    assert (await retry(world, run)).status is RunStatus.WAITING
    assert await world.read(lambda unit: unit.dead_letters.get(letter.id)) is None
