"""Whatever people do and however time passes: yes comes only from enough of the right people."""

from collections.abc import Coroutine
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from soar.approvals.decide import Refusal
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.identity import PrincipalKind
from soar.model.process import ActionAnswer
from tests.support.builders import build_user
from tests.support.clock import START
from tests.support.loop import virtual_loop
from tests.support.world import PEOPLE, World, check_record, open_world

T = TypeVar("T")

KINDS = st.sampled_from([PrincipalKind.USER, PrincipalKind.TOKEN])
ESCALATED = timedelta(minutes=10)
EXPIRED = timedelta(minutes=30)


def write_playbook(quorum: int, has_veto: bool) -> str:  # noqa: FBT001 -- drawn by Hypothesis
    return f"""
name: Tried
on: {{manual: {{}}}}
steps:
  - uses: crm.wipe
    with: {{user: web-1}}
    approve:
      by: [role:analyst, role:incident-commander]
      quorum: {quorum}
      veto: {str(has_veto).lower()}
      reason: Beaconing
      timeout: 30m
      remind: 5m
      escalate: [{{after: 10m, to: role:soc-lead}}]
"""


class Deciding(RuleBasedStateMachine):
    """One question, asked of bob, dave and, after ten minutes, carol; ann started the run."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.loop = self.stack.enter_context(virtual_loop())
        self.world: World = self.do(open_world())
        self.disabled: set[str] = set()
        self.decided: set[ApprovalStatus] = set()
        self.valid: set[str] = set()

    def do(self, work: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(quorum=st.integers(1, 3), has_veto=st.booleans())
    def ask(self, quorum: int, has_veto: bool) -> None:  # noqa: FBT001 -- drawn by Hypothesis
        self.quorum, self.has_veto = quorum, has_veto
        self.world.host.script("crm.wipe", ActionAnswer(output={}))
        self.run = self.do(self.world.start(write_playbook(quorum, has_veto), initiator="user:u_ann"))
        self.do(self.world.settle())
        self.asked = self.approval()
        assert self.asked.status is ApprovalStatus.PENDING

    async def now(self) -> datetime:
        return self.world.clock.now()

    def approval(self) -> Approval:
        return self.do(self.world.approval(self.run))

    def may_vote(self, name: str) -> bool:
        passed = self.world.clock.now() - self.asked.asked_at
        allowed = {"bob", "dave"} | ({"carol"} if passed >= ESCALATED else set())
        is_open = self.before.status is ApprovalStatus.PENDING and passed < EXPIRED
        return is_open and name in allowed - self.disabled and name not in {vote.name for vote in self.before.votes}

    async def vote_and_look(self, name: str, choice: str, typed: str, kind: PrincipalKind) -> Approval | Refusal:
        self.before = await self.world.approval(self.run)
        self.expected = self.may_vote(name) and (choice == "deny" or typed == "web-1")
        return await self.world.vote(name, choice, approval=self.asked.id, confirm=typed, kind=kind)

    @rule(
        name=st.sampled_from(["bob", "carol", "dave", *PEOPLE, "stranger"]),
        choice=st.sampled_from([*VoteChoice]),
        typed=st.sampled_from(["web-1", "web-1", "web-1", "web-2"]),
        kind=KINDS,
    )
    def vote(self, name: str, choice: VoteChoice, typed: str, kind: PrincipalKind) -> None:
        outcome = self.do(self.vote_and_look(name, choice.value, typed, kind))
        assert isinstance(outcome, Approval) == self.expected, outcome
        if isinstance(outcome, Approval) and choice is VoteChoice.APPROVE:
            self.valid.add(name)
        if isinstance(outcome, Approval) and choice is VoteChoice.DENY:
            assert outcome.status is (ApprovalStatus.DENIED if self.has_veto else ApprovalStatus.PENDING)

    @rule(name=st.sampled_from([*PEOPLE]), choice=st.sampled_from([*VoteChoice]))
    def vote_on_something_else(self, name: str, choice: VoteChoice) -> None:
        vote = self.world.vote(name, choice.value, approval=self.asked.id, confirm="web-1", digest="sha256:0")
        assert isinstance(self.do(vote), Refusal)

    @rule(minutes=st.sampled_from([1, 5, 10, 16]))
    def pass_time(self, minutes: int) -> None:
        before = self.approval()
        self.do(self.world.pass_time(timedelta(minutes=minutes)))
        after = self.approval()
        assert after.votes == before.votes
        assert after.status in {before.status, ApprovalStatus.EXPIRED}
        assert (after.status is ApprovalStatus.PENDING) == (
            before.status is ApprovalStatus.PENDING and self.do(self.now()) < after.expires_at
        )

    @rule(name=st.sampled_from(["bob", "carol", "dave"]))
    def disable(self, name: str) -> None:
        roles = frozenset({PEOPLE[name]})
        user = build_user(id=f"u_{name}", name=name, email=f"{name}@corp.example", roles=roles, disabled_at=START)
        self.do(self.world.write(lambda unit: unit.users.update(user)))
        self.disabled.add(name)

    @rule()
    def cancel(self) -> None:
        self.do(self.world.cancel(self.run))
        assert self.approval().status is not ApprovalStatus.PENDING

    @invariant()
    def a_yes_is_of_enough_different_people(self) -> None:
        approval = self.approval()
        said_yes = {vote.user for vote in approval.votes if vote.choice is VoteChoice.APPROVE}
        assert said_yes == {f"u_{name}" for name in self.valid}
        if approval.status is ApprovalStatus.APPROVED:
            assert len(said_yes) >= self.quorum
        else:
            assert self.world.host.calls == []

    @invariant()
    def there_is_at_most_one_decision(self) -> None:
        status = self.approval().status
        self.decided |= {status} - {ApprovalStatus.PENDING}
        assert self.decided <= {status}
        entries = self.do(self.world.read(lambda unit: unit.journal.load(self.run)))
        kinds = [entry.event["kind"] for entry in entries]
        assert kinds.count("approval_decided") == (status not in {ApprovalStatus.PENDING, ApprovalStatus.CANCELLED})
        assert len(self.world.host.calls) <= 1

    def teardown(self) -> None:
        try:
            self.do(check_record(self.world))
            self.do(self.world.stop())
        finally:
            self.stack.close()


TestDeciding = Deciding.TestCase
TestDeciding.settings = settings(
    max_examples=40, stateful_step_count=15, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
