"""How people decide."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from soar.api.schemas.base import Incoming, fields_of
from soar.approvals.fatigue import Fatigue
from soar.model.catalog import Effect


class FatigueQuery(Incoming):
    """How far back, in days."""

    days: Annotated[int, Field(ge=1, le=90)] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLoadView:
    """What one person has decided; `hasty` votes came within five seconds of the question."""

    user: str
    name: str
    votes: int
    busiest_hour: int
    median_seconds: float
    hasty: int
    is_hasty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GateHabitView:
    """How a gate has been decided; one that is proposed goes on asking until people change its playbook."""

    playbook: str
    step: str
    effect: Effect
    decided: int
    in_a_row: int
    is_proposed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FatigueView:
    """How questions were decided; only the newest are measured if it is not complete."""

    since: datetime
    is_complete: bool
    decided: int
    expired: int
    median_seconds: float | None
    votes: int
    hasty: int
    people: tuple[PersonLoadView, ...]
    gates: tuple[GateHabitView, ...]


def view_fatigue(told: Fatigue, since: datetime, *, is_complete: bool) -> FatigueView:
    """Return what was measured as it is shown."""
    return FatigueView(
        since=since,
        is_complete=is_complete,
        decided=told.decided,
        expired=told.expired,
        median_seconds=told.median_seconds,
        votes=told.votes,
        hasty=told.hasty,
        people=tuple(PersonLoadView(**fields_of(person)) for person in told.people),
        gates=tuple(GateHabitView(**fields_of(gate)) for gate in told.gates),
    )
