"""Rules under which alerts start nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from soar.api.schemas.base import Incoming
from soar.ingest.suppression import LONGEST_MATCH
from soar.model.suppression import Suppression

_LONGEST_REASON = 1_000


class SuppressionSent(Incoming):
    """Which alerts are to start nothing, why, and until when."""

    match: Annotated[str, Field(min_length=1, max_length=LONGEST_MATCH)]
    reason: Annotated[str, Field(min_length=1, max_length=_LONGEST_REASON)]
    expires_at: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionView:
    """A rule; `alerts` is how many stored alerts it has taken, without their repeats."""

    id: str
    match: str
    reason: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionPage:
    """All rules that have not expired, the oldest first."""

    items: tuple[SuppressionView, ...]
    next: str | None


def view_suppression(rule: Suppression, alerts: int) -> SuppressionView:
    """Return a rule with the number of alerts it has taken."""
    return SuppressionView(
        id=rule.id,
        match=rule.match,
        reason=rule.reason,
        created_by=rule.created_by,
        created_at=rule.created_at,
        expires_at=rule.expires_at,
        alerts=alerts,
    )
