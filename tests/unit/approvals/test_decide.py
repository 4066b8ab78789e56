"""The rules of a decision: who may, what counts, and when it is over."""

from datetime import timedelta

import pytest

from soar.approvals.decide import (
    Ballot,
    Refusal,
    Voter,
    cancel,
    cast_vote,
    deciders,
    escalate,
    expire,
    say_outcome,
)
from soar.model.approval import Approval, ApprovalStatus, EscalationLevel, VoteChoice
from soar.model.step import Assurance
from tests.support.builders import NO_DIGEST, build_approval
from tests.support.clock import START

CLOSED = sorted(set(ApprovalStatus) - {ApprovalStatus.PENDING})
OTHER_DIGEST = "sha256:" + 64 * "1"


def voter(name: str = "bob", role: str = "analyst", assurance: Assurance = Assurance.LINKED) -> Voter:
    return Voter(id=f"u_{name}", name=name, email=f"{name}@corp.example", roles=(role,), assurance=assurance)


def ballot(choice: str = "approve", **more: str) -> Ballot:
    return Ballot(VoteChoice(choice), more.pop("digest", NO_DIGEST), **more)


def cast(approval: Approval, who: Voter | None = None, said: Ballot | None = None, minutes: float = 1) -> object:
    return cast_vote(approval, who or voter(), said or ballot(), at=START + timedelta(minutes=minutes), via="web")


def counted(outcome: object) -> Approval:
    assert isinstance(outcome, Approval), outcome
    return outcome


def refused(outcome: object) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def test_a_yes_that_meets_the_quorum_approves() -> None:
    approval = counted(cast(build_approval(), said=ballot(comment="seen it")))
    assert approval.status is ApprovalStatus.APPROVED
    assert approval.decided_at == START + timedelta(minutes=1)
    assert approval.version == build_approval().version + 1
    (vote,) = approval.votes
    assert (vote.user, vote.choice, vote.comment, vote.via) == ("u_bob", VoteChoice.APPROVE, "seen it", "web")


def test_the_quorum_counts_different_people() -> None:
    approval = counted(cast(build_approval(quorum=2)))
    assert approval.status is ApprovalStatus.PENDING
    assert approval.decided_at is None
    assert refused(cast(approval)) == "already_voted"
    assert counted(cast(approval, voter("ann"))).status is ApprovalStatus.APPROVED


def test_one_no_decides_where_a_no_is_a_veto() -> None:
    approval = counted(cast(build_approval(quorum=2)))
    denied = counted(cast(approval, voter("ann"), ballot("deny", comment="wrong host")))
    assert denied.status is ApprovalStatus.DENIED
    assert say_outcome(denied) == "denied by ann: wrong host"


def test_without_veto_a_no_only_does_not_count_as_a_yes() -> None:
    approval = counted(cast(build_approval(has_veto=False), voter("ann"), ballot("deny")))
    assert approval.status is ApprovalStatus.PENDING
    approved = counted(cast(approval))
    assert approved.status is ApprovalStatus.APPROVED
    assert say_outcome(approved) == "approved by bob"


@pytest.mark.parametrize("status", CLOSED)
def test_nothing_moves_a_closed_question(status: ApprovalStatus) -> None:
    approval = build_approval(status=status, escalations=(EscalationLevel(START, "role:soc-lead"),))
    late = START + timedelta(days=1)
    assert refused(cast(approval)) == "already_decided"
    assert refused(cast(approval, said=ballot("deny"))) == "already_decided"
    assert expire(approval, late) is None
    assert cancel(approval, "over", late) is None
    assert escalate(approval, late) is None


def test_from_the_moment_of_expiry_on_nobody_can_vote() -> None:
    approval = build_approval()
    assert counted(cast(approval, minutes=29.999)).status is ApprovalStatus.APPROVED
    assert refused(cast(approval, minutes=30)) == "expired"
    assert refused(cast(approval, said=ballot("deny"), minutes=30)) == "expired"


def test_a_question_expires_at_its_moment_and_not_before() -> None:
    approval = build_approval()
    assert expire(approval, approval.expires_at - timedelta(microseconds=1)) is None
    expired = expire(approval, approval.expires_at)
    assert expired is not None
    assert (expired.status, expired.version) == (ApprovalStatus.EXPIRED, approval.version + 1)
    assert say_outcome(expired) == "nobody decided in time: not done"


def test_a_question_can_be_taken_back_and_says_why() -> None:
    cancelled = cancel(build_approval(), "the run was cancelled", START)
    assert cancelled is not None
    assert cancelled.status is ApprovalStatus.CANCELLED
    assert say_outcome(cancelled) == "cancelled: the run was cancelled"


@pytest.mark.parametrize("why", ["initiator", "author", "target"])
def test_an_excluded_person_may_vote_neither_yes_nor_no(why: str) -> None:
    approval = build_approval(exclude_users={"u_bob": why}, by=("role:analyst", "user:bob@corp.example"))
    assert refused(cast(approval)) == f"excluded_{why}"
    assert refused(cast(approval, said=ballot("deny"))) == f"excluded_{why}"
    assert counted(cast(approval, voter("ann"))).status is ApprovalStatus.APPROVED


@pytest.mark.parametrize(
    ("by", "may"),
    [
        (("role:analyst",), True),
        (("role:soc-lead", "role:analyst"), True),
        (("user:BOB@corp.example",), True),
        (("role:soc-lead",), False),
        (("role:Analyst",), False),
        (("user:bob",), False),
        (("user:bob@corp.example.evil.test",), False),
        (("group:analyst",), False),
        (("oncall:analyst",), False),
        (("analyst",), False),
        ((), False),
    ],
)
def test_only_who_is_named_may_decide(by: tuple[str, ...], may: bool) -> None:  # noqa: FBT001 -- a table's column
    outcome = cast(build_approval(by=by))
    assert counted(outcome) if may else refused(outcome) == "not_allowed"


def test_a_refusal_says_what_it_needs_and_what_the_voter_has() -> None:
    outcome = cast(build_approval(by=("role:soc-lead", "role:incident-commander")))
    assert isinstance(outcome, Refusal)
    assert outcome.reason == ("You may not decide AB12: it needs soc-lead or incident-commander (you: analyst).")


def test_escalation_lets_the_next_role_vote_only_from_its_moment_on() -> None:
    approval = build_approval(escalations=(EscalationLevel(START + timedelta(minutes=15), "role:soc-lead"),))
    carol = voter("carol", "soc-lead")
    assert escalate(approval, START + timedelta(minutes=14, seconds=59)) is None
    assert refused(cast(approval, carol, minutes=14)) == "not_allowed"
    raised = escalate(approval, START + timedelta(minutes=15))
    assert raised is not None
    assert deciders(raised) == ("role:analyst", "role:soc-lead")
    assert escalate(raised, START + timedelta(minutes=16)) is None
    assert counted(cast(raised, carol, minutes=16)).status is ApprovalStatus.APPROVED
    assert counted(cast(raised, voter(), minutes=16)).status is ApprovalStatus.APPROVED


@pytest.mark.parametrize("assurance", [Assurance.CONFIRMED, Assurance.MFA])
@pytest.mark.parametrize("typed", [None, "", "web-2", "web"])
def test_a_yes_without_the_right_confirmation_does_not_count(assurance: Assurance, typed: str | None) -> None:
    approval = build_approval(assurance=assurance, confirm="web-1")
    strong = voter(assurance=Assurance.MFA)
    assert refused(cast(approval, strong, Ballot(VoteChoice.APPROVE, NO_DIGEST, confirm=typed))) == "confirm_missing"


@pytest.mark.parametrize("typed", ["web-1", " WEB-1 "])
def test_a_right_confirmation_makes_the_vote_a_confirmed_one(typed: str) -> None:
    approval = counted(cast(build_approval(assurance=Assurance.CONFIRMED, confirm="web-1"), said=ballot(confirm=typed)))
    assert approval.status is ApprovalStatus.APPROVED
    assert approval.votes[0].assurance is Assurance.CONFIRMED


def test_a_no_needs_no_confirmation() -> None:
    approval = build_approval(assurance=Assurance.MFA, confirm="web-1")
    denied = counted(cast(approval, said=ballot("deny")))
    assert denied.status is ApprovalStatus.DENIED
    assert denied.votes[0].assurance is Assurance.LINKED


def test_a_second_factor_is_wanted_where_the_question_wants_one() -> None:
    approval = build_approval(assurance=Assurance.MFA, confirm="web-1")
    assert refused(cast(approval, voter(), ballot(confirm="web-1"))) == "assurance_missing"
    approved = counted(cast(approval, voter(assurance=Assurance.MFA), ballot(confirm="web-1")))
    assert approved.votes[0].assurance is Assurance.MFA


@pytest.mark.parametrize(
    ("wanted", "choice", "comment", "code"),
    [
        ("required", "approve", None, "comment_missing"),
        ("required", "deny", "  ", "comment_missing"),
        ("required", "approve", "seen it", None),
        ("required_on_deny", "deny", None, "comment_missing"),
        ("required_on_deny", "deny", "wrong host", None),
        ("required_on_deny", "approve", None, None),
        ("optional", "deny", None, None),
    ],
)
def test_a_comment_is_required_where_the_gate_says_so(
    wanted: str, choice: str, comment: str | None, code: str | None
) -> None:
    outcome = cast(build_approval(comment=wanted), said=Ballot(VoteChoice(choice), NO_DIGEST, comment=comment))
    assert refused(outcome) == code if code else counted(outcome)


@pytest.mark.parametrize("choice", list(VoteChoice))
@pytest.mark.parametrize("digest", [OTHER_DIGEST, "", "ß"])
def test_a_vote_on_anything_else_than_what_would_be_done_does_not_count(choice: VoteChoice, digest: str) -> None:
    assert refused(cast(build_approval(), said=Ballot(choice, digest))) == "digest_differs"
