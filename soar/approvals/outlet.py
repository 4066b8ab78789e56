"""Where a question is told, be it a chat or something that only tells and hears nobody, and how it is told there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from soar.approvals.card import Line, ShownCard
from soar.model.approval import Approval
from soar.model.chat import PostedCard
from soar.model.values import JsonValue
from soar.store import Unit

Render: TypeAlias = Callable[[ShownCard, str], dict[str, JsonValue]]
"""Makes the arguments of `post_card` and `edit_card` of a card and its nonce."""
Follow: TypeAlias = Callable[[ShownCard, Line, PostedCard], "Call | None"]
"""Says with which call a line is told where a card was posted; None where it is not told there."""
FindPeople: TypeAlias = Callable[[Unit, Approval, str, datetime], tuple[str, ...]]
"""Returns the mail addresses of the people whom a channel stands for at a moment; none where it stands for nobody."""

ENDED = "closed"
"""Key of the line that says how a question ended."""
_RAISED = "up:"
_CAME = "result:"


@dataclass(frozen=True, slots=True)
class Call:
    """An action of the outlet's connector, and its arguments."""

    name: str
    arguments: Mapping[str, JsonValue]


def follow_in_thread(_shown: ShownCard, line: Line, card: PostedCard) -> Call:
    """Tell every line, in the card's thread."""
    return Call("post", {"channel": card.place, "thread": card.message, "text": line.text})


def find_nobody(_unit: Unit, _approval: Approval, _channel: str, _at: datetime) -> tuple[str, ...]:
    """Return no address: a channel stands for itself."""
    return ()


def is_escalation(line: Line) -> bool:
    """Whether a line says to whom a question was escalated."""
    return line.key.startswith(_RAISED)


def is_outcome(line: Line) -> bool:
    """Whether a line says how a question ended, or what became of it."""
    return line.key == ENDED or line.key.startswith(_CAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Where questions are told.

    Its connector has the action `post_card` (`channel`, what `render` makes, and `to` where `find_people` finds any),
    whose output names the `channel` and the `message` by the product's own ids; if cards are edited there, `edit_card`
    (the same, and `message`); and what `follow` calls.

    Attributes:
        connection: id of the connection, and of its connector; channels in it begin with it and a colon.
        title: how people call it.
        render: makes a message of a card.
        follow: tells what happens afterwards.
        is_edited: whether a card shows what has happened since it was posted; if not, `follow` is all that tells it.
        find_people: whom a channel stands for.
    """

    connection: str
    title: str
    render: Render
    follow: Follow = follow_in_thread
    is_edited: bool = True
    find_people: FindPeople = find_nobody

    @property
    def prefix(self) -> str:
        """How a channel begins that is in here."""
        return f"{self.connection}:"
