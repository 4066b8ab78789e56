"""What a connector may say to people."""

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
