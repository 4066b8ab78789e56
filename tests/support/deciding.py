"""What every state machine of approvals does: people come and go, time passes, processes end; and what it knows of it.

What is expected is worked out from what was done, and never from what the code says.
"""

import os
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from soar.approvals.decide import Ballot, Refusal, shown_digest
from soar.approvals.delegations import delegate
from soar.approvals.parts import confirmation_of
from soar.approvals.rota import Rotas, parse_rotas
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.catalog import Effect, Repeat
from soar.model.federation import Group
from soar.model.process import ActionAnswer, ActionCall
from soar.model.step import Assurance
from soar.model.values import JsonValue, print_timestamp
from soar.policy import GateRule, Policy, StandingRule, digest_gates
from tests.support.builders import build_principal, build_user
from tests.support.clock import START
from tests.support.loop import virtual_loop
from tests.support.world import PEOPLE, World, build_actions_catalog, build_spec, check_record, open_world

T = TypeVar("T")

CATALOG = build_actions_catalog((build_spec("crm.wipe", Effect.DESTRUCTIVE, Repeat.UNSAFE, targets="user"),))
RELIEVED = START + timedelta(minutes=12)
ON_CALL = (("olga", "bob"), ("carol", "olga"))
"""Who is on call before the handover and after it: by the one rota, and by the other that may take its place."""
GROUP, DUTY = "group:responders", "oncall:ic"
_MOST_LENT = 3
_STANDING = (
    StandingRule(action="crm.wipe", by=("role:soc-lead", "role:incident-commander"), longest=timedelta(days=1)),
)


def write_rota(people: tuple[str, str]) -> Rotas:
    """Return the rota by which the first is on call until the handover, and the second from then on."""
    edges = ("2026-01-01T00:00:00Z", print_timestamp(RELIEVED), "2027-01-01T00:00:00Z")
    shifts: list[JsonValue] = [
        {"from": start, "to": end, "people": [f"{name}@corp.example"]}
        for start, end, name in zip(edges, edges[1:], people, strict=False)
    ]
    return parse_rotas({"rotas": {"ic": {"overrides": shifts}}})


@dataclass(frozen=True)
class Rules:
    """A policy, and what it means in plain words.

    Attributes:
        decides: roles by name, and `GROUP` and `DUTY`: on what grounds a yes counts.
        quorum: how many it takes.
        has_standing: whether a yes may be given beforehand.
    """

    policy: Policy
    decides: frozenset[str]
    quorum: int
    has_standing: bool


def make_rules(by: tuple[str, ...], quorum: int, *roles: str, has_standing: bool = False) -> Rules:
    """Return a policy that asks for everything that destroys.

    Args:
        by: who decides.
        quorum: how many of them.
        roles: every role that counts among them, those senior to one of them included.
        has_standing: whether a yes may be given beforehand.
    """
    asked = 'action.effect == "destructive"'
    gate = GateRule(name="asked", when=asked, by=by, quorum=quorum, assurance=Assurance.CONFIRMED)
    grounds = frozenset({*roles, *({GROUP, DUTY} & {*by})})
    policy = Policy(gates=(gate,), standing=_STANDING if has_standing else ())
    return Rules(policy, grounds, quorum, has_standing)


@dataclass(frozen=True)
class Lent:
    """Somebody's say, lent."""

    giver: str
    receiver: str
    until: datetime


class Deciding(RuleBasedStateMachine):
    """A world with people in it who come, go, lend their say and are on call, while time passes and processes end.

    Attributes:
        policies: that the installation may have; it begins with the first.
    """

    policies: ClassVar[tuple[Rules, ...]]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.loop = self.stack.enter_context(virtual_loop())
        self.current = self.rota = 0
        policy, rotas = self.policies[0].policy, write_rota(ON_CALL[0])
        self.world: World = self.do(open_world(policy=policy, catalog=CATALOG, rotas=rotas))
        self.world.host.script("crm.wipe", self.note_call)
        self.group = Group(
            id="g_1",
            name="responders",
            external_id=None,
            members=frozenset(),
            created_at=START,
            changed_at=START,
        )
        self.do(self.world.write(lambda unit: unit.groups.add(self.group)))
        self.calls: list[tuple[ActionCall, datetime]] = []
        self.seen = 0
        self.runs: dict[str, str] = {}
        self.ended: dict[str, ApprovalStatus] = {}
        self.members: set[str] = set()
        self.disabled: set[str] = set()
        self.lent: list[Lent] = []

    def do(self, work: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(work)

    def note_call(self, call: ActionCall) -> ActionAnswer:
        self.calls.append((call, self.world.clock.now()))
        return ActionAnswer(output={})

    async def _now(self) -> datetime:
        return self.world.clock.now()

    @property
    def now(self) -> datetime:
        return self.do(self._now())

    @property
    def terms(self) -> Rules:
        """The policy as it is now."""
        return self.policies[self.current]

    def questions(self) -> list[Approval]:
        return [*self.do(self.world.read(lambda unit: unit.approvals.list(1_000))).items]

    def open(self, index: int) -> Approval | None:
        """Return one of the open questions, if there is one."""
        found = [each for each in self.questions() if each.status is ApprovalStatus.PENDING]
        return found[index % len(found)] if found else None

    def members_of(self, lead: Approval) -> list[Approval]:
        """Return the open questions that are decided with one, as their rows say and not as it says."""
        return [each for each in self.questions() if each.merged_into == lead.id and each.status == "pending"]

    def list_approved(self) -> set[str]:
        return {each.id for each in self.questions() if each.status is ApprovalStatus.APPROVED}

    def start_run(self, text: str, initiator: str, **inputs: list[str]) -> str:
        run = self.do(self.world.start(text, initiator=initiator, inputs={**inputs}, author="u_olga"))
        self.runs[run] = initiator.partition("u_")[2]
        self.do(self.world.settle())
        return run

    async def cast(self, asked: Approval, name: str, ballot: Ballot) -> Approval | None:
        """Vote where everybody can; None where it does not count."""
        world, principal = self.world, build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))
        outcome = await world.write(
            lambda unit: world.approvals.vote(unit, asked.id, principal, ballot, world.clock.now())
        )
        return None if isinstance(outcome, Refusal) else outcome

    # What is known.

    def is_on_call(self, name: str) -> bool:
        before, after = ON_CALL[self.rota]
        return name == (before if self.now < RELIEVED else after)

    def find_grounds(self, seat: str, name: str) -> frozenset[str]:
        """Return on what grounds somebody, in a seat that may be lent, could decide anything; a duty is not lent."""
        duty = {DUTY} if seat == name and self.is_on_call(name) else set[str]()
        group = {GROUP} if seat in self.members else set[str]()
        return frozenset({PEOPLE[seat]} | group | duty)

    def find_seat(self, asked: Approval, name: str, initiator: str, heard: set[str], decides: set[str]) -> str | None:
        """Return as whom somebody could vote now; None if they could not.

        Args:
            asked: says who may not, and nothing else.
            name: who wants to.
            initiator: who started the run, and so may not; empty if nobody did.
            heard: who has had their say, and in whose place.
            decides: on which grounds one may decide this.
        """
        lent = (each for each in self.lent if each.receiver == name and self.now < each.until)
        givers = [each.giver for each in lent if each.giver not in self.disabled]
        kept_out = {user.removeprefix("u_") for user in asked.exclude_users}
        assert not initiator or initiator in kept_out
        if {name, *givers} & kept_out or name in {*heard, *self.disabled}:
            return None
        free = (each for each in (name, *givers) if each not in heard)
        return next((each for each in free if self.find_grounds(each, name) & decides), None)

    def is_superseded(self, policy: int) -> bool:
        """Whether another policy asks for gates now than the one under which something was asked."""
        return digest_gates(self.policies[policy].policy) != digest_gates(self.terms.policy)

    def check_people(self, seats: Mapping[str, str], grounds: Mapping[str, frozenset[str]], *kept_out: str) -> None:
        """Check that those who said yes were different people, none of these, and such as count by today's policy."""
        people = [*seats, *(seat for name, seat in seats.items() if seat != name)]
        assert len(set(people)) == len(people)
        assert not {*people} & {*kept_out}
        assert all(grounds[name] & self.terms.decides for name in seats)

    # What happens.

    def live(self) -> None:
        """Let another process take over if this one has died."""
        if self.world.mortal.died.is_set():
            self.restart()

    def restart(self, last: int = 0, *, is_written: bool = True) -> None:
        """End the process, and let the next one begin with what is configured now, and end at its `last` write."""
        self.world.policy, self.world.rotas = self.terms.policy, write_rota(ON_CALL[self.rota])
        self.world = self.do(self.world.restart(last=last, is_written=is_written))
        self.open_doors()
        self.do(self.world.settle())

    def open_doors(self) -> None:
        """Put in front of a process what people speak to; where that is more than the process itself."""

    @rule(last=st.sampled_from([0, 1, 1, 2, 3]), is_written=st.booleans())
    def crash(self, last: int, is_written: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        self.restart(last, is_written=is_written)

    @rule(policy=st.integers(0, 2))
    def change_policy(self, policy: int) -> None:
        self.current = policy
        self.restart()

    @rule(index=st.integers(0, 2), minutes=st.sampled_from([0, 0, 12]))
    def hand_over(self, index: int, minutes: int) -> None:
        """Let others be on call, by another rota or by the clock, and let those say yes who are and who were."""
        if minutes:
            self.pass_time(minutes)
        else:
            self.rota = 1 - self.rota
            self.restart()
        for name in ("olga", "carol", "bob"):
            self.say_yes(index, name)

    @rule(index=st.integers(0, 2), name=st.sampled_from(["olga", "olga", "carol"]))
    def change_group(self, index: int, name: str) -> None:
        """Let somebody join the group, or leave it, and say yes."""
        self.members ^= {name}
        changed = replace(self.group, members=frozenset(f"u_{each}" for each in self.members))
        self.do(self.world.write(lambda unit: unit.groups.update(changed)))
        self.say_yes(index, name)

    def say_yes(self, index: int, name: str) -> None:
        """Let somebody say yes to one of the open questions, as it should be said; each machine knows what follows."""

    @precondition(lambda self: not self.disabled and len(self.runs) > 1)
    @rule(index=st.integers(0, 2), name=st.sampled_from([*PEOPLE]))
    def disable(self, index: int, name: str) -> None:
        """Let somebody be disabled, and say yes."""
        roles = frozenset({PEOPLE[name]})
        user = build_user(id=f"u_{name}", name=name, email=f"{name}@corp.example", roles=roles, disabled_at=START)
        self.do(self.world.write(lambda unit: unit.users.update(user)))
        self.disabled.add(name)
        self.say_yes(index, name)

    @precondition(lambda self: len(self.lent) < _MOST_LENT)
    @rule(
        index=st.integers(0, 2),
        giver=st.sampled_from(["ann", "bob", "dave", "carol"]),
        receiver=st.sampled_from(["olga", "olga", "carol", "bob", "ann"]),
        minutes=st.sampled_from([5, 20, 600]),
    )
    def lend(self, index: int, giver: str, receiver: str, minutes: int) -> None:
        """Let somebody lend their say to another, who says yes."""
        if giver == receiver or {giver, receiver} & self.disabled:
            return
        world, at = self.world, self.now
        principal, until = build_principal(id=f"u_{giver}", name=giver), at + timedelta(minutes=minutes)
        self.do(
            world.write(
                lambda unit: delegate(unit, principal, receiver, until, ids=world.ids, at=at, undelegable=frozenset())
            )
        )
        self.lent.append(Lent(giver, receiver, until))
        self.say_yes(index, receiver)

    @rule(index=st.integers(0, 2), name=st.sampled_from([*PEOPLE]))
    def come_too_late(self, index: int, name: str) -> None:
        """Say yes to what is decided already."""
        closed = [each for each in self.questions() if each.status is not ApprovalStatus.PENDING]
        if closed:
            asked = closed[index % len(closed)]
            ballot = Ballot(VoteChoice.APPROVE, shown_digest(asked), confirm=confirmation_of(asked))
            assert self.do(self.cast(asked, name, ballot)) is None

    @rule(minutes=st.sampled_from([1, 5, 10, 16]), is_down=st.booleans())
    def pass_time(self, minutes: int, is_down: bool = False) -> None:  # noqa: FBT001, FBT002 -- drawn by Hypothesis
        """Let time pass, which allows nothing; while it is down, a process that has died does nothing about it."""
        if not is_down:
            self.live()
        before = len(self.calls), self.list_approved()
        self.do(self.world.pass_time(timedelta(minutes=minutes)))
        assert (len(self.calls), self.list_approved()) == before

    def tamper(self, asked: Approval) -> bool:
        """Change behind everybody's back what the first call of a question is; return whether it has one."""
        if not isinstance(asked.card.arguments, list):
            return False
        first, *others = asked.card.arguments
        assert isinstance(first, dict)
        changed = replace(
            asked, card=replace(asked.card, arguments=[{**first, "arguments": {"user": "web-9"}}, *others])
        )
        self.do(self.world.write(lambda unit: unit.approvals.update(changed, expected=asked.version)))
        return True

    # What must hold.

    @invariant()
    def a_question_is_decided_once(self) -> None:
        for each in self.questions():
            if each.status is not ApprovalStatus.PENDING:
                assert self.ended.setdefault(each.id, each.status) is each.status
        for run in self.runs:
            entries = self.do(self.world.read(lambda unit, run=run: unit.journal.load(run)))
            decided = [entry.event["approval"] for entry in entries if entry.event["kind"] == "approval_decided"]
            assert len(decided) == len(set(decided))

    @invariant()
    def a_call_is_allowed_and_made_once(self) -> None:
        made = [(call.run, call.step) for call, _ in self.calls]
        assert len(made) == len(set(made))
        approved = {each.run: each for each in self.questions() if each.status is ApprovalStatus.APPROVED}
        for call, at in self.calls[self.seen :]:
            self.check_call(approved[call.run], call, at)
        self.seen = len(self.calls)

    def check_call(self, approved: Approval, call: ActionCall, at: datetime) -> None:
        """Check that a question allowed a call; each machine knows more of what that takes."""
        assert approved.decided_at is not None
        assert approved.decided_at <= at
        assert call.action == approved.card.action

    def teardown(self) -> None:
        try:
            self.live()
            self.a_call_is_allowed_and_made_once()
            self.do(check_record(self.world))
            self.do(self.world.stop())
        finally:
            self.stack.close()


def describe_call(call: ActionCall) -> dict[str, JsonValue]:
    """Return what was sent, as an approval's digest is taken over it."""
    return {
        "step": call.step,
        "action": call.action,
        "connection": call.connection,
        "arguments": dict(call.arguments),
        "secrets": [list(secret) for secret in call.secrets],
    }


def choose_settings(examples: int, steps: int = 50) -> settings:
    """Return how often, and how many steps long, something is tried, unless the environment says otherwise."""
    return settings(
        max_examples=int(os.environ.get("SOAR_APPROVALS", str(examples))),
        stateful_step_count=int(os.environ.get("SOAR_APPROVALS_STEPS", str(steps))),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        print_blob=True,
    )
