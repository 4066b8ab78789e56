"""What people may do with an open question besides voting: taking back, asking, giving more time, standing in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.approvals.decide import Ballot, Refusal, Voter, cast_vote, say_outcome
from soar.approvals.motions import extend, inquire, take_back
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.step import Assurance
from tests.support.builders import NO_DIGEST, build_approval
from tests.support.clock import START

SOON = START + timedelta(minutes=1)
MORE = timedelta(minutes=15)


def voter(name: str = "bob", role: str = "analyst", *givers: Voter) -> Voter:
    return Voter(
        id=f"u_{name}",
        name=name,
        email=f"{name}@corp.example",
        roles=(role,),
        assurance=Assurance.LINKED,
        givers=givers,
    )


def cast(approval: Approval, who: Voter, choice: str = "approve") -> Approval | Refusal:
    return cast_vote(approval, who, Ballot(VoteChoice(choice), NO_DIGEST), at=SOON, via="web")


def counted(outcome: Approval | Refusal) -> Approval:
    assert isinstance(outcome, Approval), outcome
    return outcome


def refused(outcome: Approval | Refusal) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def test_a_vote_is_taken_back_while_the_question_is_open_and_may_be_cast_again() -> None:
    asked = build_approval(quorum=2)
    voted = counted(cast(asked, voter()))
    back = counted(take_back(voted, voter(), SOON))
    assert (back.votes, back.version, back.status) == ((), asked.version + 2, ApprovalStatus.PENDING)
    assert counted(cast(counted(cast(back, voter())), voter("ann"))).status is ApprovalStatus.APPROVED


def test_only_ones_own_vote_is_taken_back_and_none_that_decided() -> None:
    voted = counted(cast(build_approval(quorum=2), voter()))
    assert refused(take_back(voted, voter("ann"), SOON)) == "not_voted"
    approved = counted(cast(voted, voter("ann")))
    assert refused(take_back(approved, voter("ann"), SOON)) == "already_decided"
    assert refused(take_back(voted, voter(), START + timedelta(hours=1))) == "expired"


def test_a_question_about_the_question_leaves_its_time_and_its_votes_as_they_are() -> None:
    asked = build_approval(quorum=2)
    inquired = counted(inquire(asked, voter(), "  who owns it? ", SOON))
    ((inquiry),) = inquired.course.inquiries
    assert (inquiry.user, inquiry.text, inquiry.at) == ("u_bob", "who owns it?", SOON)
    assert (inquired.expires_at, inquired.votes, inquired.status) == (asked.expires_at, (), ApprovalStatus.PENDING)
    assert counted(inquire(counted(cast(asked, voter())), voter(), "sure?", SOON)).votes


@pytest.mark.parametrize(
    ("who", "text", "code"),
    [
        (voter("vera", "viewer"), "who owns it?", "not_allowed"),
        (voter("ann"), "who owns it?", "excluded_initiator"),
        (voter(), " ", "inquiry_missing"),
        (voter(), 1_001 * "x", "inquiry_too_long"),
    ],
)
def test_who_may_not_vote_may_not_ask_either(who: Voter, text: str, code: str) -> None:
    asked = build_approval(exclude_users={"u_ann": "initiator"})
    assert refused(inquire(asked, who, text, SOON)) == code


def test_nobody_asks_without_end() -> None:
    asked = build_approval()
    for _ in range(20):
        asked = counted(inquire(asked, voter(), "why?", SOON))
    assert refused(inquire(asked, voter(), "why?", SOON)) == "too_many_inquiries"


def test_a_soc_lead_gives_more_time_once() -> None:
    carol = voter("carol", "soc-lead")
    asked = build_approval()
    extended = counted(extend(asked, carol, MORE, SOON))
    assert extended.expires_at == asked.expires_at + MORE
    assert (extended.course.extended_by, extended.version) == ("u_carol", asked.version + 1)
    assert refused(extend(extended, carol, MORE, SOON)) == "extended_already"


@pytest.mark.parametrize(
    ("who", "more", "at", "code"),
    [
        (voter("bob", "analyst"), MORE, SOON, "not_allowed"),
        (voter("carol", "soc-lead"), timedelta(minutes=31), SOON, "extension_out_of_range"),
        (voter("carol", "soc-lead"), timedelta(), SOON, "extension_out_of_range"),
        (voter("carol", "soc-lead"), MORE, START + timedelta(minutes=30), "expired"),
        (voter("ann", "soc-lead"), MORE, SOON, "excluded_initiator"),
    ],
)
def test_no_more_time_for_others_or_beyond_what_it_had(who: Voter, more: timedelta, at: object, code: str) -> None:
    asked = build_approval(exclude_users={"u_ann": "initiator"})
    assert refused(extend(asked, who, more, at)) == code  # type: ignore[arg-type]  # a moment, as the table says


def test_somebody_votes_as_themselves_for_whom_they_stand_in_for() -> None:
    ann = voter("ann", "soc-lead")
    asked = build_approval(by=("role:soc-lead",))
    assert refused(cast(asked, voter())) == "not_allowed"
    approved = counted(cast(asked, voter("bob", "analyst", ann)))
    (vote,) = approved.votes
    assert (vote.user, vote.for_user, vote.for_name) == ("u_bob", "u_ann", "ann")
    assert say_outcome(approved) == "approved by bob for ann"


def test_their_own_right_comes_first() -> None:
    approved = counted(cast(build_approval(), voter("bob", "analyst", voter("ann"))))
    assert approved.votes[0].for_user is None


def test_one_who_stands_in_and_whom_they_stand_in_for_have_one_say() -> None:
    ann = voter("ann", "soc-lead")
    asked = build_approval(by=("role:soc-lead",), quorum=2)
    voted = counted(cast(asked, voter("bob", "analyst", ann)))
    assert refused(cast(voted, ann)) == "already_voted"
    assert refused(cast(voted, voter("bob", "soc-lead", voter("carol", "soc-lead")))) == "already_voted"
    assert refused(cast(voted, voter("dave", "analyst", ann))) == "already_voted"
    assert counted(cast(voted, voter("carol", "soc-lead"))).status is ApprovalStatus.APPROVED


def test_somebody_who_voted_is_not_voted_for_again() -> None:
    ann = voter("ann", "soc-lead")
    voted = counted(cast(build_approval(by=("role:soc-lead",), quorum=2), ann))
    assert refused(cast(voted, voter("bob", "analyst", ann))) == "already_voted"


def test_who_stands_in_for_somebody_excluded_is_excluded_even_in_their_own_right() -> None:
    asked = build_approval(exclude_users={"u_ann": "initiator"})
    outcome = cast(asked, voter("bob", "analyst", voter("ann")))
    assert refused(outcome) == "excluded_delegate"
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "You may not decide AB12: you stand in for ann, who may not."


def test_facts_are_ones_own_and_nobody_elses() -> None:
    ann = voter("ann", "soc-lead")
    asked = replace(build_approval(by=("role:soc-lead",)), fields={"mine": None})  # type: ignore[dict-item]  # unread
    assert refused(inquire(asked, voter("bob", "analyst", ann), "who?", SOON)) == "not_allowed"
