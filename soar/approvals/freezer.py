"""Stops writes at once, on the word of one person or a cap; two people let them go on."""

from dataclasses import dataclass, replace
from datetime import datetime

from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import DeniedError, NotFoundError
from soar.model.freeze import Freeze, FreezeKind, name_freeze
from soar.model.ids import Ids
from soar.store import Unit

POLICY = Actor(kind="system", id="policy", name="policy", via="engine")
"""Who freezes where a cap is hit."""


@dataclass(frozen=True, slots=True)
class Lift:
    """What came of asking to lift a freeze; it stands until somebody else asks too."""

    freeze: Freeze
    is_lifted: bool


class Freezer:
    """Freezes and lifts, each in the transaction that it is given.

    A write that a worker would start meets the freeze in the transaction that records its intent, so from the commit on
    no process starts another one. What is under way by then goes on.

    Args:
        ids: gives ids of audit events.
    """

    def __init__(self, *, ids: Ids) -> None:
        self._ids = ids

    def freeze(self, unit: Unit, kind: FreezeKind, name: str, reason: str, *, actor: Actor, at: datetime) -> Freeze:
        """Stop the writes of a thing. Where they are stopped already, whoever has asked to lift that has to ask again.

        Args:
            unit: a writing transaction.
            kind: of the thing.
            name: of the action, connector or connection; empty for everything.
            reason: why.
            actor: who says so.
            at: the moment.
        """
        wanted = Freeze(
            id=name_freeze(kind, name), kind=kind, name=name, reason=reason, frozen_at=at, frozen_by=actor.id
        )
        known = unit.freezes.get(wanted.id)
        if known is None:
            unit.freezes.add(wanted)
        elif known.lift_asked_at is None:
            return known
        else:
            wanted = replace(known, lift_asked_at=None, lift_asked_by="")
            unit.freezes.update(wanted)
        self._record(unit, "freeze.set", wanted, reason, actor, at)
        return wanted

    def lift(self, unit: Unit, freeze_id: str, reason: str, *, actor: Actor, at: datetime) -> Lift:
        """Ask for writes to go on, or as somebody else confirm it; then they do from the commit on.

        Args:
            unit: a writing transaction.
            freeze_id: which.
            reason: why.
            actor: who asks.
            at: the moment.

        Raises:
            NotFoundError: nothing of this kind is frozen.
            DeniedError: whoever has asked asks again.
        """
        known = unit.freezes.get(freeze_id)
        if known is None:
            raise NotFoundError(f"{freeze_id} is not frozen", code="not_frozen", hint="see: soar status")
        if known.lift_asked_at is None:
            asked = replace(known, lift_asked_at=at, lift_asked_by=actor.id)
            unit.freezes.update(asked)
            self._record(unit, "freeze.lift_requested", asked, reason, actor, at)
            return Lift(asked, is_lifted=False)
        if known.lift_asked_by == actor.id:
            raise DeniedError(
                f"whoever asked to lift the freeze of {known.id} cannot confirm it",
                code="second_person",
                hint="let somebody else confirm it: soar unfreeze",
            )
        unit.freezes.remove(known.id)
        self._record(unit, "freeze.lifted", known, reason, actor, at)
        return Lift(known, is_lifted=True)

    def _record(self, unit: Unit, kind: str, freeze: Freeze, reason: str, actor: Actor, at: datetime) -> None:
        event = AuditEvent(
            type=kind,
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": "freeze", "id": freeze.id},
            reason=reason,
            context={
                "why_frozen": freeze.reason,
                "frozen_by": freeze.frozen_by,
                "lift_asked_by": freeze.lift_asked_by or None,
            },
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def describe_freeze(freeze: Freeze) -> str:
    """Say what is frozen, by whom and why."""
    what = (
        "every write is" if freeze.kind is FreezeKind.EVERYTHING else f"writes of the {freeze.kind} {freeze.name} are"
    )
    return f"{what} frozen by {freeze.frozen_by}: {freeze.reason}"
