"""A yes beforehand: by two people, where the policy lets it be, on what it names and nothing else."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from soar.approvals.freezer import POLICY as FREEZING
from soar.approvals.freezer import Freezer
from soar.approvals.standing import StandingDesk, Wanted
from soar.audit.actor import describe_principal
from soar.model.approval import Approval
from soar.model.errors import ActionCode, ConflictError, DeniedError, InputError, NotFoundError
from soar.model.freeze import FreezeKind
from soar.model.playbook import Revision
from soar.model.process import ActionAnswer
from soar.model.standing_approval import StandingApproval
from soar.model.step import Assurance
from soar.policy import Cap, CapOutcome, GateRule, Policy, ProtectedRule, StandingRule
from soar.store import Unit
from tests.support.builders import build_principal, build_user
from tests.support.clock import START
from tests.support.world import PEOPLE, World, play

RULE = StandingRule(
    action="crm.wipe", by=("role:soc-lead", "role:incident-commander", "role:auditor"), longest=timedelta(days=7)
)
GATE = GateRule(name="asked", when='action.effect == "destructive"', by=("role:analyst",))
PERMITTED = Policy(gates=(GATE,), standing=(RULE,))
DAY = timedelta(days=1)


def gated(action: str = "crm.wipe") -> str:
    return f"""
name: Tried
on: {{manual: {{}}}}
inputs: {{user: {{type: "list<string>", default: []}}}}
steps:
  - foreach: {{in: inputs.user, as: user}}
    uses: {action}
    with: {{user: "${{{{ user }}}}"}}
    approve: {{by: role:analyst, reason: Beaconing}}
"""


async def run_on(world: World, *users: str, initiator: str = "source:siem", action: str = "crm.wipe") -> Approval:
    world.host.script(action, ActionAnswer(output={}))
    run = await world.start(gated(action), inputs={"user": [*users]}, initiator=initiator)
    await world.settle()
    return await world.approval(run)


async def revision_of(world: World) -> str:
    """Return the digest that runs of the playbook are pinned to."""
    asked = await run_on(world, "other-1")
    await world.cancel(asked.run)
    return asked.revision


async def propose(
    world: World, name: str = "carol", assurance: Assurance = Assurance.LINKED, **changes: object
) -> StandingApproval:
    wanted = Wanted(
        action="crm.wipe",
        playbook="tried",
        revision=await revision_of(world),
        targets="lab-*",
        reason="an exercise",
        until=world.clock.now() + DAY,
    )
    return await move(world, name, "propose", replace(wanted, **changes), assurance)


def open_desk(world: World) -> StandingDesk:
    return StandingDesk(policy=world.policy, ids=world.ids, find_action=world.catalog.find_action)


async def move(
    world: World, name: str, what: str, subject: object, assurance: Assurance = Assurance.LINKED
) -> StandingApproval:
    desk = open_desk(world)
    principal = build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))

    def make(unit: Unit) -> StandingApproval:
        voter = world.approvals.find_voter(unit, principal, world.clock.now(), assurance=assurance)
        act = getattr(desk, what)
        return act(unit, subject, voter, describe_principal(principal), world.clock.now())

    return await world.write(make)


async def agree(world: World, assurance: Assurance = Assurance.LINKED, **changes: object) -> StandingApproval:
    """Let carol propose and dave sign."""
    made = await propose(world, assurance=assurance, **changes)
    return await move(world, "dave", "sign", made.id, assurance)


async def revoke(world: World, standing: StandingApproval) -> None:
    desk = open_desk(world)
    actor = describe_principal(build_principal(id="u_bob", name="bob"))
    await world.write(lambda unit: desk.revoke(unit, standing.id, "it is over", actor, world.clock.now()))


def called(world: World) -> list[object]:
    return [call.arguments["user"] for call in world.host.calls]


def test_what_two_people_agreed_to_beforehand_runs_unasked_is_counted_and_named_at_each_use() -> None:
    async def scenario(world: World) -> None:
        standing = await agree(world)
        granted = await run_on(world, "LAB-1", "lab-2")
        assert (granted.status, granted.votes, granted.course.standing) == ("approved", (), standing.id)
        assert called(world) == ["LAB-1", "lab-2"]
        await run_on(world, "lab-3")
        (event, _) = await world.audit("approval.granted")
        assert (event["context"]["standing"], event["reason"]) == (standing.id, "an exercise")
        assert (event["context"]["proposed_by"], event["context"]["signed_by"]) == ("u_carol", "u_dave")
        found = await world.read(lambda unit: unit.standing_approvals.get(standing.id))
        assert found is not None
        assert found.uses == 2
        told = [message.text for message in await world.messages()]
        assert any(f"approved beforehand: standing approval {standing.id}" in text for text in told)
        kinds = [event["type"] for event in await world.audit("standing_approval.")]
        assert kinds == ["standing_approval.proposed", "standing_approval.signed"]

    play(scenario, policy=PERMITTED)


@pytest.mark.parametrize(
    "spoil",
    [
        "unsigned",
        "over",
        "revoked",
        "other target",
        "initiator",
        "proposer gone",
        "role lost",
        "other text",
        "wrote it",
    ],
)
def test_whatever_is_missing_people_are_asked(spoil: str) -> None:
    async def scenario(world: World) -> None:
        standing = await (propose(world) if spoil == "unsigned" else agree(world))
        users, initiator = ["lab-1"], "source:siem"
        match spoil:
            case "over":
                await world.pass_time(DAY)
            case "revoked":
                await revoke(world, standing)
            case "other target":
                users.append("prod-1")
            case "initiator":
                initiator = "user:u_dave"
            case "proposer gone":
                gone = build_user(id="u_carol", name="carol", email="carol@corp.example", disabled_at=START)
                await world.write(lambda unit: unit.users.update(gone))
            case "role lost":
                dave = build_user(id="u_dave", name="dave", email="dave@corp.example", roles=frozenset({"viewer"}))
                await world.write(lambda unit: unit.users.update(dave))
            case "other text":
                other = replace(standing, revision="sha256:0")
                await world.write(lambda unit: unit.standing_approvals.update(other))
            case "wrote it":
                draft = Revision(
                    playbook="tried", digest=standing.revision, text="", created_at=START, author="user:u_carol"
                )
                await world.write(lambda unit: unit.drafts.add(draft))
        asked = await run_on(world, *users, initiator=initiator)
        assert asked.status == "pending"
        assert called(world) == []

    play(scenario, policy=PERMITTED)


ASKING = Cap(action="crm.wipe", most_items=0, outcome=CapOutcome.ASK, by=("role:soc-lead",))


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (replace(PERMITTED, standing=()), "pending"),
        (replace(PERMITTED, standing=(replace(RULE, action="crm.lock"),)), "pending"),
        (replace(PERMITTED, protected=(ProtectedRule(match='target.id == "lab-1"'),)), "pending"),
        (replace(PERMITTED, caps=(ASKING,)), "pending"),
    ],
)
def test_the_policy_of_the_moment_decides_whether_one_is_used(policy: Policy, status: str) -> None:
    async def scenario(world: World) -> None:
        await agree(world)
        world.policy = policy
        after = await world.restart()
        try:
            assert (await run_on(after, "lab-1")).status == status
            assert called(after) == []
        finally:
            await after.stop()

    play(scenario, policy=PERMITTED)


def test_one_that_is_revoked_after_its_yes_and_before_the_call_lets_no_call_go() -> None:
    async def scenario(world: World) -> None:
        text = gated().replace("foreach:", "id: a\n    foreach:") + "    retry: {attempts: 3, delay: 5m}\n"
        standing = await agree(world, revision=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")
        world.host.script(
            "crm.wipe", ActionAnswer(code=ActionCode.UNAVAILABLE, message="down"), ActionAnswer(output={})
        )
        await world.start(text, inputs={"user": ["lab-1"]})
        await world.settle()
        before = len(world.host.calls)
        await revoke(world, standing)
        await world.pass_time(timedelta(minutes=20))
        assert before == len(world.host.calls) == 1
        (refused,) = [event for event in await world.audit("action.started") if event["outcome"] == "denied"]
        assert f"the standing approval {standing.id} is over" in str(refused["reason"])

    play(scenario, policy=PERMITTED)


def test_a_freeze_stops_what_was_approved_beforehand() -> None:
    async def scenario(world: World) -> None:
        await agree(world)
        freezer = Freezer(ids=world.ids)
        await world.write(
            lambda unit: freezer.freeze(unit, FreezeKind.EVERYTHING, "", "stop", actor=FREEZING, at=world.clock.now())
        )
        assert (await run_on(world, "lab-1")).status == "approved"
        assert called(world) == []

    play(scenario, policy=PERMITTED)


def test_it_takes_two_whom_the_policy_names_and_who_have_not_written_it() -> None:
    async def scenario(world: World) -> None:
        made = await propose(world)
        with pytest.raises(DeniedError) as caught:
            await move(world, "carol", "sign", made.id)
        assert caught.value.code == "second_person"
        for name, code in (("bob", "not_allowed"), ("olga", "own_revision")):
            for what, subject in (("sign", made.id), ("propose", None)):
                with pytest.raises(DeniedError) as refused:
                    await (propose(world, name) if subject is None else move(world, name, what, subject))
                assert refused.value.code == code
        await move(world, "dave", "sign", made.id)
        with pytest.raises(ConflictError):
            await move(world, "dave", "sign", made.id)
        await revoke(world, made)
        for what in ("sign", "revoke"):
            with pytest.raises(NotFoundError):
                await (revoke(world, made) if what == "revoke" else move(world, "dave", what, made.id))

    play(scenario, policy=PERMITTED)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": "crm.lock"}, "standing_not_permitted"),
        ({"until": START + timedelta(days=8)}, "standing_too_long"),
        ({"until": START}, "standing_too_long"),
        ({"targets": "*"}, "standing_too_wide"),
        ({"targets": "?-*"}, "standing_too_wide"),
        ({"targets": "x" * 201}, "standing_too_wide"),
    ],
)
def test_what_is_proposed_names_its_targets_and_ends_in_time(changes: dict[str, object], code: str) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(InputError) as caught:
            await propose(world, **changes)
        assert caught.value.code == code

    play(scenario, policy=PERMITTED)


STRICT = replace(PERMITTED, gates=(replace(GATE, when='"tier0" in target.tags', assurance=Assurance.MFA),))


def test_where_the_policy_may_ask_for_a_second_factor_both_show_one() -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(DeniedError) as caught:
            await propose(world)
        assert caught.value.code == "step_up_required"
        made = await propose(world, assurance=Assurance.MFA)
        with pytest.raises(DeniedError) as refused:
            await move(world, "dave", "sign", made.id)
        assert refused.value.code == "step_up_required"
        signed = await move(world, "dave", "sign", made.id, Assurance.MFA)
        assert (signed.assurance, signed.is_good(world.clock.now())) == (Assurance.MFA, True)
        (event,) = await world.audit("standing_approval.signed")
        assert event["context"]["assurance"] == "mfa"
        assert (await run_on(world, "lab-1")).status == "approved"

    play(scenario, policy=STRICT)


@pytest.mark.parametrize(
    ("proposed", "signed", "status"),
    [
        (Assurance.MFA, Assurance.MFA, "approved"),
        (Assurance.MFA, Assurance.LINKED, "refused"),
        (Assurance.LINKED, Assurance.MFA, "refused"),
    ],
)
def test_a_question_that_asks_for_a_second_factor_is_answered_by_no_weaker_yes(
    proposed: Assurance, signed: Assurance, status: str
) -> None:
    """Nobody here has a second factor, so that a question for people is refused at once."""

    async def scenario(world: World) -> None:
        text = gated().replace("role:analyst", "role:analyst, assurance: mfa")
        revision = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        made = await propose(world, assurance=proposed, revision=revision)
        await move(world, "dave", "sign", made.id, signed)
        world.host.script("crm.wipe", ActionAnswer(output={}))
        run = await world.start(text, inputs={"user": ["lab-1"]}, initiator="source:siem")
        await world.settle()
        assert (await world.approval(run)).status == status
        assert called(world) == (["lab-1"] if status == "approved" else [])

    play(scenario, policy=PERMITTED)
