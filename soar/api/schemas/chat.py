"""Linked chat accounts."""

from dataclasses import dataclass
from datetime import datetime

from soar.api.schemas.base import Incoming, Name
from soar.model.chat import ChatAccount


class LinkTaken(Incoming):
    """The code that `/soar link` gave."""

    code: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAccountView:
    """A chat account that acts for whoever has linked it.

    Attributes:
        platform: such as `slack`.
        team: the platform's id of the team.
        account: the platform's id of the account.
    """

    platform: str
    team: str
    account: str
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAccountPage:
    """One's own chat accounts, the oldest link first."""

    items: tuple[ChatAccountView, ...]
    next: str | None


def view_account(account: ChatAccount) -> ChatAccountView:
    """Return an account as it is shown to its owner."""
    return ChatAccountView(
        platform=account.platform, team=account.team, account=account.account, linked_at=account.linked_at
    )
