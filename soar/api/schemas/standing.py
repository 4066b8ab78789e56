"""What two people approve beforehand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, Strict

from soar.api.schemas.base import Incoming, Name

Reason = Annotated[str, Field(min_length=1, max_length=500)]


class StandingWanted(Incoming):
    """What to approve beforehand: an action of the revision of a playbook that serves now, on targets of a pattern."""

    action: Name
    playbook: Name
    targets: Name
    reason: Reason
    until: Annotated[datetime, Strict(strict=False)]


class RevocationWanted(Incoming):
    """Why a standing approval ends before its time."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """A standing approval; `is_good` says whether it answers questions now. People are named, not by their ids."""

    id: str
    action: str
    playbook: str
    revision: str
    targets: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    signed_by: str | None
    revoked_by: str | None
    uses: int
    used_at: datetime | None
    is_good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPage:
    """A page of standing approvals, newest first, those that are over included."""

    items: tuple[StandingView, ...]
    next: str | None
