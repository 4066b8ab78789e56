"""An anchor that is a channel of the chat: people remember what they have read, and have it in their own clients."""

from collections.abc import Sequence

from soar.app.anchors.anchor import Receipt
from soar.app.anchors.settings import ChannelAnchorSettings
from soar.audit.note import VerifierKey
from soar.model.announce import Announcer
from soar.model.audit import AnchorState, Checkpoint
from soar.model.ids import derive_id
from soar.model.message import Message
from soar.store import Store


class ChannelAnchor:
    """Posts size, root and the key's id.

    Args:
        settings: which channel.
        store: where messages are.
        workspace: whose channel it is.
        key: that signs.
        announcer: tells open pages.
    """

    def __init__(
        self, settings: ChannelAnchorSettings, *, store: Store, workspace: str, key: VerifierKey, announcer: Announcer
    ) -> None:
        self._settings = settings
        self._store = store
        self._workspace = workspace
        self._key = key
        self._announcer = announcer

    @property
    def name(self) -> str:
        """The channel."""
        return f"channel:{self._settings.channel}"

    @property
    def every(self) -> float:
        """Seconds between messages."""
        return self._settings.every

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:  # noqa: ARG002 -- an `Anchor`
        """Post the newest checkpoint, once.

        Raises:
            UnavailableError: the store takes nothing now.
        """
        newest = missed[-1]
        key = f"audit:checkpoint:{newest.size}"
        signer = f"{self._key.name}+{self._key.id.hex()}"
        message = Message(
            id=derive_id("msg", self._workspace, self._settings.channel, key),
            channel=self._settings.channel,
            key=f"{self._settings.channel}:{key}",
            at=newest.at,
            author="soar",
            text=f"Audit checkpoint: {newest.size} events, root {newest.root}, key {signer}",
        )
        await self._store.write(self._workspace, lambda unit: unit.messages.post(message))
        self._announcer.announce(self._workspace, "message", message.id)
        return Receipt(newest.size)
