"""Votes, timers, crashes, other policies, tampering, people who stand in, two chats: nothing runs without its yes.

`make approvals-fuzz` tries more of it.
"""

import os
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from soar.approvals.conduct import Conduct
from soar.approvals.console import Console, Said, Speaker
from soar.approvals.decide import Ballot, Refusal, shown_digest
from soar.approvals.delegations import delegate
from soar.approvals.rota import parse_rotas
from soar.engine.gate import digest_calls
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.catalog import Effect, Repeat
from soar.model.process import ActionAnswer, ActionCall
from soar.model.step import Assurance
from soar.model.values import print_timestamp
from soar.policy import GateRule, Policy, digest_gates
from tests.support.builders import build_principal, build_user
from tests.support.chat import make_brake
from tests.support.clock import START
from tests.support.loop import virtual_loop
from tests.support.world import PEOPLE, WORKSPACE, World, build_actions_catalog, build_spec, check_record, open_world

T = TypeVar("T")

EXAMPLES = int(os.environ.get("SOAR_APPROVALS", "30"))
STEPS = int(os.environ.get("SOAR_APPROVALS_STEPS", "20"))
CATALOG = build_actions_catalog((build_spec("crm.wipe", Effect.DESTRUCTIVE, Repeat.UNSAFE, targets="user"),))
ESCALATED = timedelta(minutes=10)
RELIEVED = START + timedelta(minutes=12)
ROTAS = parse_rotas(
    {
        "rotas": {
            "ic": {
                "overrides": [
                    {"from": "2026-01-01T00:00:00Z", "to": print_timestamp(RELIEVED), "people": ["olga@corp.example"]},
                    {"from": print_timestamp(RELIEVED), "to": "2027-01-01T00:00:00Z", "people": ["bob@corp.example"]},
                ]
            }
        }
    }
)
VOTERS = st.sampled_from(["ann", "bob", "bob", "carol", "dave", "dave", "olga"])
RECEIVERS = st.sampled_from(["olga", "olga", "carol", "bob"])
MOST_RUNS = 3


@dataclass(frozen=True)
class Rules:
    """A policy, and what it means in plain words: whose yes can count at all, and how many it takes."""

    policy: Policy
    roles: frozenset[str]
    quorum: int
    has_duty: bool


def make_rules(by: str, quorum: int, *roles: str, duty: str = "") -> Rules:
    rule = GateRule(
        name="asked",
        when='action.effect == "destructive"',
        by=(by, duty) if duty else (by,),
        quorum=quorum,
        assurance=Assurance.CONFIRMED,
    )
    return Rules(Policy(gates=(rule,)), frozenset(roles), quorum, bool(duty))


POLICIES = (
    make_rules("role:analyst", 1, "analyst", "soc-lead", "incident-commander", duty="oncall:ic"),
    make_rules("role:analyst", 2, "analyst", "soc-lead", "incident-commander"),
    make_rules("role:incident-commander", 1, "incident-commander"),
)


@dataclass
class Lent:
    """Somebody's say, lent."""

    giver: str
    receiver: str
    until: datetime


@dataclass
class Counted:
    """What we know of one question without asking the code: whose yes counts, and for whom each was."""

    initiator: str
    asked_at: datetime
    expires_at: datetime
    policy: int
    seats: dict[str, str] = field(default_factory=dict)
    on_duty: set[str] = field(default_factory=set)
    noes: set[str] = field(default_factory=set)
    is_extended: bool = False
    is_tampered: bool = False


def write_playbook(quorum: int, has_veto: bool, target: str) -> str:  # noqa: FBT001 -- drawn by Hypothesis
    return f"""
name: Tried
on: {{manual: {{}}}}
steps:
  - uses: crm.wipe
    with: {{user: {target}}}
    approve:
      by: [role:analyst, role:incident-commander, "oncall:ic"]
      quorum: {quorum}
      veto: {str(has_veto).lower()}
      reason: Beaconing
      timeout: 30m
      remind: 5m
      escalate: [{{after: 10m, to: role:soc-lead}}]
"""


class Everything(RuleBasedStateMachine):
    """Up to three questions at once; whatever happens, a call needs the yes of enough of the right people."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.loop = self.stack.enter_context(virtual_loop())
        self.current = 0
        self.world: World = self.do(open_world(policy=POLICIES[0].policy, catalog=CATALOG, rotas=ROTAS))
        self.world.host.script("crm.wipe", ActionAnswer(output={}))
        self.runs: dict[str, str] = {}
        self.known: dict[str, Counted] = {}
        self.ended: dict[str, ApprovalStatus] = {}
        self.disabled: set[str] = set()
        self.lent: list[Lent] = []
        self.seen = 0

    def do(self, work: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(work)

    async def now_of(self) -> datetime:
        return self.world.clock.now()

    @property
    def now(self) -> datetime:
        return self.do(self.now_of())

    def questions(self) -> list[Approval]:
        return [*self.do(self.world.read(lambda unit: unit.approvals.list(1_000))).items]

    def open(self, index: int) -> Approval | None:
        """Return one of the open questions, if there is one."""
        found = [each for each in self.questions() if each.status is ApprovalStatus.PENDING]
        return found[index % len(found)] if found else None

    def live(self) -> None:
        """Let another process take over if this one has died."""
        if self.world.mortal.died.is_set():
            self.restart_with(self.current)

    def restart_with(self, policy: int, last: int = 0, *, is_written: bool = True) -> None:
        self.world.policy = POLICIES[policy].policy
        self.current = policy
        self.world = self.do(self.world.restart(last=last, is_written=is_written))
        self.do(self.world.settle())

    # What happens.

    @initialize(quorum=st.sampled_from([1, 1, 2, 2, 2, 3]), has_veto=st.booleans())
    def begin(self, quorum: int, has_veto: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        self.quorum, self.has_veto = quorum, has_veto
        self.start("source:siem")

    @precondition(lambda self: len(self.runs) < MOST_RUNS)
    @rule(
        initiator=st.sampled_from(["user:u_ann", "token:u_bob", "source:siem", "source:siem"]),
        is_same=st.sampled_from([True, True, False]),
    )
    def start(self, initiator: str, is_same: bool = True) -> None:  # noqa: FBT001, FBT002 -- drawn by Hypothesis
        self.live()
        text = write_playbook(self.quorum, self.has_veto, "web-0" if is_same else f"web-{len(self.runs)}")
        run = self.do(self.world.start(text, initiator=initiator))
        self.do(self.world.settle())
        self.runs[run] = initiator.partition("u_")[2]

    @rule(
        index=st.integers(0, 2),
        name=VOTERS,
        choice=st.sampled_from([*7 * [VoteChoice.APPROVE], VoteChoice.DENY]),
        typed=st.sampled_from(["right", "right", "right", "web-x", ""]),
        digest=st.sampled_from(["", "", "", "sha256:0"]),
        chat=st.sampled_from(["", "Slack", "Matrix"]),
    )
    def vote(self, index: int, name: str, choice: VoteChoice, typed: str, digest: str, chat: str) -> None:
        asked = self.open(index)
        if asked is None:
            return
        self.meet()
        typed = asked.confirm if typed == "right" else typed
        seat = None if asked.merged_into else self.expect_seat(asked, name)
        along = {each.id: self.expect_seat(each, name) for each in self.members_of(asked)}
        is_right = choice is VoteChoice.DENY or typed.strip() == asked.confirm
        if chat:
            outcome = self.do(self.say(chat, name, f"!{choice.value} {asked.code.lower()} {typed} seen it"))
            is_counted = outcome is not None
        else:
            outcome = self.do(self.cast(asked, name, choice, typed, digest))
            is_counted = outcome is not None
            is_right = is_right and not digest
        assert is_counted == (seat is not None and is_right), (asked, name, choice, typed)
        if not is_counted or seat is None:
            return
        self.note(asked.id, name, seat, choice)
        for member, own in along.items():
            if own is not None:
                self.note(member, name, own, choice)
        self.do(self.world.settle())

    def note(self, asked: str, name: str, seat: str, choice: VoteChoice) -> None:
        known = self.known[asked]
        if choice is VoteChoice.APPROVE:
            known.seats[name] = seat
        else:
            known.noes.add(name)
        if PEOPLE[seat] not in POLICIES[known.policy].roles:
            assert seat == name
            assert self.is_on_call(name)
            known.on_duty.add(name)

    def is_on_call(self, name: str) -> bool:
        return name == ("olga" if self.now < RELIEVED else "bob")

    def members_of(self, lead: Approval) -> list[Approval]:
        """Return the open questions that are decided with one, as their rows say and not as it says."""
        return [each for each in self.questions() if each.merged_into == lead.id and each.status == "pending"]

    @rule(index=st.integers(0, 2), names=st.permutations([*PEOPLE]), count=st.sampled_from([5, 4, 3, 2]))
    def agree(self, index: int, names: list[str], count: int) -> None:
        """Let several people say yes to one question, one after the other, each as it should be said."""
        first = self.open(index)
        for name in names[:count]:
            asked = self.open(index)
            if first is not None and asked is not None and asked.id == first.id:
                self.vote(index, name, VoteChoice.APPROVE, "right", "", "")

    async def cast(self, asked: Approval, name: str, choice: VoteChoice, typed: str, digest: str) -> Approval | None:
        ballot = Ballot(choice, digest or shown_digest(asked), confirm=typed or None)
        principal = build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))
        world = self.world
        outcome = await world.write(
            lambda unit: world.approvals.vote(unit, asked.id, principal, ballot, world.clock.now())
        )
        return None if isinstance(outcome, Refusal) else outcome

    async def say(self, chat: str, name: str, text: str) -> Approval | None:
        world = self.world
        conduct = Conduct(approvals=world.approvals, ids=world.ids)
        brake = make_brake(world.ids, "http://soar.test")
        console = Console(
            approvals=world.approvals, conduct=conduct, ids=world.ids, url="http://soar.test", brake=brake
        )
        principal = build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))
        speaker = Speaker(
            principal=principal,
            assurance=Assurance.LINKED,
            may_see=lambda _: True,
            over=lambda _: principal,
            undo=lambda run, step: Said(f"{run} {step}"),
        )
        said = await world.write(lambda unit: console.answer_command(unit, speaker, chat, text, world.clock.now()))
        assert said is not None
        return said.changed

    def expect_seat(self, asked: Approval, name: str) -> str | None:
        """Return as whom somebody could vote now, worked out from what was done and not from what the code says."""
        known, now = self.known[asked.id], self.now
        if known.policy != self.current or now >= known.expires_at or name in self.disabled:
            return None
        lent = [each for each in self.lent if each.receiver == name and now < each.until]
        givers = [each.giver for each in lent if each.giver not in self.disabled]
        kept_out = {user.removeprefix("u_") for user in asked.exclude_users}
        assert not known.initiator or known.initiator in kept_out
        if kept_out & {name, *givers}:
            return None
        is_raised = any(level.is_reached for level in asked.escalations)  # by a timer, which dies with its process
        assert not is_raised or now >= known.asked_at + ESCALATED
        roles = {"analyst", "incident-commander"} | ({"soc-lead"} if is_raised else set())
        heard = {*known.seats, *known.seats.values(), *known.noes, *self.refused_for(asked)}
        rules = POLICIES[known.policy]
        by_duty = [name] if rules.has_duty and self.is_on_call(name) else []
        by_role = [each for each in (name, *givers) if PEOPLE[each] in roles & rules.roles]
        may = by_duty or by_role
        may += [each for each in by_role if each not in may]
        free = [each for each in may if each not in heard]
        return free[0] if free and name not in heard else None

    def refused_for(self, asked: Approval) -> set[str]:
        """Return in whose place somebody said no."""
        return {vote.for_name for vote in asked.votes if vote.for_name is not None}

    @rule(index=st.integers(0, 2), name=VOTERS)
    def take_back(self, index: int, name: str) -> None:
        asked = self.open(index)
        if asked is None:
            return
        self.meet()
        known, members = self.known[asked.id], self.members_of(asked)
        changed = self.do(self.say("Slack", name, f"!takeback {asked.code}"))
        has_voted = name in known.seats or name in known.noes
        is_able = has_voted and not asked.merged_into and self.now < known.expires_at and name not in self.disabled
        assert (changed is not None) == is_able
        for each in (asked, *members) if changed is not None else ():
            self.known[each.id].seats.pop(name, None)
            self.known[each.id].noes.discard(name)

    @rule(index=st.integers(0, 2), name=VOTERS, minutes=st.sampled_from([1, 15, 30, 31]))
    def extend(self, index: int, name: str, minutes: int) -> None:
        asked = self.open(index)
        if asked is None:
            return
        self.meet()
        members = [each.id for each in self.members_of(asked)]
        changed = self.do(self.say("Matrix", name, f"!extend {asked.code} {minutes}m"))
        if changed is None:
            return
        assert (name, minutes <= 30, asked.merged_into) == ("carol", True, None)
        for each in self.questions():
            known = self.known[each.id]
            if each.id == asked.id or (each.id in members and each.expires_at != known.expires_at):
                assert not known.is_extended
                known.is_extended, known.expires_at = True, known.expires_at + timedelta(minutes=minutes)
                assert each.expires_at == known.expires_at

    @rule(index=st.integers(0, 2), name=VOTERS)
    def inquire(self, index: int, name: str) -> None:
        asked = self.open(index)
        if asked is None:
            return
        changed = self.do(self.say("Slack", name, f"!ask {asked.code} who owns it?"))
        assert changed is None or (changed.votes, changed.expires_at) == (asked.votes, asked.expires_at)

    @precondition(lambda self: len(self.lent) < MOST_RUNS)
    @rule(giver=st.sampled_from(["ann", "bob", "dave"]), receiver=RECEIVERS, minutes=st.sampled_from([5, 20, 600]))
    def lend(self, giver: str, receiver: str, minutes: int) -> None:
        if giver == receiver or {giver, receiver} & self.disabled:
            return
        world, until = self.world, self.now + timedelta(minutes=minutes)
        principal = build_principal(id=f"u_{giver}", name=giver)
        self.do(
            world.write(
                lambda unit: delegate(
                    unit,
                    principal,
                    receiver,
                    until,
                    ids=world.ids,
                    at=until - timedelta(minutes=minutes),
                    undelegable=frozenset(),
                )
            )
        )
        self.lent.append(Lent(giver, receiver, until))

    @rule(minutes=st.sampled_from([1, 5, 10, 16]))
    def pass_time(self, minutes: int) -> None:
        self.live()
        before = len(self.world.host.calls)
        yes = {each.id for each in self.questions() if each.status is ApprovalStatus.APPROVED}
        self.do(self.world.pass_time(timedelta(minutes=minutes)))
        assert len(self.world.host.calls) == before
        assert yes == {each.id for each in self.questions() if each.status is ApprovalStatus.APPROVED}

    @precondition(lambda self: not self.disabled and len(self.known) > 1)
    @rule(name=VOTERS)
    def disable(self, name: str) -> None:
        roles = frozenset({PEOPLE[name]})
        user = build_user(id=f"u_{name}", name=name, email=f"{name}@corp.example", roles=roles, disabled_at=START)
        self.do(self.world.write(lambda unit: unit.users.update(user)))
        self.disabled.add(name)

    @rule(last=st.sampled_from([0, 1, 1, 2]), is_written=st.booleans())
    def crash(self, last: int, is_written: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        """End the process, and let the next one end at its `last` write."""
        self.restart_with(self.current, last, is_written=is_written)

    @rule(policy=st.integers(0, len(POLICIES) - 1))
    def change_policy(self, policy: int) -> None:
        self.restart_with(policy)

    @rule(index=st.integers(0, 2))
    def change_arguments(self, index: int) -> None:
        """Change behind everybody's back what a question is about."""
        asked = self.open(index)
        if asked is None or not isinstance(asked.card.arguments, list):
            return
        self.meet()
        (call,) = asked.card.arguments
        assert isinstance(call, dict)
        changed = replace(asked, card=replace(asked.card, arguments=[{**call, "arguments": {"user": "web-9"}}]))
        self.do(self.world.write(lambda unit: unit.approvals.update(changed, expected=asked.version)))
        self.known[asked.id].is_tampered = True

    @precondition(lambda self: len(self.runs) == MOST_RUNS)
    @rule(run=st.integers(0, 2))
    def cancel(self, run: int) -> None:
        self.live()
        self.do(self.world.cancel([*self.runs][run % len(self.runs)]))

    # What must hold.

    @invariant()
    def meet(self) -> None:
        """Put down what is known of questions that are new, at the moment they are asked."""
        for each in self.questions():
            if each.id not in self.known:
                policy = next(
                    index for index, rules in enumerate(POLICIES) if digest_gates(rules.policy) == each.course.policy
                )
                assert policy == self.current
                self.known[each.id] = Counted(self.runs[each.run], each.asked_at, each.expires_at, policy)

    @invariant()
    def a_call_is_what_enough_of_the_right_people_said_yes_to(self) -> None:
        questions = self.questions()
        for call in self.world.host.calls[self.seen :]:
            (approved,) = (
                each for each in questions if each.run == call.run and each.status is ApprovalStatus.APPROVED
            )
            known, rules = self.known[approved.id], POLICIES[self.current]
            assert digest_of(approved, call) == approved.digest
            assert not known.is_tampered
            assert len(known.seats) >= max(self.quorum, rules.quorum)
            people = [*known.seats, *(seat for name, seat in known.seats.items() if seat != name)]
            assert len(set(people)) == len(people)
            assert known.initiator not in people
            assert {PEOPLE[seat] for seat in known.seats.values() if seat not in known.on_duty} <= rules.roles
        self.seen = len(self.world.host.calls)
        runs = [call.run for call in self.world.host.calls]
        assert len(runs) == len(set(runs))

    @invariant()
    def a_question_is_decided_once(self) -> None:
        for each in self.questions():
            if each.status is not ApprovalStatus.PENDING:
                assert self.ended.setdefault(each.id, each.status) is each.status
        for run in self.runs:
            entries = self.do(self.world.read(lambda unit, run=run: unit.journal.load(run)))
            decided = [entry.event["approval"] for entry in entries if entry.event["kind"] == "approval_decided"]
            assert len(decided) == len(set(decided))

    def teardown(self) -> None:
        try:
            self.live()
            self.a_call_is_what_enough_of_the_right_people_said_yes_to()
            self.do(check_record(self.world))
            self.do(self.world.stop())
        finally:
            self.stack.close()


def digest_of(approved: Approval, call: ActionCall) -> str:
    """Return the digest of what was really sent."""
    sent: Mapping[str, object] = {
        "step": call.step,
        "action": call.action,
        "connection": call.connection,
        "arguments": call.arguments,
        "secrets": [list(secret) for secret in call.secrets],
    }
    return digest_calls(
        workspace=WORKSPACE, run=call.run, revision=approved.revision, step=approved.step, calls=[dict(sent)]
    )


TestEverythingAtOnce = Everything.TestCase
TestEverythingAtOnce.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    print_blob=True,
)
