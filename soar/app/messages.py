"""The built-in chat's room, for connectors."""

from soar.model.announce import Announcer
from soar.model.clock import Clock
from soar.model.ids import derive_id
from soar.model.message import Message
from soar.model.process import ActionCall
from soar.store import Store


class StoredMessages:
    """Posts into the store, once a key; see `soar.sdk.channel.Messages`.

    Args:
        store: where messages are.
        call: the call that posts.
        clock: for the moment.
        announcer: tells open pages.
    """

    def __init__(self, *, store: Store, call: ActionCall, clock: Clock, announcer: Announcer) -> None:
        self._store = store
        self._call = call
        self._clock = clock
        self._announcer = announcer

    async def post(self, channel: str, text: str, key: str) -> str:
        """Post plain text and return the message's id; a second post with the same key is not made."""
        message = Message(
            id=derive_id("msg", self._call.workspace, key),
            channel=channel,
            key=key,
            at=self._clock.now(),
            author="soar",
            text=text,
            run=self._call.run,
        )

        await self._store.write(self._call.workspace, lambda unit: unit.messages.post(message))
        self._announcer.announce(self._call.workspace, "message", message.id)
        return message.id
