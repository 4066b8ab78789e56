"""Publishers who may not decide, groups that may, and people on call: resolved when it is asked, and at each vote."""

from dataclasses import replace
from datetime import timedelta

from soar.approvals.decide import Refusal
from soar.approvals.rota import Rotas, parse_rotas
from soar.model.approval import Approval, ApprovalStatus
from soar.model.federation import Group
from soar.model.playbook import Publication, Revision
from soar.model.process import ActionAnswer
from soar.model.values import JsonValue, print_timestamp
from soar.policy import GateRule, Policy
from soar.store import Unit
from tests.support.builders import build_user
from tests.support.clock import START
from tests.support.world import World, at, in_world, play


def gated(gate: str) -> str:
    return f"""
name: Tried
on: {{manual: {{}}}}
steps:
  - {{id: gated, name: Wipe it, uses: crm.note, with: {{user: web-1}}, approve: {gate}}}
"""


async def ask(world: World, gate: str) -> Approval:
    world.host.script("crm.note", ActionAnswer(output={}))
    run = await world.start(gated(gate))
    await world.settle()
    return await world.approval(run)


def code_of(outcome: Approval | Refusal) -> str:
    return outcome.code if isinstance(outcome, Refusal) else outcome.status.value


async def publish(world: World, gate: str, *people: str) -> None:
    """Let people publish the gated playbook, one after the other, and somebody else another text after them."""
    run = await world.run((await ask(world, gate)).run)

    def set_all(unit: Unit) -> None:
        for name, digest in (*((name, run.revision) for name in people), ("dave", "sha256:0")):
            unit.publications.set(
                Publication(playbook="tried", digest=digest, over="", published_at=START, published_by=f"u_{name}")
            )

    await world.write(set_all)
    await world.cancel(run.id)


@in_world
async def test_whoever_ever_published_the_revision_does_not_decide_where_the_gate_says_so(world: World) -> None:
    gate = "{by: [role:analyst, role:incident-commander], exclude: [publisher], reason: r}"
    await publish(world, gate, "bob")
    asked = await ask(world, gate)
    assert asked.exclude_users == {"u_bob": "publisher"}
    refused = await world.vote("bob")
    assert isinstance(refused, Refusal)
    assert (refused.code, "you published the playbook" in refused.reason) == ("excluded_publisher", True)
    assert code_of(await world.vote("dave")) == "approved"


@in_world
async def test_a_quorum_that_is_impossible_without_the_publishers_is_refused_at_once(world: World) -> None:
    gate = "{by: [role:analyst, role:incident-commander], quorum: 2, exclude: [publisher], reason: r}"
    await publish(world, gate, "ann", "bob")
    asked = await ask(world, gate)
    assert asked.status is ApprovalStatus.REFUSED
    said = "it needs 2 people of analyst, incident-commander, and 1 could ever vote; nobody of analyst can"
    assert asked.reason == said
    assert (await world.run(asked.run)).status == "failed"


def test_the_policy_can_keep_publishers_from_deciding() -> None:
    rule = GateRule(name="apart", when="true", by=("role:analyst",), exclude=("publisher",))

    async def scenario(world: World) -> None:
        gate = "{by: role:analyst, exclude: [], reason: r}"
        await publish(world, gate, "ann")
        assert (await ask(world, gate)).exclude_users == {"u_ann": "publisher"}

    play(scenario, policy=Policy(gates=(rule,)))


@in_world
async def test_everybody_who_proposed_the_very_text_is_its_author(world: World) -> None:
    gate = "{by: role:analyst, exclude: [author], reason: r}"
    run = await world.run((await ask(world, gate)).run)
    draft = Revision(playbook="tried", digest=run.revision, text="", created_at=START, author="user:u_bob")
    await world.write(lambda unit: unit.drafts.add(draft))
    await world.cancel(run.id)
    assert (await ask(world, gate)).exclude_users == {"u_bob": "author", "u_olga": "author"}


@in_world
async def test_a_team_and_a_group_of_the_provider_may_decide_as_long_as_somebody_is_in_it(world: World) -> None:
    members = Group(
        id="g_1", name="responders", external_id=None, members=frozenset({"u_ann"}), created_at=START, changed_at=START
    )

    def join(unit: Unit) -> None:
        unit.users.update(build_user(id="u_bob", name="bob", email="bob@corp.example", teams=frozenset({"night"})))
        unit.groups.add(members)

    await world.write(join)
    await ask(world, "{by: [group:night, group:responders], quorum: 3, reason: r}")
    assert (await world.approval()).reason == "it needs 3 people of night, responders, and 2 could ever vote"
    await ask(world, "{by: [group:night, group:g_1], quorum: 2, reason: r}")
    assert code_of(await world.vote("carol")) == "not_allowed"
    assert code_of(await world.vote("bob")) == "pending"
    await world.write(lambda unit: unit.groups.update(replace(members, members=frozenset({"u_olga"}))))
    assert code_of(await world.vote("ann")) == "not_allowed"
    assert code_of(await world.vote("olga")) == "approved"


def make_rotas(*handovers: tuple[int, str]) -> Rotas:
    """Return a rota by which these people are on call, each from so many minutes after the beginning."""
    ends = [minutes for minutes, _ in handovers[1:]] + [10_000]
    overrides: list[JsonValue] = [
        {"from": print_timestamp(at(start)), "to": print_timestamp(at(end)), "people": [name] if name else []}
        for (start, name), end in zip(handovers, ends, strict=True)
    ]
    return parse_rotas({"rotas": {"ic": {"overrides": overrides}, "empty": {}}})


def test_whoever_is_on_call_at_the_vote_decides_and_who_was_before_does_not() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, "{by: oncall:ic, reason: r}")
        assert asked.status is ApprovalStatus.PENDING
        assert code_of(await world.vote("bob")) == "not_allowed"
        await world.pass_time(timedelta(minutes=11))
        assert code_of(await world.vote("ann")) == "not_allowed"
        assert code_of(await world.vote("bob")) == "approved"

    play(scenario, rotas=make_rotas((-5, "ann@corp.example"), (10, "Bob@corp.example")))


def test_two_who_follow_each_other_on_call_are_a_quorum_of_two() -> None:
    async def scenario(world: World) -> None:
        await ask(world, "{by: oncall:ic, quorum: 2, reason: r}")
        assert code_of(await world.vote("ann")) == "pending"
        await world.pass_time(timedelta(minutes=11))
        assert code_of(await world.vote("bob")) == "approved"

    play(scenario, rotas=make_rotas((-5, "ann@corp.example"), (10, "bob@corp.example")))


def test_a_rota_that_names_nobody_in_time_is_nobody() -> None:
    async def scenario(world: World) -> list[str | None]:
        gates = ("{by: oncall:ic, reason: r}", "{by: [oncall:empty, oncall:none], reason: r}")
        return [(await ask(world, gate)).reason for gate in gates]

    told = play(scenario, rotas=make_rotas((31, "ann@corp.example"), (40, "gone@corp.example")))
    assert told == [
        "it needs one person of ic, and nobody could ever vote",
        "it needs one person of empty, none, and nobody could ever vote",
    ]


def test_an_escalation_to_whoever_is_on_call_counts_from_its_moment_on() -> None:
    async def scenario(world: World) -> None:
        gate = "{by: role:soc-lead, escalate: [{after: 5m, to: oncall:ic}], reason: r}"
        await ask(world, gate)
        assert code_of(await world.vote("ann")) == "not_allowed"
        await world.pass_time(timedelta(minutes=5))
        assert code_of(await world.vote("ann")) == "approved"

    play(scenario, rotas=make_rotas((-5, "ann@corp.example")))
