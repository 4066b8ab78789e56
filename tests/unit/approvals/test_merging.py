"""Questions that ask for the same: one card and one decision, and each held against its own rules."""

from datetime import timedelta

from soar.approvals.conduct import Conduct
from soar.approvals.decide import Ballot, Refusal, shown_digest
from soar.approvals.merging import find_detour
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.identity import Principal
from soar.model.process import ActionAnswer
from soar.policy import GateRule, Policy
from tests.support.builders import build_principal
from tests.support.world import PEOPLE, World, in_world


def gated(gate: str, user: str = "web-1") -> str:
    return f"""
name: Tried
on: {{manual: {{}}}}
inputs: {{why: {{type: string, default: none}}}}
steps:
  - {{id: gated, name: Wipe it, uses: crm.wipe, with: {{user: {user}}}, approve: {gate}}}
"""


GATE = '{by: [role:analyst, role:incident-commander], reason: "${{ inputs.why }}"}'
PAIR = GATE.replace("reason", "quorum: 2, reason")


async def ask(world: World, gate: str = GATE, initiator: str = "source:siem", user: str = "web-1") -> Approval:
    world.host.script("crm.wipe", ActionAnswer(output={}))
    run = await world.start(gated(gate, user), initiator=initiator, inputs={"why": initiator})
    await world.settle()
    return await world.approval(run)


async def look(world: World, asked: Approval) -> Approval:
    found = await world.read(lambda unit: unit.approvals.get(asked.id))
    assert found is not None
    return found


async def statuses(world: World, *asked: Approval) -> list[str]:
    return [(await look(world, each)).status.value for each in asked]


def who(name: str) -> Principal:
    return build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))


async def vote(world: World, asked: Approval, name: str, choice: str = "approve", confirm: str = "web-1") -> str:
    outcome = await world.vote(name, choice, approval=asked.id, confirm=confirm)
    return outcome.code if isinstance(outcome, Refusal) else outcome.status.value


@in_world
async def test_one_card_and_one_decision_and_each_is_its_own_row(world: World) -> None:
    first, second, third = await ask(world), await ask(world), await ask(world)
    assert (first.merged_into, second.merged_into, third.merged_into) == (None, first.id, first.id)
    assert len({first.digest, second.digest, third.digest}) == 3
    cards = [message for message in await world.messages() if message.approval]
    assert [card.approval for card in cards] == [first.id]
    assert any(f"2 more want the same: {third.run}" in message.text for message in await world.messages())
    assert await vote(world, first, "bob") == "approved"
    assert await statuses(world, first, second, third) == ["approved"] * 3
    assert sorted(call.run for call in world.host.calls) == sorted([first.run, second.run, third.run])
    events = await world.audit("approval.voted")
    assert [(event["target"]["id"], event["digest"]) for event in events] == [
        (each.id, each.digest) for each in (first, second, third)
    ]
    assert [event["context"].get("merged_into") for event in events] == [None, first.id, first.id]
    assert await world.timers_set() == []


@in_world
async def test_a_no_is_a_no_to_all(world: World) -> None:
    asked = [await ask(world), await ask(world)]
    assert await vote(world, asked[0], "bob", "deny") == "denied"
    assert await statuses(world, *asked) == ["denied", "denied"]
    assert world.host.calls == []


@in_world
async def test_only_what_the_voter_was_shown_is_decided(world: World) -> None:
    """A third one comes in between the look and the press."""
    first, _ = await ask(world), await ask(world)
    shown = shown_digest(await look(world, first))
    third = await ask(world)
    ballot = Ballot(VoteChoice.APPROVE, shown, confirm="web-1")
    outcome = await world.write(
        lambda unit: world.approvals.vote(unit, first.id, who("bob"), ballot, world.clock.now())
    )
    assert isinstance(outcome, Refusal)
    assert outcome.code == "digest_differs"
    alone = Ballot(VoteChoice.APPROVE, first.digest, confirm="web-1")
    refused = await world.write(lambda unit: world.approvals.vote(unit, first.id, who("bob"), alone, world.clock.now()))
    assert isinstance(refused, Refusal)
    assert refused.code == "digest_differs"
    assert await statuses(world, third) == ["pending"]


@in_world
async def test_what_differs_in_what_is_done_or_who_decides_is_asked_on_its_own(world: World) -> None:
    first = await ask(world)
    others = [await ask(world, user="web-2"), await ask(world, PAIR), await ask(world, PAIR.replace("2,", "3,"))]
    assert [each.merged_into for each in (first, *others)] == [None] * 4


@in_world
async def test_one_that_somebody_has_voted_on_takes_in_no_more(world: World) -> None:
    first = await ask(world, PAIR)
    assert await vote(world, first, "bob") == "pending"
    second, third = await ask(world, PAIR), await ask(world, PAIR)
    assert (second.merged_into, third.merged_into) == (None, second.id)
    assert await vote(world, first, "ann") == "approved"
    assert await statuses(world, second, third) == ["pending", "pending"]
    assert len(world.host.calls) == 1


@in_world
async def test_who_may_not_decide_one_of_them_decides_none(world: World) -> None:
    first, second = await ask(world, initiator="user:u_ann"), await ask(world, initiator="user:u_bob")
    assert second.merged_into == first.id
    assert (await look(world, first)).exclude_users == {"u_ann": "initiator", "u_bob": "initiator"}
    assert await vote(world, first, "ann") == "excluded_initiator"
    assert await vote(world, first, "bob") == "excluded_initiator"
    assert await vote(world, first, "dave") == "approved"


@in_world
async def test_what_nobody_could_decide_together_is_asked_apart(world: World) -> None:
    gate = "{by: role:analyst, reason: r}"
    first, second = await ask(world, gate, "user:u_ann"), await ask(world, gate, "user:u_bob")
    assert (first.merged_into, second.merged_into) == (None, None)
    assert (await look(world, first)).exclude_users == {"u_ann": "initiator"}


@in_world
async def test_one_without_a_card_is_decided_where_the_card_is(world: World) -> None:
    first, second = await ask(world), await ask(world)
    outcome = await world.vote("bob", approval=second.id, confirm="web-1")
    assert isinstance(outcome, Refusal)
    assert (outcome.code, first.code in outcome.reason) == ("merged", True)
    assert await statuses(world, first, second) == ["pending", "pending"]


@in_world
async def test_the_next_one_leads_when_the_first_one_ends_in_time_or_with_its_run(world: World) -> None:
    first, second = await ask(world), await ask(world)
    await world.pass_time(timedelta(minutes=10))
    third = await ask(world)
    assert third.merged_into == first.id
    await world.cancel(first.run)
    leading = await look(world, second)
    assert (leading.merged_into, [each.id for each in leading.course.members]) == (None, [third.id])
    await world.pass_time(timedelta(minutes=21))
    assert await statuses(world, first, second, third) == ["cancelled", "expired", "pending"]
    alone = await look(world, third)
    assert (alone.merged_into, alone.course.members) == (None, ())
    assert await world.read(lambda unit: find_detour(unit, alone)) is None
    assert await vote(world, third, "bob") == "approved"
    assert [call.run for call in world.host.calls] == [third.run]
    cards = [message.approval for message in await world.messages() if message.approval]
    assert cards == [first.id, second.id, third.id]


@in_world
async def test_one_that_ends_before_the_others_is_not_decided_with_them(world: World) -> None:
    first, second = await ask(world), await ask(world)
    await world.cancel(second.run)
    assert (await look(world, first)).course.members == ()
    assert await vote(world, first, "bob") == "approved"
    assert await statuses(world, first, second) == ["approved", "cancelled"]


@in_world
async def test_a_vote_and_more_time_count_for_all_and_are_taken_back_from_all(world: World) -> None:
    first, second = await ask(world, PAIR), await ask(world, PAIR)
    conduct = Conduct(approvals=world.approvals, ids=world.ids)
    assert await vote(world, first, "bob") == "pending"
    assert [len((await look(world, each)).votes) for each in (first, second)] == [1, 1]
    await world.write(lambda unit: conduct.take_back(unit, first.id, who("bob"), world.clock.now()))
    assert [len((await look(world, each)).votes) for each in (first, second)] == [0, 0]
    more = timedelta(minutes=10)
    await world.write(lambda unit: conduct.extend(unit, first.id, who("carol"), more, world.clock.now()))
    assert [(await look(world, each)).expires_at - each.expires_at for each in (first, second)] == [more, more]
    await world.pass_time(timedelta(minutes=35))
    assert [await vote(world, first, name) for name in ("bob", "ann")] == ["pending", "approved"]
    assert await statuses(world, first, second) == ["approved", "approved"]


@in_world
async def test_whoever_may_decide_one_by_its_escalation_alone_decides_that_one_alone(world: World) -> None:
    gate = "{by: role:analyst, reason: r, escalate: [{after: 10m, to: role:soc-lead}]}"
    first = await ask(world, gate)
    await world.pass_time(timedelta(minutes=8))
    second = await ask(world, gate)
    await world.pass_time(timedelta(minutes=3))
    assert second.merged_into == first.id
    assert await vote(world, first, "carol") == "approved"
    assert await statuses(world, first, second) == ["approved", "pending"]
    assert (await look(world, second)).merged_into is None
    refused = [event for event in await world.audit("approval.voted") if event["outcome"] == "denied"]
    assert [event["target"]["id"] for event in refused] == [second.id]


@in_world
async def test_another_policy_asks_all_of_them_anew_together(world: World) -> None:
    asked = [await ask(world), await ask(world)]
    rule = GateRule(name="two", when="true", by=("role:analyst",), quorum=2)
    world.policy = Policy(gates=(rule,))
    after = await world.restart()
    assert await vote(after, asked[0], "bob") == "superseded"
    assert await statuses(after, *asked) == ["superseded", "superseded"]
    await after.settle()
    anew = (await after.read(lambda unit: unit.approvals.list(9, status=ApprovalStatus.PENDING))).items
    assert sorted(each.merged_into is None for each in anew) == [False, True]
    assert {each.run for each in anew} == {each.run for each in asked}
    await after.stop()
