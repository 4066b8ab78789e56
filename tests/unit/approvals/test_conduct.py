"""Questions in the store: taken back, asked about, given more time, lent to others, asked anew under another policy."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.approvals.conduct import Conduct
from soar.approvals.console import Console, Said, Speaker
from soar.approvals.decide import Ballot, Refusal
from soar.approvals.delegations import delegate, end_delegation
from soar.approvals.service import ApprovalService
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.delegation import Delegation
from soar.model.errors import DeniedError, InputError, NotFoundError
from soar.model.identity import Principal
from soar.model.process import ActionAnswer
from soar.model.step import Assurance
from soar.policy import DEFAULT_POLICY, GateRule, Policy
from tests.support.builders import build_principal, build_user
from tests.support.chat import make_brake
from tests.support.clock import START
from tests.support.world import PEOPLE, World, at, play

TWO = Policy(
    gates=(
        GateRule(
            name="two",
            when='action.effect == "destructive"',
            by=("role:analyst",),
            quorum=2,
            assurance=Assurance.CONFIRMED,
        ),
    )
)
PAIR = "{by: role:analyst, quorum: 2, reason: r}"
LEADS = "{by: role:soc-lead, reason: r}"


def gated(gate: str) -> str:
    return f"""
name: Tried
on: {{manual: {{}}}}
steps:
  - {{id: gated, name: Wipe it, uses: crm.wipe, with: {{user: web-1}}, approve: {gate}}}
"""


def looped() -> str:
    return """
name: Tried
on: {manual: {}}
steps:
  - id: gated
    foreach: {in: '["web-1", "web-2"]', as: host}
    uses: crm.wipe
    with: {user: "${{ host }}"}
    approve: {by: role:analyst, reason: r}
"""


async def ask(world: World, gate: str = PAIR, initiator: str = "source:siem", text: str = "") -> Approval:
    world.host.script("crm.wipe", ActionAnswer(output={}))
    run = await world.start(text or gated(gate), initiator=initiator)
    await world.settle()
    return await world.approval(run)


def who(name: str) -> Principal:
    return build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))


def code_of(outcome: Approval | Refusal) -> str:
    return outcome.code if isinstance(outcome, Refusal) else outcome.status.value


def conduct(world: World) -> Conduct:
    return Conduct(approvals=world.approvals, ids=world.ids)


async def type_in(world: World, name: str | None, text: str, *, assurance: Assurance = Assurance.LINKED) -> str:
    """Let somebody type something in a chat, and return the answer."""
    brake = make_brake(world.ids, "http://soar.test")
    console = Console(
        approvals=world.approvals, conduct=conduct(world), ids=world.ids, url="http://soar.test", brake=brake
    )
    speaker = name and Speaker(
        principal=who(name),
        assurance=assurance,
        may_see=lambda _: True,
        over=lambda _: None if name == "olga" else who(name),
        undo=lambda run, step: Said(f"undone: {run} {step}"),
    )
    said = await world.write(
        lambda unit: console.answer_command(unit, speaker or None, "Mattermost", text, world.clock.now())
    )
    await world.settle()
    assert isinstance(said, Said)
    return said.text


async def lend(
    world: World, giver: str, to: str, days: float = 1, undelegable: frozenset[str] = frozenset()
) -> Delegation:
    until = world.clock.now() + timedelta(days=days)
    now = world.clock.now()
    return await world.write(
        lambda unit: delegate(unit, who(giver), to, until, ids=world.ids, at=now, undelegable=undelegable)
    )


def test_a_vote_that_is_taken_back_counts_no_more_and_the_record_has_both() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        await world.vote("bob", confirm="web-1")
        taken = await world.write(lambda unit: conduct(world).take_back(unit, asked.id, who("bob"), world.clock.now()))
        assert code_of(taken) == "pending"
        assert code_of(await world.vote("ann", confirm="web-1")) == "pending"
        assert world.host.calls == []
        assert code_of(await world.vote("bob", confirm="web-1")) == "approved"
        refused = await world.write(lambda unit: conduct(world).take_back(unit, asked.id, who("bob"), START))
        assert code_of(refused) == "already_decided"
        events = await world.audit("approval.vote_taken_back")
        assert [event["outcome"] for event in events] == ["success", "denied"]
        texts = [message.text.partition(" ")[2] for message in await world.messages()][1:]
        assert texts[:3] == ["bob: approve", "bob: takes their vote back", "ann: approve"]

    play(scenario)


def test_what_somebody_wants_to_know_reaches_whoever_started_the_run() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, "{by: role:analyst, reason: r}", initiator="user:u_ann")
        assert (
            await type_in(world, "bob", f"!ask {asked.code} who owns it?") == f"{asked.code}: asked. The time runs on."
        )
        said = f"{asked.code} bob asks ann, analyst: “who owns it?”"
        assert [message.text for message in await world.messages("@ann@corp.example")] == [said]
        assert (await world.messages())[-1].text == said
        ((event),) = await world.audit("approval.inquired")
        assert (event["reason"], event["actor"]["name"]) == ("who owns it?", "bob")
        assert (await world.pending()).expires_at == asked.expires_at

    play(scenario)


def test_more_time_moves_the_end_and_no_second_end_comes() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        await world.pass_time(timedelta(minutes=20))
        assert await type_in(world, "carol", f"!extend {asked.code} 15m") == f"{asked.code}: until 09:45."
        assert (await type_in(world, "carol", f"!extend {asked.code} 15m")).endswith("and gets it once.")
        await world.pass_time(timedelta(minutes=15))
        assert (await world.pending()).id == asked.id
        await world.pass_time(timedelta(minutes=10))
        assert (await world.approval(asked.run)).status is ApprovalStatus.EXPIRED
        assert (await world.approval(asked.run)).decided_at == at(45)
        assert await world.timers_set() == []
        assert [event["outcome"] for event in await world.audit("approval.extended")] == ["success", "denied"]

    play(scenario)


def test_a_delegate_votes_and_the_record_names_both() -> None:
    async def scenario(world: World) -> None:
        await ask(world, LEADS)
        assert code_of(await world.vote("bob", confirm="web-1")) == "not_allowed"
        lent = await lend(world, "carol", "BOB@corp.example")
        assert code_of(await world.vote("bob", confirm="web-1")) == "approved"
        event = (await world.audit("approval.voted"))[-1]
        assert (event["actor"]["name"], event["context"]["for"], event["context"]["for_name"]) == (
            "bob",
            "u_carol",
            "carol",
        )
        (delegated,) = await world.audit("approval.delegated")
        assert (delegated["context"]["giver_name"], delegated["context"]["receiver_name"]) == ("carol", "bob")
        assert (await world.messages())[-1].text.endswith("approved by bob for carol")
        now = world.clock.now()
        await world.write(lambda unit: end_delegation(unit, lent.id, who("carol"), ids=world.ids, at=now))
        with pytest.raises(NotFoundError):
            await world.write(lambda unit: end_delegation(unit, lent.id, who("carol"), ids=world.ids, at=now))
        await ask(world, LEADS)
        assert code_of(await world.vote("bob", confirm="web-1")) == "not_allowed"

    play(scenario)


def test_a_delegation_ends_by_itself_and_with_its_giver() -> None:
    async def scenario(world: World) -> None:
        await ask(world, LEADS)
        await lend(world, "carol", "bob", days=0.01)
        await world.pass_time(timedelta(minutes=15))
        assert code_of(await world.vote("bob", confirm="web-1")) == "not_allowed"
        await lend(world, "carol", "bob")
        gone = build_user(id="u_carol", name="carol", email="carol@corp.example", disabled_at=START)
        await world.write(lambda unit: unit.users.update(replace(gone, roles=frozenset({"soc-lead"}))))
        assert code_of(await world.vote("bob", confirm="web-1")) == "not_allowed"

    play(scenario)


def test_a_role_that_forbids_it_is_not_lent() -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(DeniedError, match="soc-lead"):
            await lend(world, "carol", "bob", undelegable=frozenset({"soc-lead"}))
        await lend(world, "carol", "bob")
        strict = ApprovalService(ids=world.ids, policy=DEFAULT_POLICY, undelegable=frozenset({"soc-lead"}))
        asked = await ask(world, LEADS)
        ballot = Ballot(VoteChoice.APPROVE, asked.digest, confirm="web-1")
        outcome = await world.write(lambda unit: strict.vote(unit, asked.id, who("bob"), ballot, START))
        assert code_of(outcome) == "not_allowed"

    play(scenario)


@pytest.mark.parametrize(
    ("to", "days", "error"), [("carol", 1, InputError), ("bob", 31, InputError), ("eve", 1, NotFoundError)]
)
def test_nobody_lends_to_themselves_to_nobody_or_for_ever(to: str, days: float, error: type[Exception]) -> None:
    async def scenario(world: World) -> None:
        with pytest.raises(error):
            await lend(world, "carol", to, days)
        assert await world.audit("approval.delegated") == []

    play(scenario)


def test_who_started_it_gains_nothing_by_lending_their_say() -> None:
    async def scenario(world: World) -> None:
        await ask(world, "{by: role:analyst, reason: r}", initiator="user:u_ann")
        await lend(world, "ann", "bob")
        assert code_of(await world.vote("bob", confirm="web-1")) == "excluded_delegate"

    play(scenario)


def test_a_question_that_only_delegates_of_the_excluded_could_decide_is_refused_at_once() -> None:
    async def scenario(world: World) -> None:
        await lend(world, "ann", "bob")
        asked = await ask(world, "{by: role:analyst, reason: r}", initiator="user:u_ann")
        assert asked.status is ApprovalStatus.REFUSED
        assert asked.reason == "it needs one person of analyst, and nobody could ever vote"

    play(scenario)


def test_the_empty_roles_of_an_impossible_quorum_are_named() -> None:
    async def scenario(world: World) -> str | None:
        gate = "{by: [role:soc-lead, role:publisher, group:night], quorum: 2, reason: r}"
        asked = await ask(world, text=gated(gate).replace("crm.wipe", "crm.note"))
        assert (await world.run(asked.run)).status == "failed"
        return asked.reason

    assert play(scenario) == (
        "it needs 2 people of soc-lead, publisher, night, and 1 could ever vote; nobody of publisher, night can"
    )


@pytest.mark.parametrize("text", ["", looped()])
def test_another_policy_has_it_asked_anew_and_no_vote_carries_over(text: str) -> None:
    async def scenario(world: World) -> None:
        old = await ask(world, PAIR, text=text)
        if not text:
            await world.vote("bob", confirm="web-1")
        world.policy = TWO
        after = await world.restart()
        refused = await after.vote("ann", approval=old.id, confirm=old.confirm)
        assert code_of(refused) == "superseded"
        await after.settle()
        new = await after.pending()
        closed = await after.read(lambda unit: unit.approvals.get(old.id))
        assert closed is not None
        assert (closed.status, new.quorum, new.votes, new.run) == (ApprovalStatus.SUPERSEDED, 2, (), old.run)
        assert f"superseded by {new.code}: the policy changed" in [
            message.text.partition(" ")[2] for message in await after.messages()
        ]
        assert code_of(await after.vote("ann", approval=old.id, confirm=old.confirm)) == "already_decided"
        assert code_of(await after.vote("ann", confirm=new.confirm)) == "pending"
        assert after.host.calls == []
        assert code_of(await after.vote("bob", confirm=new.confirm)) == "approved"
        assert len(after.host.calls) == (2 if text else 1)
        assert [event["outcome"] for event in await after.audit("approval.superseded")] == ["success"]
        await after.stop()

    play(scenario)


def test_a_timer_has_it_asked_anew_too() -> None:
    async def scenario(world: World) -> None:
        old = await ask(world)
        world.policy = TWO
        after = await world.restart()
        await after.pass_time(timedelta(minutes=15))
        assert (await after.pending()).id != old.id
        await after.stop()

    play(scenario)


def test_what_was_approved_under_a_laxer_policy_is_not_done_under_a_stricter_one() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, "{by: role:analyst, reason: r}")
        await world.stop()
        ballot = Ballot(VoteChoice.APPROVE, asked.digest, confirm="web-1")
        voted = await world.write(lambda unit: world.approvals.vote(unit, asked.id, who("bob"), ballot, START))
        assert code_of(voted) == "approved"
        world.policy = TWO
        after = await world.restart()
        await after.settle()
        assert (await after.run(asked.run)).status == "failed"
        assert after.host.calls == []
        (started,) = await after.audit("action.started")
        assert (started["outcome"], started["reason"]) == (
            "denied",
            "policy `two` asks for more now than when this was approved",
        )
        await after.stop()

    play(scenario)


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        (None, "!approve {code} web-1", "Your Mattermost account is not linked: !link"),
        ("bob", "!approve {code} seen it", "{code} needs the name: !approve {code} web-1 your comment"),
        ("bob", "!approve {low} WEB-1 seen it", "{code}: approved by bob."),
        ("bob", "!deny {code} wrong host", "{code}: denied by bob: wrong host."),
        ("bob", "!approve zz99", "No open request ZZ99. Did you mean {code} (web-1, 30 min left)?"),
        ("bob", "!extend {code} soon", "How much more? !extend {code} 15m"),
        ("bob", "!pending", "{code} Wipe it? (30 min left)"),
        ("bob", "!whoami", "You are bob (analyst), from Mattermost."),
        ("bob", "!link", "Your Mattermost account is linked to bob already."),
        ("bob", "!undo run_1 isolate", "undone: run_1 isolate"),
        ("olga", "!approve {code} web-1", "You may not decide {code}: your roles do not reach it."),
        (
            "carol",
            "!approve {code} web-1",
            "You may not decide {code}: it needs analyst (you: soc-lead). I have told ann, bob.",
        ),
        (
            "bob",
            "!show {code}",
            "{code}: Wipe it? crm.wipe on web-1 · 0 of 1 yes · analyst · 30 min left · http://soar.test/a/{code}",
        ),
    ],
)
def test_a_command_is_answered_with_the_next_step(name: str | None, text: str, answer: str) -> None:
    async def scenario(world: World) -> tuple[str, str]:
        asked = await ask(world, "{by: role:analyst, reason: r}")
        typed = text.format(code=asked.code, low=asked.code.lower())
        return await type_in(world, name, typed), answer.format(code=asked.code)

    said, expected = play(scenario)
    assert said == expected


def test_where_a_second_factor_is_needed_the_answer_says_where_to_log_in() -> None:
    async def scenario(world: World) -> None:
        gate = "{by: role:analyst, reason: r}"
        asked = await ask(world, gate)
        strict = replace(asked, assurance=Assurance.MFA)
        await world.write(lambda unit: unit.approvals.update(strict, expected=asked.version))
        said = await type_in(world, "bob", f"!approve {asked.code} web-1")
        assert said == f"{asked.code} needs a fresh login: http://soar.test/a/{asked.code}"
        assert await type_in(world, "bob", f"!approve {asked.code} web-1", assurance=Assurance.MFA) == (
            f"{asked.code}: approved by bob."
        )

    play(scenario)


def test_a_deciders_attention_is_asked_for_once_by_each_who_may_not() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, "{by: role:analyst, reason: r}")
        for _ in range(3):
            await type_in(world, "carol", f"!approve {asked.code} web-1")
        (message,) = await world.messages("@bob@corp.example")
        assert message.text == f"{asked.code} waits for you: Wipe it? carol wanted to decide it and may not."

    play(scenario)
