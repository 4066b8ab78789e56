"""Questions in the store, from the gate that asks to the run that hears the answer."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

import pytest

from soar.approvals.decide import Ballot, Refusal
from soar.approvals.service import find_approval
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.catalog import Effect
from soar.model.errors import NotFoundError
from soar.model.identity import PrincipalKind, UserKind
from soar.model.process import ActionAnswer
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.policy import GateRule, Policy
from tests.support.builders import build_factor, build_principal, build_user
from tests.support.clock import START
from tests.support.world import WORKSPACE, World, at, play

GATE = "{by: role:analyst, reason: Beaconing}"
DONE = ActionAnswer(output={})


def gated(gate: str = GATE, *, use: str = "crm.wipe", user: str = "web-1") -> str:
    return f"""
name: Tried
on: {{manual: {{}}}}
steps:
  - id: gated
    name: Wipe it
    uses: {use}
    with: {{user: "{user}"}}
    approve: {gate}
    on_failure: continue
"""


async def ask(world: World, gate: str = GATE, **more: str) -> Approval:
    """Start a run up to its gate and return the question."""
    world.host.script("crm.wipe", DONE)
    world.host.script("crm.note", DONE)
    starting = {key: more.pop(key) for key in ("initiator", "author") if key in more}
    run = await world.start(gated(gate, **more), **starting)
    await world.settle()
    return await world.approval(run)


def code_of(outcome: Approval | Refusal) -> str:
    return outcome.code if isinstance(outcome, Refusal) else outcome.status.value


def outcomes(events: list[Mapping[str, JsonValue]]) -> list[tuple[object, object]]:
    return [(event["outcome"], event["reason"]) for event in events]


def test_a_gate_asks_with_what_would_be_done_and_who_may_decide() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        assert (asked.status, asked.by, asked.quorum) == (ApprovalStatus.PENDING, ("role:analyst",), 1)
        assert (asked.assurance, asked.confirm) == (Assurance.CONFIRMED, "web-1")
        assert asked.card.question == "Wipe it?"
        assert asked.expires_at - asked.asked_at == timedelta(minutes=30)
        (event,) = await world.audit("approval.requested")
        assert event["digest"] == asked.digest
        assert world.announcer.heard.count((WORKSPACE, "approval", asked.id)) == 1
        assert world.host.calls == []

    play(scenario)


def test_a_gate_before_another_playbook_names_it_and_never_calls_it_a_read() -> None:
    text = "\nname: Tried\non: {manual: {}}\nsteps:\n  - {id: a, uses: playbook.other, approve: role:analyst}\n"

    async def scenario(world: World) -> None:
        run = await world.start(text)
        await world.settle()
        asked = await world.approval(run)
        assert (asked.status, asked.card.action, asked.card.effect) == (
            ApprovalStatus.PENDING,
            "playbook.other",
            Effect.WRITE,
        )

    play(scenario)


def test_a_yes_lets_the_run_go_on_and_a_no_does_not() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        assert code_of(await world.vote("bob", confirm="web-1")) == "approved"
        assert (await world.run(asked.run)).status == "succeeded"
        assert [call.arguments for call in world.host.calls] == [{"user": "web-1"}]

        again = await ask(world)
        assert code_of(await world.vote("bob", "deny", comment="wrong host")) == "denied"
        denied = await world.run(again.run)
        assert (denied.status, denied.reason) == ("denied", "Wipe it: denied: wrong host")
        assert len(world.host.calls) == 1
        assert await world.timers_set() == []

    play(scenario)


def test_every_refused_vote_is_in_the_audit_and_changes_nothing() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, "{by: role:analyst, quorum: 1, reason: r}", initiator="user:u_ann")
        assert code_of(await world.vote("ann", confirm="web-1")) == "excluded_initiator"
        assert code_of(await world.vote("olga", confirm="web-1")) == "not_allowed"
        assert code_of(await world.vote("nobody", confirm="web-1")) == "not_allowed"
        assert code_of(await world.vote("bob")) == "confirm_missing"
        assert code_of(await world.vote("bob", confirm="web-2")) == "confirm_missing"
        assert code_of(await world.vote("bob", confirm="web-1", digest="sha256:0")) == "digest_differs"
        assert await world.pending() == asked
        refused = await world.audit("approval.voted")
        assert [event["outcome"] for event in refused] == ["denied"] * 6
        assert all(event["reason"] for event in refused)
        assert code_of(await world.vote("bob", confirm="web-1")) == "approved"
        assert code_of(await world.vote("bob", approval=asked.id)) == "already_decided"
        assert [event["outcome"] for event in await world.audit("approval.voted")][6:] == ["success", "denied"]
        assert len(await world.messages()) == 3

    play(scenario)


def test_the_audit_says_how_sure_we_were_of_a_voter() -> None:
    async def scenario(world: World) -> list[object]:
        await ask(world)
        await world.vote("bob")
        await world.vote("bob", confirm="web-2")
        await world.vote("bob", confirm="web-1")
        return [event["actor"]["assurance"] for event in await world.audit("approval.voted")]

    assert play(scenario) == ["linked", "linked", "confirmed"]


@pytest.mark.parametrize("kind", [PrincipalKind.SOURCE, PrincipalKind.SYSTEM])
def test_machines_do_not_decide_even_under_a_persons_id(kind: PrincipalKind) -> None:
    async def scenario(world: World) -> None:
        await ask(world)
        assert code_of(await world.vote("bob", confirm="web-1", kind=kind)) == "not_allowed"
        (event,) = await world.audit("approval.voted")
        assert (event["outcome"], event["actor"]["kind"]) == ("denied", kind.value)

    play(scenario)


def test_a_token_votes_as_its_person_and_no_second_time() -> None:
    async def scenario(world: World) -> None:
        await ask(world, "{by: role:analyst, quorum: 2, reason: r}")
        assert code_of(await world.vote("bob", confirm="web-1", kind=PrincipalKind.TOKEN)) == "pending"
        assert code_of(await world.vote("bob", confirm="web-1")) == "already_voted"
        asked = await world.pending()
        assert [vote.user for vote in asked.votes] == ["u_bob"]

    play(scenario)


@pytest.mark.parametrize("initiator", ["user:u_bob", "token:u_bob"])
def test_who_started_the_run_does_not_decide_in_it(initiator: str) -> None:
    async def scenario(world: World) -> str:
        await ask(world, initiator=initiator)
        return code_of(await world.vote("bob", confirm="web-1", kind=PrincipalKind.TOKEN))

    assert play(scenario) == "excluded_initiator"


def test_who_wrote_the_playbook_does_not_decide_where_the_gate_says_so() -> None:
    async def scenario(world: World) -> None:
        await ask(world, "{by: role:analyst, exclude: [author], reason: r}", author="u_bob", initiator="user:u_ann")
        assert code_of(await world.vote("bob", confirm="web-1")) == "excluded_author"
        assert code_of(await world.vote("ann", confirm="web-1")) == "approved"

    play(scenario)


def test_whom_it_is_about_does_not_decide() -> None:
    async def scenario(world: World) -> None:
        await ask(world, user="BOB@corp.example")
        assert code_of(await world.vote("bob", confirm="bob@corp.example")) == "excluded_target"
        assert code_of(await world.vote("ann", confirm="bob@corp.example")) == "approved"

    play(scenario)


def test_roles_are_those_held_at_the_vote_and_a_disabled_person_has_none() -> None:
    async def scenario(world: World) -> None:
        await ask(world)
        bob = build_user(id="u_bob", name="bob", email="bob@corp.example")
        olga = build_user(id="u_olga", name="olga", email="olga@corp.example", roles=frozenset({"analyst"}))

        def change(unit: object) -> None:
            unit.users.update(build_user(id="u_bob", name="bob", email=bob.email, disabled_at=START))
            unit.users.update(olga)

        await world.write(change)
        assert code_of(await world.vote("bob", confirm="web-1")) == "not_allowed"
        assert code_of(await world.vote("olga", confirm="web-1")) == "approved"

    play(scenario)


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("{by: role:publisher, reason: r}", "one person of publisher, and nobody could ever vote"),
        ("{by: role:soc-lead, quorum: 2, reason: r}", "2 people of soc-lead, and 1 could ever vote"),
        ("{by: [group:x, oncall:y], reason: r}", "one person of x, y, and nobody could ever vote"),
    ],
)
def test_a_quorum_that_nobody_could_reach_is_refused_at_once(gate: str, said: str) -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, gate, use="crm.note")
        assert asked.status is ApprovalStatus.REFUSED
        assert asked.reason == f"it needs {said}"
        run = await world.run(asked.run)
        assert run.finished_at == START
        assert (await world.state(asked.run)).records["steps/0"].fault.message == asked.reason
        assert world.host.calls == []
        assert await world.timers_set() == []
        ((outcome, reason),) = outcomes(await world.audit("approval.refused"))
        assert (outcome, reason) == ("failure", asked.reason)
        assert await world.messages() == []

    play(scenario)


STRONG = "{by: role:analyst, quorum: 1, assurance: mfa, reason: r}"


@pytest.mark.parametrize("holders", [(), ("u_carol",), ("u_ann",)], ids=["nobody", "somebody else", "an initiator"])
def test_a_gate_that_wants_a_second_factor_is_refused_where_nobody_who_could_vote_has_one(
    holders: tuple[str, ...],
) -> None:
    async def scenario(world: World) -> None:
        for holder in holders:
            await world.write(lambda unit, holder=holder: unit.factors.add(build_factor(user=holder)))
        asked = await ask(world, STRONG, initiator="user:u_ann")
        assert asked.status is ApprovalStatus.REFUSED
        said = "it needs one person of analyst with a second factor, and nobody could ever vote"
        assert asked.reason == said

    play(scenario)


def test_a_gate_that_wants_a_second_factor_asks_where_somebody_has_one_and_counts_only_that() -> None:
    async def scenario(world: World) -> None:
        await world.write(lambda unit: unit.factors.add(build_factor(user="u_bob")))
        asked = await ask(world, STRONG, initiator="user:u_ann")
        assert asked.status is ApprovalStatus.PENDING
        assert code_of(await world.vote("bob", confirm="web-1")) == "assurance_missing"

    play(scenario)


def test_neither_programs_nor_those_whose_time_is_over_make_a_quorum() -> None:
    async def scenario(world: World) -> str | None:
        def add(unit: object) -> None:
            for name, more in {"sync": {"kind": UserKind.SERVICE}, "past": {"expires_at": START}}.items():
                roles = frozenset({"publisher"})
                unit.users.add(build_user(id=f"u_{name}", name=name, email=f"{name}@x.y", roles=roles, **more))

        await world.write(add)
        return (await ask(world, "{by: role:publisher, reason: r}", use="crm.note")).reason

    assert play(scenario) == "it needs one person of publisher, and nobody could ever vote"


def test_a_refused_question_excludes_those_who_could_have() -> None:
    async def scenario(world: World) -> str | None:
        return (
            await ask(world, "{by: user:bob@corp.example, reason: r}", use="crm.lock", user="bob@corp.example")
        ).reason

    assert play(scenario) == "it needs one person of bob@corp.example, and nobody could ever vote"


def test_escalation_in_time_makes_a_quorum_possible() -> None:
    async def scenario(world: World) -> None:
        gate = "{by: role:publisher, escalate: [{after: 10m, to: role:soc-lead}], reason: r}"
        await ask(world, gate, use="crm.note")
        assert code_of(await world.vote("carol")) == "not_allowed"
        await world.pass_time(timedelta(minutes=10))
        assert code_of(await world.vote("carol")) == "approved"

    play(scenario)


FOUR_EYES = Policy(
    gates=(
        GateRule(
            name="four-eyes",
            when='action.effect != "read"',
            by=("role:soc-lead", "role:incident-commander"),
            quorum=2,
            assurance=Assurance.CONFIRMED,
            exclude=("author",),
        ),
    )
)


def test_policy_raises_what_the_gate_asks_for() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, "{by: role:analyst, quorum: 1, assurance: linked, exclude: [], reason: r}")
        assert asked.by == ("role:soc-lead", "role:incident-commander")
        assert (asked.quorum, asked.assurance) == (2, Assurance.CONFIRMED)
        assert asked.exclude_users == {"u_olga": "author"}

    play(scenario, policy=FOUR_EYES)


def test_whom_the_policy_does_not_admit_is_told_and_does_not_decide() -> None:
    async def scenario(world: World) -> None:
        gate = (
            "{by: role:soc-lead, escalate: [{after: 5m, to: role:analyst}, {after: 6m, to: role:soc-lead}], reason: r}"
        )
        asked = await ask(world, gate)
        assert [(level.to, level.may_decide) for level in asked.escalations] == [
            ("role:analyst", False),
            ("role:soc-lead", True),
        ]

    play(scenario, policy=FOUR_EYES)


def test_whom_a_gate_is_escalated_to_is_said_with_what_they_may_do() -> None:
    async def scenario(world: World) -> None:
        gate = (
            "{by: role:analyst, escalate: [{after: 5m, to: oncall:night}, {after: 5m, to: role:soc-lead}], reason: r}"
        )
        await ask(world, gate)
        await world.pass_time(timedelta(minutes=6))
        assert (await world.messages())[-1].text.endswith("escalated: soc-lead may decide, too; night should know")

    play(scenario)


def test_what_must_be_typed_is_the_target_how_many_there_are_or_the_code() -> None:
    async def scenario(world: World) -> None:
        assert (await ask(world)).confirm == "web-1"
        assert (await ask(world, "{by: role:analyst, confirm: wipe it, reason: r}")).confirm == "wipe it"
        gate = "{by: role:analyst, assurance: confirmed, reason: r}"
        text = f"name: Tried\non: {{manual: {{}}}}\nsteps: [{{name: Go on, approve: {gate}}}]"
        run = await world.start(text)
        await world.settle()
        alone = await world.approval(run)
        assert alone.confirm == alone.code
        assert code_of(await world.vote("bob", approval=alone.id)) == "confirm_missing"
        assert code_of(await world.vote("bob", approval=alone.id, confirm=alone.code)) == "approved"

    play(scenario)


def test_a_group_is_asked_about_as_its_gravest_action() -> None:
    text = """
name: Tried
on: {manual: {}}
steps:
  - name: Both
    approve: {by: role:analyst, reason: r}
    steps:
      - {uses: crm.note, with: {user: a}}
      - {uses: crm.wipe, with: {user: a}}
"""

    async def scenario(world: World) -> None:
        run = await world.start(text)
        await world.settle()
        card = (await world.approval(run)).card
        assert (card.action, card.effect) == ("crm.wipe", "destructive")
        assert [call["action"] for call in card.arguments] == ["crm.note", "crm.wipe"]

    play(scenario)


def test_codes_are_unique_among_open_questions_and_forgive_look_alikes() -> None:
    class Crowded:
        def __init__(self, world: World) -> None:
            self.new, self.asked = world.ids.new, 0

        def code(self, length: int) -> str:
            self.asked += 1
            return "0123456789"[:length]

    async def scenario(world: World) -> None:
        world.approvals._ids = Crowded(world)
        codes = [(await ask(world)).code for _ in range(3)]
        assert codes == ["0123", "01234", "0123456789"]
        for typed in ("0123", " oI23 ", "OL23", "o123"):
            assert (await world.read(lambda unit, typed=typed: find_approval(unit, typed))).code == "0123"
        with pytest.raises(NotFoundError):
            await world.read(lambda unit: find_approval(unit, "ZZ99"))
        assert code_of(await world.vote("bob", approval="0123", confirm="web-1")) == "approved"
        assert (await ask(world)).code == "0123"
        assert (await world.read(lambda unit: find_approval(unit, "oi23"))).status is ApprovalStatus.PENDING

    play(scenario)


def test_voting_on_what_is_not_there_is_an_error() -> None:
    async def scenario(world: World) -> None:
        ballot = Ballot(VoteChoice.APPROVE, "")
        with pytest.raises(NotFoundError):
            await world.write(lambda unit: world.approvals.vote(unit, "ZZ99", build_principal(), ballot, START))

    play(scenario)


LONG = """{by: role:analyst, reason: r, remind: [10m, 20m],
      escalate: [{after: 10m, to: role:soc-lead}, {after: 15m, to: role:incident-commander}]}"""


def test_it_reminds_escalates_and_expires_each_exactly_once_at_its_moment() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, LONG)
        for _ in range(70):
            await world.pass_time(timedelta(seconds=30))
        events = [event for event in await world.audit("approval.") if event["type"] != "approval.requested"]
        assert [(event["type"], event["at"][11:19], event["reason"]) for event in events] == [
            ("approval.escalated", "09:10:00", "role:soc-lead"),
            ("approval.reminded", "09:10:00", None),
            ("approval.escalated", "09:15:00", "role:soc-lead, role:incident-commander"),
            ("approval.reminded", "09:20:00", None),
            ("approval.expired", "09:30:00", None),
        ]
        lines = [message.text.removeprefix(f"{asked.code} ") for message in await world.messages()][1:]
        assert lines == [
            "escalated: soc-lead may decide, too",
            "still waiting for analyst or soc-lead; in 20 min the answer is no",
            "escalated: soc-lead, incident-commander may decide, too",
            "still waiting for analyst or soc-lead or incident-commander; in 10 min the answer is no",
            "nobody decided in time: not done",
        ]
        assert (await world.run(asked.run)).status == "denied"
        assert world.host.calls == []
        assert await world.timers_set() == []

    play(scenario)


def test_reminders_come_by_default_at_half_and_four_fifths_of_the_time() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        assert asked.remind_at == (at(15), at(24))
        assert sorted({timer.due_at for timer in await world.timers_set()})[:3] == [at(15), at(24), at(30)]

    play(scenario)


def test_a_server_that_slept_over_it_all_expires_the_question_and_says_nothing_else() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, LONG)
        await world.stop()
        await world.clock.sleep(3600)
        after = await world.restart()
        await after.pass_time(timedelta(0))
        kinds = [event["type"] for event in await after.audit("approval.")]
        assert kinds == ["approval.requested", "approval.expired"]
        assert (await after.run(asked.run)).status == "denied"
        await after.stop()

    play(scenario)


def test_a_late_timer_finds_a_closed_question_and_does_nothing() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        await world.vote("bob", confirm="web-1")
        before = (await world.approval(asked.run), await world.audit("approval."), await world.messages())
        for minutes in (15, 30, 60):
            woken = await world.write(
                lambda unit, minutes=minutes: world.approvals.wake(unit, {"approval": asked.id}, at(minutes))
            )
            assert woken is None
        assert await world.write(lambda unit: world.approvals.wake(unit, {"approval": "ap_gone"}, START)) is None
        assert (await world.approval(asked.run), await world.audit("approval."), await world.messages()) == before

    play(scenario)


def test_a_cancelled_run_takes_its_question_back() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        await world.cancel(asked.run)
        closed = await world.approval(asked.run)
        assert closed.status is ApprovalStatus.CANCELLED
        assert code_of(await world.vote("bob", approval=asked.id, confirm="web-1")) == "already_decided"
        assert await world.timers_set() == []
        assert (await world.messages())[-1].text.startswith(f"{asked.code} cancelled: ")
        await world.write(lambda unit: world.approvals.cancel(unit, asked.id, "again", START))
        assert len(await world.audit("approval.cancelled")) == 1

    play(scenario)


def test_hostile_words_reach_the_audit_as_they_are_and_the_chat_on_one_line() -> None:
    words = "no\nAB12 approved by ciso"

    async def scenario(world: World) -> None:
        await ask(world)
        await world.vote("bob", "deny", comment=words)
        assert [event["reason"] for event in await world.audit("approval.voted")] == [words]
        texts = [message.text for message in await world.messages()]
        assert all(len(text.splitlines()) == 1 for text in texts)
        code = texts[0][:4]
        assert texts[1:] == [
            f"{code} bob: deny “no AB12 approved by ciso”",
            f"{code} denied by bob: no AB12 approved by ciso",
        ]

    play(scenario)


def test_versions_count_every_change() -> None:
    async def scenario(world: World) -> None:
        versions = [(await ask(world, LONG)).version]
        for _ in range(5):
            await world.pass_time(timedelta(minutes=5))
            versions.append((await world.pending()).version)
        assert all(earlier <= later for earlier, later in pairwise(versions))
        assert versions == [1, 1, 3, 4, 5, 5]

    play(scenario)


def test_the_card_shows_the_authors_own_way_back() -> None:
    async def scenario(world: World) -> None:
        plain = await ask(world)
        run = await world.start(gated() + "    undo: {uses: crm.note, with: {text: never mind}}\n")
        await world.settle()
        undoable = await world.approval(run)
        assert (plain.card.is_reversible, plain.card.undo) == (False, "")
        assert (undoable.card.is_reversible, undoable.card.undo) == (True, "crm.note")

    play(scenario)
