"""Emergency access."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from soar.api.schemas.base import Incoming, Text
from soar.model.opening import Opening


class ReviewSent(Incoming):
    """What somebody found who looked at what was done."""

    review: Annotated[Text, Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningView:
    """An hour of emergency access; `user` is the account that was made for it, by which the record is searched."""

    id: str
    user: str
    reason: str
    opened_by: str
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    closed_by: str
    reviewed_at: datetime | None
    reviewed_by: str
    review: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningPage:
    """All of them, newest first."""

    items: tuple[OpeningView, ...]
    next: str | None


def view_opening(opening: Opening) -> OpeningView:
    """Return an hour of emergency access."""
    return OpeningView(
        id=opening.id,
        user=opening.user,
        reason=opening.reason,
        opened_by=opening.opened_by,
        opened_at=opening.opened_at,
        expires_at=opening.expires_at,
        closed_at=opening.closed_at,
        closed_by=opening.closed_by,
        reviewed_at=opening.reviewed_at,
        reviewed_by=opening.reviewed_by,
        review=opening.review,
    )
