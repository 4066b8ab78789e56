"""A yes to a part, a yes beforehand, two real chats on one card: against crashes, policies, and people who stand in.

`make approvals-fuzz` tries more of it. What one question as a whole goes through is in `test_everything_at_once.py`.
"""

import os
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from soar.approvals.decide import Ballot, Refusal, shown_digest
from soar.approvals.delegations import delegate
from soar.approvals.parts import confirmation_of
from soar.approvals.standing import StandingDesk, Wanted
from soar.audit.actor import describe_principal
from soar.engine.gate import digest_calls
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.catalog import Effect, Repeat
from soar.model.chat import ChatAccount
from soar.model.errors import SoarError
from soar.model.playbook import Publication
from soar.model.process import ActionAnswer, ActionCall
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.policy import GateRule, Policy, StandingRule, digest_gates
from soar.store import Unit
from tests.support import matrix, slack
from tests.support.builders import build_principal
from tests.support.clock import START
from tests.support.loop import virtual_loop
from tests.support.two_chats import Chats
from tests.support.world import (
    PEOPLE,
    WORKSPACE,
    World,
    build_actions_catalog,
    build_spec,
    check_record,
    open_world,
)

T = TypeVar("T")

EXAMPLES = int(os.environ.get("SOAR_APPROVALS", "8"))
STEPS = int(os.environ.get("SOAR_APPROVALS_STEPS", "14"))
CATALOG = build_actions_catalog((build_spec("crm.wipe", Effect.DESTRUCTIVE, Repeat.UNSAFE, targets="user"),))
LAB, MIXED = ("lab-1", "lab-2", "lab-3"), ("lab-1", "web-2", "web-3")
DECIDING = frozenset({"analyst", "incident-commander"})
POWERLESS = frozenset({"auditor"})  # not in a chat, whoever lends them what; here the route would say so
SIGNING = frozenset({"soc-lead", "incident-commander"})
PUBLISHER = "bob"
VOTERS = st.sampled_from(["ann", "ann", "bob", "dave", "dave", "carol", "olga"])
SIGNERS = st.sampled_from(["carol", "dave", "ann"])
MOST_RUNS = 4
STANDING = (
    StandingRule(action="crm.wipe", by=("role:soc-lead", "role:incident-commander"), longest=timedelta(days=1)),
)


@dataclass(frozen=True)
class Rules:
    """A policy in plain words: how many have to say yes, and whether a yes may be given beforehand."""

    quorum: int
    has_standing: bool

    @property
    def policy(self) -> Policy:
        gate = GateRule(
            name="asked",
            when='action.effect == "destructive"',
            by=("role:analyst", "role:incident-commander"),
            quorum=self.quorum,
            assurance=Assurance.CONFIRMED,
        )
        return Policy(gates=(gate,), standing=STANDING if self.has_standing else ())


POLICIES = (Rules(1, has_standing=True), Rules(2, has_standing=True), Rules(1, has_standing=False))


def write_playbook(quorum: int) -> str:
    return f"""
name: Tried
on: {{manual: {{}}}}
inputs: {{hosts: {{type: "list<string>"}}}}
notify: {{channel: "slack:#soc"}}
steps:
  - foreach: {{in: inputs.hosts, as: host}}
    uses: crm.wipe
    with: {{user: "${{{{ host }}}}"}}
    approve:
      by: [role:analyst, role:incident-commander]
      exclude: [initiator, publisher]
      quorum: {quorum}
      subset: true
      reason: Beaconing
      timeout: 30m
"""


@dataclass
class Counted:
    """What we know of one question without asking the code: who said yes, for whom, and to what."""

    targets: tuple[str, ...]
    initiator: str
    policy: int
    expires_at: datetime
    calls: tuple[dict[str, JsonValue], ...]
    yes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seats: dict[str, str] = field(default_factory=dict)
    is_tampered: bool = False

    @property
    def allowed(self) -> tuple[str, ...]:
        """What every yes so far covers."""
        return tuple(target for target in self.targets if all(target in only for only in self.yes.values()))

    @property
    def digest_calls(self) -> list[dict[str, JsonValue]]:
        return [call for call in self.calls if _target_of(call) in self.allowed]


@dataclass
class Beforehand:
    """A standing approval, as it was agreed."""

    id: str
    pattern: str
    until: datetime
    proposer: str
    signer: str = ""
    revoked_at: datetime | None = None

    def is_good_for(self, targets: tuple[str, ...], at: datetime) -> bool:
        is_over = at >= self.until or (self.revoked_at is not None and self.revoked_at <= at)
        return self.signer not in ("", self.proposer) and not is_over and all(map(self.covers, targets))

    def covers(self, target: str) -> bool:
        return fnmatchcase(target, self.pattern)


class InParts(RuleBasedStateMachine):
    """Questions about lists; nothing of a list happens that was not allowed, by votes or beforehand."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.loop = self.stack.enter_context(virtual_loop())
        self.current = 0
        self.world: World = self.do(open_world(policy=POLICIES[0].policy, catalog=CATALOG))
        self.world.host.script("crm.wipe", self.note_call)
        self.server, self.homeserver = slack.FakeSlack(), matrix.FakeMatrix(self.world.clock)
        self.homeserver.members[matrix.ROOM] |= {f"@{name}:{matrix.SERVER}" for name in PEOPLE}
        self.chats = Chats(self.world, self.server, self.homeserver)
        self.calls: list[tuple[ActionCall, datetime]] = []
        self.seen = 0
        self.runs: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.known: dict[str, Counted] = {}
        self.ended: dict[str, ApprovalStatus] = {}
        self.beforehand: list[Beforehand] = []
        self.lent: list[tuple[str, str, datetime]] = []
        self.captured: list[tuple[bytes, dict[str, str]]] = []

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

    def questions(self) -> list[Approval]:
        return [*self.do(self.world.read(lambda unit: unit.approvals.list(1_000))).items]

    def open(self, index: int) -> Approval | None:
        """Return one of the open questions, if there is one."""
        found = [each for each in self.questions() if each.status is ApprovalStatus.PENDING]
        return found[index % len(found)] if found else None

    def live(self) -> None:
        """Let another process take over if this one has died."""
        if self.world.mortal.died.is_set():
            self.restart(self.current)

    def restart(self, policy: int, last: int = 0, *, is_written: bool = True) -> None:
        self.world.policy, self.current = POLICIES[policy].policy, policy
        self.world = self.do(self.world.restart(last=last, is_written=is_written))
        self.chats = Chats(self.world, self.server, self.homeserver)
        self.do(self.world.settle())

    # What happens.

    @initialize(
        quorum=st.sampled_from([1, 1, 2]),
        pattern=st.sampled_from(["lab-*", "web-*", ""]),
        hosts=st.sampled_from([LAB, MIXED]),
    )
    def begin(self, quorum: int, pattern: str, hosts: tuple[str, ...]) -> None:
        self.quorum, self.text = quorum, write_playbook(quorum)
        self.revision = f"sha256:{sha256(self.text.encode()).hexdigest()}"
        published = Publication(
            playbook="tried", digest=self.revision, over="", published_at=START, published_by=f"u_{PUBLISHER}"
        )

        def settle(unit: Unit) -> None:
            unit.publications.set(published)
            for name in PEOPLE:
                for platform, team, account in (
                    ("slack", slack.TEAM, f"U{name.upper()}"),
                    ("matrix", matrix.SERVER, f"@{name}:{matrix.SERVER}"),
                ):
                    linked = ChatAccount(
                        platform=platform, team=team, account=account, user=f"u_{name}", linked_at=START
                    )
                    unit.chat_accounts.link(linked)

        self.do(self.world.write(settle))
        if pattern:
            self.propose("carol", pattern, 60)
            self.sign(0, "dave")
        self.start("source:siem", hosts)

    @precondition(lambda self: len(self.runs) < MOST_RUNS)
    @rule(
        initiator=st.sampled_from(["user:u_ann", "user:u_dave", "source:siem", "source:siem"]),
        hosts=st.sampled_from([LAB, MIXED]),
    )
    def start(self, initiator: str, hosts: tuple[str, ...]) -> None:
        self.live()
        run = self.do(self.world.start(self.text, initiator=initiator, inputs={"hosts": [*hosts]}, author="u_olga"))
        self.runs[run] = initiator.partition("u_")[2], hosts
        self.do(self.world.settle())

    @rule(
        index=st.integers(0, 2),
        name=VOTERS,
        only=st.sampled_from([(), (), (0,), (0, 1), (1, 2), (2,)]),
        is_right=st.sampled_from([True, True, True, False]),
        where=st.sampled_from(["web", "web", "slack", "matrix"]),
    )
    def vote(self, index: int, name: str, only: tuple[int, ...], is_right: bool, where: str) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        asked = self.open(index)
        if asked is None:
            return
        self.meet()
        known = self.known[asked.id]
        chosen = tuple(known.targets[each] for each in only) if where == "web" else ()
        may = is_right and not asked.merged_into and (where == "web" or PEOPLE[name] not in POWERLESS)
        wanted = self.expect(asked, name, chosen) if may else None
        members = [each for each in self.questions() if each.merged_into == asked.id and each.status == "pending"]
        along = {each.id: self.expect(each, name, chosen) for each in members}
        typed = confirmation_of(asked, chosen) if is_right else "something else"
        is_counted = self.do(self.cast(asked, name, chosen, typed, where))
        assert is_counted == (wanted is not None), (asked, name, chosen, where)
        if not is_counted or wanted is None:
            return
        covered = chosen or known.allowed
        for id_, seat in ((asked.id, wanted), *along.items()):
            if seat is not None:
                self.known[id_].yes[name], self.known[id_].seats[name] = covered, seat
        self.do(self.world.settle())

    @rule(
        index=st.integers(0, 2),
        names=st.permutations(["ann", "dave", "olga"]),
        only=st.sampled_from([(), (0, 1), (1, 2), (2,)]),
        where=st.sampled_from(["web", "web", "slack", "matrix"]),
    )
    def allow(self, index: int, names: list[str], only: tuple[int, ...], where: str) -> None:
        """Let people say yes to the same, one after the other, until it is decided."""
        first = self.open(index)
        for name in names:
            asked = self.open(index)
            if first is not None and asked is not None and asked.id == first.id:
                self.vote(index, name, only, True, where)  # noqa: FBT003 -- drawn by Hypothesis elsewhere

    @rule(index=st.integers(0, 2), where=st.sampled_from(["web", "slack", "matrix"]))
    def cut_off(self, index: int, where: str) -> None:
        """End the process at the write after a yes, and let the next one go on."""
        self.restart(self.current, 1, is_written=False)
        self.allow(index, ["dave", "ann"], (0, 1), where)
        self.live()

    async def cast(self, asked: Approval, name: str, only: tuple[str, ...], typed: str, where: str) -> bool:
        """Say yes, and return whether it counted."""
        if where == "slack":
            self.captured += await self.chats.press(asked, name, typed)
        elif where == "matrix":
            await self.chats.write(name, f"!approve {asked.code} {typed}")
        else:
            await self.cast_here(asked, name, only, typed)
        after = await self.world.read(lambda unit: unit.approvals.get(asked.id))
        assert after is not None
        return len(after.votes) > len(asked.votes)

    async def cast_here(self, asked: Approval, name: str, only: tuple[str, ...], typed: str) -> Approval | Refusal:
        ballot = Ballot(VoteChoice.APPROVE, shown_digest(asked), confirm=typed, only=only)
        principal, world = build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]})), self.world
        return await world.write(
            lambda unit: world.approvals.vote(unit, asked.id, principal, ballot, world.clock.now())
        )

    def expect(self, asked: Approval, name: str, only: tuple[str, ...]) -> str | None:
        """Return as whom somebody could vote now, worked out from what was done and not from what the code says."""
        known, now = self.known[asked.id], self.now
        is_other = (
            POLICIES[known.policy].quorum != POLICIES[self.current].quorum
        )  # what is asked, not what may be signed
        if is_other or now >= known.expires_at or not {*only} <= {*known.allowed}:
            return None
        givers = [giver for giver, receiver, until in self.lent if receiver == name and now < until]
        kept_out = {user.removeprefix("u_") for user in asked.exclude_users}
        assert {PUBLISHER, known.initiator} - {""} <= kept_out
        if kept_out & {name, *givers}:
            return None
        heard = {*known.seats, *known.seats.values()}
        free = [each for each in (name, *givers) if PEOPLE[each] in DECIDING and each not in heard]
        return free[0] if free and name not in heard else None

    @precondition(lambda self: self.captured)
    @rule(index=st.integers(0, 5))
    def replay(self, index: int) -> None:
        """Send again what Slack has sent before; whatever became of it, it changes nothing."""
        before = [each.votes for each in self.questions()]
        try:
            self.do(self.chats.send(*self.captured[index % len(self.captured)]))
        except SoarError as error:
            assert error.code == "chat.timestamp"  # noqa: PT017 -- it may be fresh still, and then it is none
        assert [each.votes for each in self.questions()] == before

    @rule(index=st.integers(0, 2), name=VOTERS)
    def take_back(self, index: int, name: str) -> None:
        asked = self.open(index)
        if asked is None or asked.merged_into:
            return
        self.meet()
        before = {each.id: each.votes for each in self.questions()}
        self.do(self.chats.write(name, f"!takeback {asked.code}"))
        for each in self.questions():
            if len(each.votes) < len(before[each.id]):
                del self.known[each.id].yes[name], self.known[each.id].seats[name]

    @precondition(lambda self: len(self.lent) < 2)
    @rule(receiver=st.sampled_from(["olga", "carol", "ann"]), minutes=st.sampled_from([5, 60]))
    def lend(self, receiver: str, minutes: int) -> None:
        world, at = self.world, self.now
        dave, until = build_principal(id="u_dave", name="dave"), at + timedelta(minutes=minutes)
        self.do(
            world.write(
                lambda unit: delegate(unit, dave, receiver, until, ids=world.ids, at=at, undelegable=frozenset())
            )
        )
        self.lent.append(("dave", receiver, until))

    @rule(name=SIGNERS, pattern=st.sampled_from(["lab-*", "web-*", "lab-1"]), minutes=st.sampled_from([10, 60, 600]))
    def propose(self, name: str, pattern: str, minutes: int) -> None:
        until = self.now + timedelta(minutes=minutes)
        wanted = Wanted(
            action="crm.wipe", playbook="tried", revision=self.revision, targets=pattern, reason="r", until=until
        )
        made = self.agree(name, "propose", wanted)
        assert (made is not None) == (POLICIES[self.current].has_standing and PEOPLE[name] in SIGNING)
        if made is not None:
            self.beforehand.append(Beforehand(made, pattern, until, name))

    @precondition(lambda self: self.beforehand)
    @rule(index=st.integers(0, 2), name=SIGNERS)
    def sign(self, index: int, name: str) -> None:
        each = self.beforehand[index % len(self.beforehand)]
        is_open = self.now < each.until and each.revoked_at is None and not each.signer
        may = POLICIES[self.current].has_standing and PEOPLE[name] in SIGNING and name != each.proposer
        assert (self.agree(name, "sign", each.id) is not None) == (is_open and may)
        if is_open and may:
            each.signer = name

    @precondition(lambda self: self.beforehand)
    @rule(index=st.integers(0, 2))
    def revoke(self, index: int) -> None:
        each, world, at = self.beforehand[index % len(self.beforehand)], self.world, self.now
        if each.revoked_at is not None or at >= each.until:
            return
        actor = describe_principal(build_principal(id="u_ann"))
        self.do(world.write(lambda unit: self.open_desk().revoke(unit, each.id, "over", actor, at)))
        each.revoked_at = at

    def open_desk(self) -> StandingDesk:
        return StandingDesk(policy=self.world.policy, ids=self.world.ids, find_action=self.world.catalog.find_action)

    def agree(self, name: str, what: str, subject: object) -> str | None:
        """Propose or sign, and return the id; None where that was refused."""
        world, at = self.world, self.now
        desk = self.open_desk()
        principal = build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))

        def make(unit: Unit) -> str:
            voter = world.approvals.find_voter(unit, principal, at)
            return str(getattr(desk, what)(unit, subject, voter, describe_principal(principal), at).id)

        try:
            return self.do(world.write(make))
        except SoarError:
            return None

    @rule(minutes=st.sampled_from([1, 5, 16]))
    def pass_time(self, minutes: int) -> None:
        self.live()
        before, yes = len(self.calls), self.list_approved()
        self.do(self.world.pass_time(timedelta(minutes=minutes)))
        assert (len(self.calls), self.list_approved()) == (before, yes)

    def list_approved(self) -> set[str]:
        return {each.id for each in self.questions() if each.status is ApprovalStatus.APPROVED}

    @rule(last=st.sampled_from([0, 1, 1, 2, 3]), is_written=st.booleans())
    def crash(self, last: int, is_written: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        """End the process, and let the next one end at its `last` write."""
        self.restart(self.current, last, is_written=is_written)

    @rule(policy=st.integers(0, len(POLICIES) - 1))
    def change_policy(self, policy: int) -> None:
        self.restart(policy)

    @rule(index=st.integers(0, 2))
    def change_arguments(self, index: int) -> None:
        """Change behind everybody's back what one of the elements is."""
        asked = self.open(index)
        if asked is None or not isinstance(asked.card.arguments, list):
            return
        self.meet()
        first, *others = asked.card.arguments
        assert isinstance(first, dict)
        changed = replace(
            asked, card=replace(asked.card, arguments=[{**first, "arguments": {"user": "web-9"}}, *others])
        )
        self.do(self.world.write(lambda unit: unit.approvals.update(changed, expected=asked.version)))
        self.known[asked.id].is_tampered = True

    # What must hold.

    @invariant()
    def meet(self) -> None:
        """Put down what is known of questions that are new, at the moment they are asked."""
        for each in self.questions():
            if each.id in self.known:
                continue
            assert digest_gates(POLICIES[self.current].policy) == each.course.policy
            initiator, targets = self.runs[each.run]
            calls = tuple(call for call in each.card.arguments or () if isinstance(call, dict))
            assert tuple(map(_target_of, calls)) == targets
            self.known[each.id] = Counted(targets, initiator, self.current, each.expires_at, calls)

    @invariant()
    def a_call_is_a_part_that_enough_people_allowed_or_two_agreed_to_beforehand(self) -> None:
        self.meet()
        questions = self.questions()
        for call, at in self.calls[self.seen :]:
            (approved,) = (
                each for each in questions if each.run == call.run and each.status is ApprovalStatus.APPROVED
            )
            known = self.known[approved.id]
            assert not known.is_tampered
            assert _describe(call) in known.digest_calls
            assert approved.digest == digest_calls(
                workspace=WORKSPACE,
                run=call.run,
                revision=approved.revision,
                step=approved.step,
                calls=known.digest_calls,
            )
            if known.yes:
                self.check_votes(known)
            else:
                self.check_beforehand(known, at)
        self.seen = len(self.calls)
        made = [(call.run, call.step) for call, _ in self.calls]
        assert len(made) == len(set(made))

    def check_votes(self, known: Counted) -> None:
        assert len(known.yes) >= max(self.quorum, POLICIES[self.current].quorum)
        people = [*known.seats, *(seat for name, seat in known.seats.items() if seat != name)]
        assert len(set(people)) == len(people)
        assert not {known.initiator, PUBLISHER} & {*people}
        assert {PEOPLE[seat] for seat in known.seats.values()} <= DECIDING

    def check_beforehand(self, known: Counted, at: datetime) -> None:
        assert POLICIES[self.current].has_standing
        good = [each for each in self.beforehand if each.is_good_for(known.targets, at)]
        assert any({known.initiator, PUBLISHER}.isdisjoint({each.proposer, each.signer}) for each in good)

    @invariant()
    def a_question_is_decided_once(self) -> None:
        for each in self.questions():
            if each.status is not ApprovalStatus.PENDING:
                assert self.ended.setdefault(each.id, each.status) is each.status

    def teardown(self) -> None:
        try:
            self.live()
            self.a_call_is_a_part_that_enough_people_allowed_or_two_agreed_to_beforehand()
            self.do(check_record(self.world))
            self.do(self.world.stop())
        finally:
            self.stack.close()


def _target_of(call: dict[str, JsonValue]) -> str:
    arguments = call["arguments"]
    assert isinstance(arguments, dict)
    return str(arguments["user"])


def _describe(call: ActionCall) -> dict[str, JsonValue]:
    return {
        "step": call.step,
        "action": call.action,
        "connection": call.connection,
        "arguments": dict(call.arguments),
        "secrets": [list(secret) for secret in call.secrets],
    }


TestInParts = InParts.TestCase
TestInParts.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    print_blob=True,
)
