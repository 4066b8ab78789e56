"""How people decide: how fast, how much of it each, and which gates never hear a no."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, takewhile
from operator import attrgetter
from statistics import median

from soar.model.approval import Approval, ApprovalStatus
from soar.model.catalog import Effect

HASTY = timedelta(seconds=5)
"""Whoever decides sooner than this has hardly read what was asked."""

ALWAYS = 50
"""A gate that heard so many yes in a row is proposed for a look."""

_FEWEST = 5  # decisions below which a habit cannot be told
_DECIDED = frozenset({ApprovalStatus.APPROVED, ApprovalStatus.DENIED, ApprovalStatus.EXPIRED})
_ELEMENT = re.compile(r"#\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLoad:
    """What one person has decided.

    Attributes:
        votes: how many votes.
        busiest_hour: the most votes within one hour.
        median_seconds: between the question and the vote.
        hasty: how many votes came within five seconds.
        is_hasty: whether half of them did, of five or more.
    """

    user: str
    name: str
    votes: int
    busiest_hour: int
    median_seconds: float
    hasty: int
    is_hasty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GateHabit:
    """How a gate has been decided.

    Attributes:
        playbook: its id.
        step: path of the step, without the number of an element.
        effect: of the action behind it.
        decided: how often it was.
        in_a_row: how many of the latest decisions were a yes, one after the other.
        is_proposed: whether that is so often that people could look whether it has to ask. It goes on asking until they
            change the playbook, and what is destructive is never proposed.
    """

    playbook: str
    step: str
    effect: Effect
    decided: int
    in_a_row: int
    is_proposed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fatigue:
    """What decided questions tell of those who decide; nothing follows from it by itself.

    Attributes:
        decided: how many questions were decided or have run out.
        expired: how many of them have run out.
        median_seconds: from question to decision, of those that people decided; None if there are none.
        votes: how many votes there are.
        hasty: how many of them came within five seconds.
        people: the busiest first.
        gates: those approved most often in a row first.
    """

    decided: int
    expired: int
    median_seconds: float | None
    votes: int
    hasty: int
    people: tuple[PersonLoad, ...]
    gates: tuple[GateHabit, ...]


@dataclass(frozen=True, slots=True)
class _Cast:
    """A vote, and how long after its question it came."""

    user: str
    name: str
    at: datetime
    seconds: float

    @property
    def is_hasty(self) -> bool:
        return self.seconds < HASTY.total_seconds()


def measure_fatigue(approvals: Iterable[Approval]) -> Fatigue:
    """Measure how questions were decided; those that are open, or only ask for facts, are left out.

    Args:
        approvals: the newest first.
    """
    decided = [each for each in approvals if each.status in _DECIDED and not each.is_question]
    by_people = [each for each in decided if each.status is not ApprovalStatus.EXPIRED and each.decided_at]
    lengths = [(each.decided_at - each.asked_at).total_seconds() for each in by_people if each.decided_at]
    casts = [
        _Cast(vote.user, vote.name, vote.at, (vote.at - each.asked_at).total_seconds())
        for each in decided
        for vote in each.votes
    ]
    by_user = groupby(sorted(casts, key=attrgetter("user", "at")), key=attrgetter("user"))
    people = [_weigh(tuple(votes)) for _, votes in by_user]
    return Fatigue(
        decided=len(decided),
        expired=sum(each.status is ApprovalStatus.EXPIRED for each in decided),
        median_seconds=median(lengths) if lengths else None,
        votes=len(casts),
        hasty=sum(cast.is_hasty for cast in casts),
        people=tuple(sorted(people, key=lambda person: (-person.votes, person.name))),
        gates=_list_gates(decided),
    )


def _weigh(casts: Sequence[_Cast]) -> PersonLoad:
    hasty = sum(cast.is_hasty for cast in casts)
    return PersonLoad(
        user=casts[-1].user,
        name=casts[-1].name,
        votes=len(casts),
        busiest_hour=_find_busiest(casts),
        median_seconds=median(cast.seconds for cast in casts),
        hasty=hasty,
        is_hasty=len(casts) >= _FEWEST and hasty * 2 >= len(casts),
    )


def _find_busiest(casts: Sequence[_Cast]) -> int:
    """Return the most votes within one hour; they come in the order of their moments."""
    most = start = 0
    for end, cast in enumerate(casts):
        while cast.at - casts[start].at >= timedelta(hours=1):
            start += 1
        most = max(most, end - start + 1)
    return most


def _list_gates(decided: Sequence[Approval]) -> tuple[GateHabit, ...]:
    gates: dict[tuple[str, str], list[Approval]] = {}
    for each in decided:
        gates.setdefault((each.playbook, _ELEMENT.sub("", each.step)), []).append(each)
    habits = [_judge(playbook, step, found) for (playbook, step), found in gates.items()]
    return tuple(sorted(habits, key=lambda habit: (-habit.in_a_row, habit.playbook, habit.step)))


def _judge(playbook: str, step: str, decided: Sequence[Approval]) -> GateHabit:
    in_a_row = sum(1 for _ in takewhile(lambda each: each.status is ApprovalStatus.APPROVED, decided))
    effect = decided[0].card.effect
    return GateHabit(
        playbook=playbook,
        step=step,
        effect=effect,
        decided=len(decided),
        in_a_row=in_a_row,
        is_proposed=in_a_row >= ALWAYS and effect is not Effect.DESTRUCTIVE,
    )
