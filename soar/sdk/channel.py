"""What a connector may say to people."""

from collections.abc import Sequence
from typing import Protocol


class Messages(Protocol):
    """The built-in chat."""

    async def post(self, channel: str, text: str, key: str) -> str:
        """Post plain text and return the message's id.

        Args:
            channel: `#name` of a room, or `@person`.
            text: shown as it is, never as markup.
            key: a second post with the same key is not made; the first one's id is returned.
        """
        ...

    async def open_channel(self, channel: str, invited: Sequence[str], key: str) -> None:
        """Open a room and write to everybody who is invited; a room that is there already stays as it is.

        Args:
            channel: `#name`.
            invited: principals: `role:…` for everybody who holds the role now, `user:` and a mail address.
            key: nobody is written to twice with the same key.

        Raises:
            PermanentError: there is no such person (not_found); nothing was done.
        """
        ...
