"""Writes that are stopped until two people let them go on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FreezeKind(StrEnum):
    """How much a freeze stops."""

    EVERYTHING = "everything"
    ACTION = "action"
    CONNECTOR = "connector"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """One thing that is frozen; reads of it go on.

    Attributes:
        id: `everything`, or the kind and the name, such as `action:entra.disable_user`; see `name_freeze`.
        name: of the action, connector or connection; empty for everything.
        reason: why, in words.
        frozen_by: id of who froze it, or `policy`.
        lift_asked_at: when somebody asked to lift it; None if nobody has.
        lift_asked_by: their id; somebody else has to ask too. Empty if nobody has.
    """

    id: str
    kind: FreezeKind
    name: str
    reason: str
    frozen_at: datetime
    frozen_by: str
    lift_asked_at: datetime | None = None
    lift_asked_by: str = ""

    def covers(self, action: str, connection: str) -> bool:
        """Whether a call of this action over this connection is stopped, if it writes."""
        match self.kind:
            case FreezeKind.EVERYTHING:
                return True
            case FreezeKind.ACTION:
                return self.name == action
            case FreezeKind.CONNECTOR:
                return self.name == action.partition(".")[0]
            case FreezeKind.CONNECTION:
                return self.name == connection


def name_freeze(kind: FreezeKind, name: str) -> str:
    """Return the id of the freeze of a thing; there is one at most."""
    return kind.value if kind is FreezeKind.EVERYTHING else f"{kind}:{name}"
