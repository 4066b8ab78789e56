"""Votes, timers, crashes, other policies, tampering, people who stand in, two chats: nothing runs without its yes.

`make approvals-fuzz` tries more of it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from soar.approvals.conduct import Conduct
from soar.approvals.console import Console, Said, Speaker
from soar.approvals.decide import Ballot, shown_digest
from soar.engine.gate import digest_calls
from soar.model.approval import Approval, VoteChoice
from soar.model.process import ActionCall
from soar.model.step import Assurance
from soar.policy import digest_gates
from tests.support.builders import build_principal
from tests.support.chat import make_brake
from tests.support.deciding import DUTY, GROUP, Deciding, choose_settings, describe_call, make_rules
from tests.support.world import PEOPLE, WORKSPACE

ESCALATED = timedelta(minutes=10)
VOTERS = st.sampled_from(["ann", "bob", "bob", "carol", "dave", "dave", "olga", "olga"])
MOST_RUNS = 3


@dataclass
class Counted:
    """What we know of one question without asking the code: whose yes counts, for whom and on what grounds it was."""

    initiator: str
    asked_at: datetime
    expires_at: datetime
    policy: int
    seats: dict[str, str] = field(default_factory=dict)
    grounds: dict[str, frozenset[str]] = field(default_factory=dict)
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
      by: [role:analyst, role:incident-commander, "{GROUP}", "{DUTY}"]
      quorum: {quorum}
      veto: {str(has_veto).lower()}
      reason: Beaconing
      timeout: 30m
      remind: 5m
      escalate: [{{after: 10m, to: role:soc-lead}}]
"""


class Everything(Deciding):
    """Up to three questions at once; whatever happens, a call needs the yes of enough of the right people."""

    policies = (
        make_rules(("role:analyst", DUTY, GROUP), 1, "analyst", "soc-lead", "incident-commander"),
        make_rules(("role:analyst", GROUP), 2, "analyst", "soc-lead", "incident-commander"),
        make_rules(("role:incident-commander",), 1, "incident-commander"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Counted] = {}

    # What happens.

    @initialize(
        quorum=st.sampled_from([1, 1, 2, 2, 2, 3]),
        has_veto=st.booleans(),
        initiator=st.sampled_from(["source:siem", "user:u_ann"]),
    )
    def begin(self, quorum: int, has_veto: bool, initiator: str) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        self.quorum, self.has_veto = quorum, has_veto
        self.start(initiator)

    @precondition(lambda self: len(self.runs) < MOST_RUNS)
    @rule(
        initiator=st.sampled_from(["user:u_ann", "token:u_bob", "source:siem", "source:siem"]),
        is_same=st.sampled_from([True, True, False]),
    )
    def start(self, initiator: str, is_same: bool = True) -> None:  # noqa: FBT001, FBT002 -- drawn by Hypothesis
        self.live()
        text = write_playbook(self.quorum, self.has_veto, "web-0" if is_same else f"web-{len(self.runs)}")
        self.start_run(text, initiator)

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
            said = f"!{choice.value} {asked.code.lower()} {typed} seen it"
            outcome = self.do(self.say(chat, name, said))
        else:
            ballot = Ballot(choice, digest or shown_digest(asked), confirm=typed or None)
            outcome = self.do(self.cast(asked, name, ballot))
            is_right = is_right and not digest
        is_counted = outcome is not None
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
            known.seats[name], known.grounds[name] = seat, self.find_grounds(seat, name)
        else:
            known.noes.add(name)

    @rule(index=st.integers(0, 2), names=st.permutations([*PEOPLE]), count=st.sampled_from([5, 4, 3, 2]))
    def agree(self, index: int, names: list[str], count: int) -> None:
        """Let several people say yes to one question, one after the other, each as it should be said."""
        first = self.open(index)
        for name in names[:count]:
            asked = self.open(index)
            if first is not None and asked is not None and asked.id == first.id:
                self.say_yes(index, name)

    def say_yes(self, index: int, name: str) -> None:
        self.vote(index, name, VoteChoice.APPROVE, "right", "", "")

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
        """Return as whom somebody could vote now."""
        known = self.known[asked.id]
        if self.is_superseded(known.policy) or self.now >= known.expires_at:
            return None
        is_raised = any(level.is_reached for level in asked.escalations)  # by a timer, which dies with its process
        assert not is_raised or self.now >= known.asked_at + ESCALATED
        asks = {"analyst", "incident-commander", GROUP, DUTY} | ({"soc-lead"} if is_raised else set())
        heard = {*known.seats, *known.seats.values(), *known.noes, *self.refused_for(asked)}
        return self.find_seat(asked, name, known.initiator, heard, asks & self.policies[known.policy].decides)

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

    @rule(index=st.integers(0, 2))
    def change_arguments(self, index: int) -> None:
        """Change behind everybody's back what a question is about."""
        asked = self.open(index)
        if asked is None:
            return
        self.meet()
        self.known[asked.id].is_tampered |= self.tamper(asked)

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
                assert digest_gates(self.terms.policy) == each.course.policy
                self.known[each.id] = Counted(self.runs[each.run], each.asked_at, each.expires_at, self.current)

    def check_call(self, approved: Approval, call: ActionCall, at: datetime) -> None:
        super().check_call(approved, call, at)
        known = self.known[approved.id]
        sent = digest_calls(
            workspace=WORKSPACE,
            run=call.run,
            revision=approved.revision,
            step=approved.step,
            calls=[describe_call(call)],
        )
        assert sent == approved.digest
        assert not known.is_tampered
        assert len(known.seats) >= max(self.quorum, self.terms.quorum)
        self.check_people(known.seats, known.grounds, known.initiator)


TestEverythingAtOnce = Everything.TestCase
TestEverythingAtOnce.settings = choose_settings(22, 20)
