"""What is said in the built-in chat."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message.

    Attributes:
        id: `msg_…`.
        channel: `#name`, or `@person` for a direct message.
        key: what makes a repeat recognisable; a second message with the same key is not posted.
        author: who speaks: `soar`, or a person's name.
        text: plain text, possibly with hostile parts; never markup.
        approval: id of the approval whose card this message shows.
        thread: id of the message it answers.
    """

    id: str
    channel: str
    key: str
    at: datetime
    author: str
    text: str
    approval: str | None = None
    run: str | None = None
    thread: str | None = None
