"""The policy, what is frozen, and what another policy would have made of what was done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from soar.api.schemas.base import Incoming, Name
from soar.model.freeze import Freeze, FreezeKind
from soar.policy import Comparison, Verdict
from soar.store import Unit

Reason = Annotated[str, Field(min_length=1, max_length=500)]


class FreezeWanted(Incoming):
    """What to freeze, and why; `name` is for everything but everything."""

    kind: Annotated[FreezeKind, Field(strict=False)] = FreezeKind.EVERYTHING
    name: Name | None = None
    reason: Reason


class LiftWanted(Incoming):
    """Why writes may go on."""

    reason: Reason


class DiffWanted(Incoming):
    """Another policy, as its document, and over how many days it is held against what was done."""

    policy: dict[str, JsonValue]
    days: Annotated[int, Field(ge=1, le=30)] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeView:
    """Something that is frozen, and who has asked to lift it; names are those of people, and ids of whoever is none."""

    id: str
    kind: FreezeKind
    name: str
    reason: str
    frozen_at: datetime
    frozen_by: str
    frozen_by_name: str
    lift_asked_at: datetime | None
    lift_asked_by: str | None
    lift_asked_by_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeList:
    """All that is frozen, the oldest first."""

    items: tuple[FreezeView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftView:
    """What came of asking to lift a freeze."""

    freeze: FreezeView
    is_lifted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """The policy in force, as the document that it could have been read from."""

    policy: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftView:
    """Writes of one action that the other policy judges differently; to `unasked` of them nobody had said yes."""

    action: str
    before: Verdict
    after: Verdict
    why: str
    count: int
    unasked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffView:
    """What another policy would have made of what was done; only the newest writes are judged if it is not complete.

    `unknown` are writes of actions that are not installed any more.
    """

    since: datetime
    judged: int
    unknown: int
    is_complete: bool
    shifts: tuple[ShiftView, ...]


def view_freeze(unit: Unit, freeze: Freeze) -> FreezeView:
    """Return a freeze as it is shown."""

    def name(id_: str) -> str:
        user = unit.users.get(id_)
        return user.name if user else id_

    return FreezeView(
        id=freeze.id,
        kind=freeze.kind,
        name=freeze.name,
        reason=freeze.reason,
        frozen_at=freeze.frozen_at,
        frozen_by=freeze.frozen_by,
        frozen_by_name=name(freeze.frozen_by),
        lift_asked_at=freeze.lift_asked_at,
        lift_asked_by=freeze.lift_asked_by or None,
        lift_asked_by_name=name(freeze.lift_asked_by) if freeze.lift_asked_by else None,
    )


def view_diff(compared: Comparison, since: datetime, *, is_complete: bool) -> DiffView:
    """Return a comparison as it is shown."""
    return DiffView(
        since=since,
        judged=compared.judged,
        unknown=compared.unknown,
        is_complete=is_complete,
        shifts=tuple(
            ShiftView(
                action=shift.action,
                before=shift.before,
                after=shift.after,
                why=shift.why,
                count=shift.count,
                unasked=shift.unasked,
            )
            for shift in compared.shifts
        ),
    )
