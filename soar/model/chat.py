"""Chats that are not ours: whose accounts are whose, where a question's card was posted, and what was heard there."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAccount:
    """A chat account that its owner has linked while logged in.

    Attributes:
        platform: the connector, such as `slack`.
        team: the platform's own id of the team; never its name.
        account: the platform's own id of the account; never a name or a mail address.
        user: id of the person.
    """

    platform: str
    team: str
    account: str
    user: str
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLink:
    """An account's wish to be linked; it is gone once somebody has taken it.

    Attributes:
        key: SHA-256 over the code that the account was told, in hex; the code itself is kept nowhere.
    """

    key: str
    platform: str
    team: str
    account: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedCard:
    """Where a question is told, in one channel of several, and how far that is behind.

    Attributes:
        approval: id of the question.
        channel: as the playbook writes it, such as `slack:#soc`.
        place: the platform's own id of the channel; empty until it was posted.
        message: the platform's own id of the message; empty until it was posted.
        nonce: what the card's buttons carry, so that no other message's count; empty until it is posted.
        version: of the approval that it shows; 0 until it was posted.
        told: keys of the lines that were told there, or are not to be.
        due_at: not to be touched before; whoever works on it moves this forward.
        tries: failures one after the other.
        is_done: whether it shows how the question ended and what became of it, or was given up.
    """

    approval: str
    channel: str
    nonce: str
    due_at: datetime
    place: str = ""
    message: str = ""
    version: int = 0
    told: tuple[str, ...] = ()
    tries: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardEvent:
    """Something that was heard in a chat, so that it counts once.

    Attributes:
        id: the platform's own.
        account: the platform's own id of who did it.
        approval: id of the question that it was a vote on, so that its removal takes the vote back; else empty.
    """

    platform: str
    id: str
    account: str
    at: datetime
    approval: str = ""
