"""A yes to a part, a yes beforehand, two real chats on one card: against crashes, policies, and people who stand in.

`make approvals-fuzz` tries more of it. What one question as a whole goes through is in `test_everything_at_once.py`.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from hashlib import sha256

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from soar.approvals.decide import Ballot, shown_digest
from soar.approvals.parts import confirmation_of
from soar.approvals.standing import StandingDesk, Wanted
from soar.audit.actor import describe_principal
from soar.engine.gate import digest_calls
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.chat import ChatAccount
from soar.model.errors import SoarError
from soar.model.playbook import Publication
from soar.model.process import ActionCall
from soar.model.values import JsonValue
from soar.policy import digest_gates
from soar.store import Unit
from tests.support import matrix, slack
from tests.support.builders import build_principal
from tests.support.clock import START
from tests.support.deciding import DUTY, GROUP, Deciding, choose_settings, describe_call, make_rules
from tests.support.two_chats import Chats, Sent
from tests.support.world import PEOPLE, WORKSPACE

LAB, MIXED = ("lab-1", "lab-2", "lab-3"), ("lab-1", "web-2", "web-3")
DECIDING = ("role:analyst", "role:incident-commander", GROUP, DUTY)
GROUNDS = {principal.removeprefix("role:") for principal in DECIDING}
POWERLESS = frozenset({"auditor"})  # not in a chat, whoever lends them what; here the route would say so
SIGNING = frozenset({"soc-lead", "incident-commander"})
PUBLISHER = "bob"
VOTERS = st.sampled_from(["ann", "ann", "bob", "dave", "dave", "carol", "olga", "olga"])
SIGNERS = st.sampled_from(["carol", "dave", "ann"])
MOST_RUNS = 4


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
      by: {json.dumps(DECIDING)}
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
    grounds: dict[str, frozenset[str]] = field(default_factory=dict)
    is_tampered: bool = False

    @property
    def allowed(self) -> tuple[str, ...]:
        """What every yes so far covers."""
        return tuple(target for target in self.targets if all(target in only for only in self.yes.values()))

    def note(self, name: str, seat: str, covered: tuple[str, ...], grounds: frozenset[str]) -> None:
        self.yes[name], self.seats[name], self.grounds[name] = covered, seat, grounds

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


class InParts(Deciding):
    """Questions about lists; nothing of a list happens that was not allowed, by votes or beforehand."""

    policies = (
        make_rules(DECIDING, 1, "analyst", "incident-commander", has_standing=True),
        make_rules(DECIDING, 2, "analyst", "incident-commander", has_standing=True),
        make_rules(DECIDING, 1, "analyst", "incident-commander"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.server, self.homeserver = slack.FakeSlack(), matrix.FakeMatrix(self.world.clock)
        self.homeserver.members[matrix.ROOM] |= {f"@{name}:{matrix.SERVER}" for name in PEOPLE}
        self.open_doors()
        self.targets: dict[str, tuple[str, ...]] = {}
        self.known: dict[str, Counted] = {}
        self.beforehand: list[Beforehand] = []
        self.captured: list[Sent] = []

    def open_doors(self) -> None:
        self.chats = Chats(self.world, self.server, self.homeserver)

    # What happens.

    @initialize(
        quorum=st.sampled_from([1, 1, 2]),
        pattern=st.sampled_from(["lab-*", "web-*", ""]),
        initiator=st.sampled_from(["source:siem", "user:u_ann"]),
        hosts=st.sampled_from([LAB, MIXED]),
    )
    def begin(self, quorum: int, pattern: str, initiator: str, hosts: tuple[str, ...]) -> None:
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
        self.start(initiator, hosts)

    @precondition(lambda self: len(self.runs) < MOST_RUNS)
    @rule(
        initiator=st.sampled_from(["user:u_ann", "user:u_dave", "source:siem", "source:siem"]),
        hosts=st.sampled_from([LAB, MIXED]),
    )
    def start(self, initiator: str, hosts: tuple[str, ...]) -> None:
        self.live()
        run = self.start_run(self.text, initiator, hosts=[*hosts])
        self.targets[run] = hosts

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
        along = {each.id: self.expect(each, name, chosen) for each in self.members_of(asked)}
        typed = confirmation_of(asked, chosen) if is_right else "something else"
        is_counted = self.do(self.cast_in(where, asked, name, chosen, typed))
        assert is_counted == (wanted is not None), (asked, name, chosen, where)
        if not is_counted or wanted is None:
            return
        covered = chosen or known.allowed
        for id_, seat in ((asked.id, wanted), *along.items()):
            if seat is not None:
                self.known[id_].note(name, seat, covered, self.find_grounds(seat, name))
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

    def say_yes(self, index: int, name: str) -> None:
        self.vote(index, name, (), True, "web")  # noqa: FBT003 -- drawn by Hypothesis elsewhere

    @rule(index=st.integers(0, 2), where=st.sampled_from(["web", "slack", "matrix"]))
    def cut_off(self, index: int, where: str) -> None:
        """End the process at the write after a yes, and let the next one go on."""
        self.restart(1, is_written=False)
        self.allow(index, ["dave", "ann"], (0, 1), where)
        self.live()

    async def cast_in(self, where: str, asked: Approval, name: str, only: tuple[str, ...], typed: str) -> bool:
        """Say yes, and return whether it counted."""
        match where:
            case "slack":
                self.captured += await self.chats.press(asked, name, typed)
            case "matrix":
                self.captured.append(await self.chats.write(name, f"!approve {asked.code} {typed}"))
            case _:
                await self.cast(asked, name, Ballot(VoteChoice.APPROVE, shown_digest(asked), confirm=typed, only=only))
        after = await self.world.read(lambda unit: unit.approvals.get(asked.id))
        assert after is not None
        return len(after.votes) > len(asked.votes)

    def expect(self, asked: Approval, name: str, only: tuple[str, ...]) -> str | None:
        """Return as whom somebody could vote now."""
        known = self.known[asked.id]
        if self.is_superseded(known.policy) or self.now >= known.expires_at or not {*only} <= {*known.allowed}:
            return None
        assert f"u_{PUBLISHER}" in asked.exclude_users
        return self.find_seat(asked, name, known.initiator, {*known.seats, *known.seats.values()}, GROUNDS)

    @rule(index=st.integers(0, 2), name=st.sampled_from(["ann", "dave"]), where=st.sampled_from(["slack", "matrix"]))
    def say_again(self, index: int, name: str, where: str) -> None:
        """Let somebody say yes in a chat and take it back, and the chat send the yes once more."""
        before = len(self.captured)
        self.vote(index, name, (), True, where)  # noqa: FBT003 -- drawn by Hypothesis elsewhere
        self.take_back(index, name)
        for number in range(before, len(self.captured)):
            self.replay(number)

    @precondition(lambda self: self.captured)
    @rule(index=st.integers(0, 5))
    def replay(self, index: int) -> None:
        """Send again what a chat has sent before; whatever became of it, it changes nothing."""
        before = [each.votes for each in self.questions()]
        try:
            self.do(self.chats.repeat(self.captured[index % len(self.captured)]))
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

    @rule(name=SIGNERS, pattern=st.sampled_from(["lab-*", "web-*", "lab-1"]), minutes=st.sampled_from([10, 60, 600]))
    def propose(self, name: str, pattern: str, minutes: int) -> None:
        until = self.now + timedelta(minutes=minutes)
        wanted = Wanted(
            action="crm.wipe", playbook="tried", revision=self.revision, targets=pattern, reason="r", until=until
        )
        made = self.agree(name, "propose", wanted)
        assert (made is not None) == self.may_sign(name)
        if made is not None:
            self.beforehand.append(Beforehand(made, pattern, until, name))

    @precondition(lambda self: self.beforehand)
    @rule(index=st.integers(0, 2), name=SIGNERS)
    def sign(self, index: int, name: str) -> None:
        each = self.beforehand[index % len(self.beforehand)]
        is_open = self.now < each.until and each.revoked_at is None and not each.signer
        may = self.may_sign(name) and name != each.proposer
        assert (self.agree(name, "sign", each.id) is not None) == (is_open and may)
        if is_open and may:
            each.signer = name

    def may_sign(self, name: str) -> bool:
        return self.terms.has_standing and PEOPLE[name] in SIGNING and name not in self.disabled

    @precondition(lambda self: len(self.runs) < MOST_RUNS)
    @rule(
        names=st.permutations(["carol", "dave"]),
        signer=st.sampled_from(["other", "same", "nobody"]),
        initiator=st.sampled_from(["source:siem", "user:u_dave"]),
        last=st.sampled_from([0, 0, 2, 3, 4]),
        is_late=st.booleans(),
    )
    def rely(self, names: list[str], signer: str, initiator: str, last: int, is_late: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        """Agree to something and start a run that needs it, too late or by a process that ends on the way."""
        known = len(self.beforehand)
        self.propose(names[0], "lab-*", 10)
        if signer != "nobody" and len(self.beforehand) > known:
            self.sign(known, names[signer == "other"])
        if last:
            self.restart(last)
        elif is_late:
            self.pass_time(10)
        self.start(initiator, LAB)
        self.pass_time(10, is_down=True)

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

    @rule(index=st.integers(0, 2))
    def change_arguments(self, index: int) -> None:
        """Change behind everybody's back what one of the elements is."""
        asked = self.open(index)
        if asked is None:
            return
        self.meet()
        self.known[asked.id].is_tampered |= self.tamper(asked)

    # What must hold.

    @invariant()
    def meet(self) -> None:
        """Put down what is known of questions that are new, at the moment they are asked."""
        for each in self.questions():
            if each.id in self.known:
                continue
            assert digest_gates(self.terms.policy) == each.course.policy
            initiator, targets = self.runs[each.run], self.targets[each.run]
            calls = tuple(call for call in each.card.arguments or () if isinstance(call, dict))
            assert tuple(map(_target_of, calls)) == targets
            self.known[each.id] = Counted(targets, initiator, self.current, each.expires_at, calls)
            if each.status is ApprovalStatus.APPROVED and each.decided_at is not None:
                assert not self.disabled & self.check_beforehand(each, each.decided_at)

    def check_call(self, approved: Approval, call: ActionCall, at: datetime) -> None:
        super().check_call(approved, call, at)
        self.meet()
        known = self.known[approved.id]
        assert not known.is_tampered
        assert describe_call(call) in known.digest_calls
        assert approved.digest == digest_calls(
            workspace=WORKSPACE,
            run=call.run,
            revision=approved.revision,
            step=approved.step,
            calls=known.digest_calls,
        )
        if known.yes:
            assert len(known.yes) >= max(self.quorum, self.terms.quorum)
            self.check_people(known.seats, known.grounds, known.initiator, PUBLISHER)
        else:
            self.check_beforehand(approved, at)

    def check_beforehand(self, approved: Approval, at: datetime) -> set[str]:
        """Check that what answered a question in advance was good at a moment; return who had agreed to it."""
        known = self.known[approved.id]
        (used,) = (each for each in self.beforehand if each.id == approved.course.standing)
        assert self.terms.has_standing
        assert used.is_good_for(known.targets, at)
        assert not {known.initiator, PUBLISHER} & {used.proposer, used.signer}
        return {used.proposer, used.signer}


def _target_of(call: dict[str, JsonValue]) -> str:
    arguments = call["arguments"]
    assert isinstance(arguments, dict)
    return str(arguments["user"])


TestInParts = InParts.TestCase
TestInParts.settings = choose_settings(8, 14)
