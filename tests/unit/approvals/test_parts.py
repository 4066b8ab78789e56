"""A yes to a part: what is allowed is all that runs, and what the question binds to."""

from dataclasses import replace

from soar.approvals.conduct import Conduct
from soar.approvals.decide import Ballot, Refusal
from soar.approvals.parts import confirmation_of
from soar.engine.commands import Call
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.process import ActionAnswer
from soar.runtime.clearance import find_mismatch
from soar.store import Unit
from tests.support.builders import build_principal
from tests.support.world import PEOPLE, World, in_world


def looped(gate: str, hosts: str = '"web-1", "web-2", "web-3"') -> str:
    return f"""
name: Tried
on: {{manual: {{}}}}
steps:
  - id: gated
    foreach: {{in: '[{hosts}]', as: host}}
    uses: crm.wipe
    with: {{user: "${{{{ host }}}}"}}
    approve: {{by: role:analyst, reason: r, {gate}}}
  - id: after
    set: {{done: "${{{{ size(steps.gated.output) }}}}"}}
"""


async def ask(world: World, gate: str = "subset: true", **more: str) -> Approval:
    world.host.script("crm.wipe", ActionAnswer(output={"ok": True}))
    run = await world.start(looped(gate, **more))
    await world.settle()
    return await world.approval(run)


async def vote(
    world: World, name: str, *only: str, confirm: str | None = None, choice: str = "approve", digest: str = ""
) -> Approval | Refusal:
    asked = await world.pending()
    principal = build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))
    typed = confirmation_of(asked, only) if confirm is None else confirm
    ballot = Ballot(VoteChoice(choice), digest or asked.digest, confirm=typed, only=only)
    outcome = await world.write(lambda unit: world.approvals.vote(unit, asked.id, principal, ballot, world.clock.now()))
    await world.settle()
    return outcome


def code_of(outcome: Approval | Refusal) -> str:
    return outcome.code if isinstance(outcome, Refusal) else outcome.status.value


def called(world: World) -> list[object]:
    return [call.arguments for call in world.host.calls]


def wipes(*hosts: str) -> list[object]:
    return [{"user": host} for host in hosts]


@in_world
async def test_only_what_is_allowed_runs_and_the_rest_is_left_out(world: World) -> None:
    asked = await ask(world)
    decided = await vote(world, "bob", "web-3", "web-1")
    assert isinstance(decided, Approval)
    assert (decided.status, decided.votes[0].only) == (ApprovalStatus.APPROVED, ("web-3", "web-1"))
    assert decided.digest != asked.digest
    assert called(world) == wipes("web-1", "web-3")
    assert (await world.run(asked.run)).status == "succeeded"
    statuses = await world.statuses(asked.run)
    assert [statuses[f"steps/0#{index}"] for index in range(3)] == ["succeeded", "skipped", "succeeded"]
    (event,) = await world.audit("approval.voted")
    assert (event["digest"], event["context"]["only"]) == (decided.digest, ["web-3", "web-1"])
    said = (await world.messages())[1].text
    assert "bob: approve for web-3, web-1 alone" in said


@in_world
async def test_a_yes_without_a_choice_is_a_yes_to_all_of_it(world: World) -> None:
    asked = await ask(world)
    assert code_of(await vote(world, "bob", confirm="3")) == "approved"
    assert called(world) == wipes("web-1", "web-2", "web-3")
    assert (await world.approval(asked.run)).digest == asked.digest


@in_world
async def test_what_must_be_typed_is_what_is_allowed(world: World) -> None:
    await ask(world)
    assert code_of(await vote(world, "bob", "web-1", confirm="3")) == "confirm_missing"
    assert code_of(await vote(world, "bob", "web-1", "web-2", confirm="web-1")) == "confirm_missing"
    assert code_of(await vote(world, "bob", "web-1", confirm="web-1")) == "approved"
    assert called(world) == wipes("web-1")


@in_world
async def test_what_the_author_wants_typed_stays(world: World) -> None:
    await ask(world, "subset: true, confirm: wipe them")
    assert code_of(await vote(world, "bob", "web-1", confirm="web-1")) == "confirm_missing"
    assert code_of(await vote(world, "bob", "web-1", confirm="wipe them")) == "approved"


@in_world
async def test_a_second_yes_can_take_away_and_never_add(world: World) -> None:
    asked = await ask(world, "subset: true, quorum: 2")
    assert code_of(await vote(world, "bob", "web-1", "web-2")) == "pending"
    assert code_of(await vote(world, "ann", "web-3")) == "subset_unknown"
    assert code_of(await vote(world, "ann", "web-2", "web-3")) == "subset_unknown"
    assert code_of(await vote(world, "ann", digest=asked.digest)) == "digest_differs"
    assert code_of(await vote(world, "ann", "web-2")) == "approved"
    assert called(world) == wipes("web-2")


@in_world
async def test_a_second_yes_to_everything_allows_what_the_first_has_left(world: World) -> None:
    await ask(world, "subset: true, quorum: 2")
    await vote(world, "bob", "web-1", "web-2")
    assert code_of(await vote(world, "ann", confirm="2")) == "approved"
    assert called(world) == wipes("web-1", "web-2")


@in_world
async def test_taking_a_yes_back_gives_back_what_it_left_out(world: World) -> None:
    asked = await ask(world, "subset: true, quorum: 2")
    await vote(world, "bob", "web-1")
    principal = build_principal(id="u_bob", name="bob", roles=frozenset({PEOPLE["bob"]}))
    conduct = Conduct(approvals=world.approvals, ids=world.ids)
    await world.write(lambda unit: conduct.take_back(unit, asked.id, principal, world.clock.now()))
    assert (await world.pending()).digest == asked.digest
    await vote(world, "ann")
    assert code_of(await vote(world, "bob")) == "approved"
    assert called(world) == wipes("web-1", "web-2", "web-3")


@in_world
async def test_a_gate_that_offers_no_choice_and_a_no_take_none(world: World) -> None:
    await ask(world, "quorum: 1")
    assert code_of(await vote(world, "bob", "web-1")) == "subset_not_offered"
    await world.cancel((await world.pending()).run)
    await ask(world)
    assert code_of(await vote(world, "bob", "web-1", choice="deny")) == "subset_denied"
    assert code_of(await vote(world, "bob", "web-9")) == "subset_unknown"
    assert code_of(await vote(world, "bob", choice="deny")) == "denied"
    assert called(world) == []


@in_world
async def test_a_call_that_was_left_out_is_refused_although_the_others_are_approved(world: World) -> None:
    asked = await ask(world)
    await vote(world, "bob", "web-1")
    approved = await world.approval(asked.run)
    run, (allowed, left_out, _) = await world.run(asked.run), read_calls(asked)

    def look(unit: Unit) -> list[str | None]:
        return [find_mismatch(unit, run, call, approved.id, is_read=False) for call in (allowed, left_out)]

    assert await world.read(look) == [None, "what would be sent differs from what was approved"]
    widened = replace(approved, votes=tuple(replace(each, only=()) for each in approved.votes), version=9)
    await world.write(lambda unit: unit.approvals.update(widened, expected=approved.version))
    assert await world.read(look) == 2 * ["its approval is for something else"]


@in_world
async def test_a_vote_makes_nothing_good_that_was_changed_behind_the_question(world: World) -> None:
    asked = await ask(world)
    assert isinstance(asked.card.arguments, list)
    first, *rest = asked.card.arguments
    assert isinstance(first, dict)
    swapped = [{**first, "arguments": {"user": "dc-1"}}, *rest]
    behind = replace(asked, card=replace(asked.card, arguments=swapped), version=asked.version + 1)
    await world.write(lambda unit: unit.approvals.update(behind, expected=asked.version))
    await vote(world, "bob", "web-1")
    assert (await world.approval(asked.run)).digest == asked.digest
    assert called(world) == []


def read_calls(asked: Approval) -> list[Call]:
    assert isinstance(asked.card.arguments, list)
    return [Call(**{**call, "secrets": ()}) for call in asked.card.arguments if isinstance(call, dict)]
