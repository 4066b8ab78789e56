"""How people decide, measured from what they decided."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.approvals.fatigue import ALWAYS, measure_fatigue
from soar.model.approval import Approval, ApprovalStatus
from soar.model.catalog import Effect
from soar.model.step import Question
from tests.support.builders import build_approval, build_card, build_vote
from tests.support.clock import START


def build_decided(
    number: int,
    seconds: float,
    *,
    status: ApprovalStatus = ApprovalStatus.APPROVED,
    user: str = "u_ann",
    effect: Effect = Effect.WRITE,
    step: str = "steps/0",
) -> Approval:
    """Return the decision of one person, so many minutes after the start."""
    asked = START + timedelta(minutes=number)
    decided = asked + timedelta(seconds=seconds)
    vote = build_vote(user=user, name=user.removeprefix("u_"), at=decided)
    return build_approval(
        id=f"ap_{number}",
        step=step,
        status=status,
        asked_at=asked,
        decided_at=decided,
        votes=() if status is ApprovalStatus.EXPIRED else (vote,),
        card=replace(build_card(), effect=effect),
    )


def test_of_nothing_nothing_is_told() -> None:
    told = measure_fatigue([build_approval(), build_approval(status=ApprovalStatus.ANSWERED, fields=ASKED)])
    assert (told.decided, told.votes, told.median_seconds, told.people, told.gates) == (0, 0, None, (), ())


ASKED = {"mine": Question(type="bool", label="Yours?", enum=(), has_default=False, default=None)}


def test_what_has_run_out_counts_and_tells_nothing_of_speed() -> None:
    told = measure_fatigue(
        [build_decided(1, 1800, status=ApprovalStatus.EXPIRED), build_decided(0, 60), build_decided(0, 20)]
    )
    assert (told.decided, told.expired, told.median_seconds, told.votes) == (3, 1, 40.0, 2)


@pytest.mark.parametrize(
    ("seconds", "hasty", "is_hasty"),
    [
        ([4.9] * 5, 5, True),
        ([5.0] * 5, 0, False),
        ([1, 1, 1, 60, 60], 3, True),
        ([1, 1, 60, 60, 60], 2, False),
        ([1] * 4, 4, False),
    ],
)
def test_who_decides_within_seconds_is_said_to(seconds: list[float], hasty: int, *, is_hasty: bool) -> None:
    (ann,) = measure_fatigue([build_decided(number, each) for number, each in enumerate(seconds)]).people
    assert (ann.name, ann.hasty, ann.is_hasty) == ("ann", hasty, is_hasty)


def test_load_is_told_by_person_and_by_their_busiest_hour() -> None:
    mine = [build_decided(number, 0) for number in (0, 30, 59, 60, 200)]
    told = measure_fatigue([*mine, build_decided(1, 0, user="u_bob")])
    assert [(each.user, each.votes, each.busiest_hour) for each in told.people] == [("u_ann", 5, 3), ("u_bob", 1, 1)]


@pytest.mark.parametrize(
    ("count", "effect", "is_proposed"),
    [(ALWAYS, Effect.WRITE, True), (ALWAYS - 1, Effect.WRITE, False), (ALWAYS, Effect.DESTRUCTIVE, False)],
)
def test_a_gate_that_never_hears_a_no_is_proposed_unless_it_guards_destruction(
    count: int, effect: Effect, *, is_proposed: bool
) -> None:
    approved = [build_decided(number, 30, effect=effect, step=f"steps/0#{number}") for number in range(count)]
    denied = build_decided(99, 30, effect=effect, status=ApprovalStatus.DENIED)
    (gate,) = measure_fatigue([*approved, denied, *approved]).gates
    assert (gate.step, gate.decided, gate.in_a_row) == ("steps/0", 2 * count + 1, count)
    assert gate.is_proposed is is_proposed
