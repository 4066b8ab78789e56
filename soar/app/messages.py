"""The built-in chat's room, for connectors."""

from collections.abc import Sequence

from soar.app.calls import tell_connectors
from soar.approvals.decide import name_all
from soar.model.announce import Announcer
from soar.model.clock import Clock
from soar.model.errors import NotFoundError
from soar.model.identity import User, UserKind
from soar.model.ids import derive_id
from soar.model.message import Message
from soar.model.process import ActionCall
from soar.store import Store, Unit


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
        message = self._write(channel, text, key)
        await self._store.write(self._call.workspace, lambda unit: unit.messages.post(message))
        self._announcer.announce(self._call.workspace, "message", message.id)
        return message.id

    async def open_channel(self, channel: str, invited: Sequence[str], key: str) -> None:
        """Open a room with a first message, and write to everybody who is invited."""
        welcome = f"{channel} is open." + (f" Invited: {name_all(invited, ', ')}." if invited else "")
        first = self._write(channel, welcome, f"channel:{channel}")

        def open_(unit: Unit) -> list[Message]:
            people = dict.fromkeys(email for principal in invited for email in _find_people(unit, principal))
            wanted = [self._write(f"@{email}", f"You are invited to {channel}.", f"{key}:{email}") for email in people]
            if not unit.messages.list(channel, 1).items:
                wanted.insert(0, first)
            return [message for message in wanted if unit.messages.post(message)]

        with tell_connectors():
            posted = await self._store.write(self._call.workspace, open_)
        for message in posted:
            self._announcer.announce(self._call.workspace, "message", message.id)

    def _write(self, channel: str, text: str, key: str) -> Message:
        return Message(
            id=derive_id("msg", self._call.workspace, key),
            channel=channel,
            key=key,
            at=self._clock.now(),
            author="soar",
            text=text,
            run=self._call.run,
        )


def _find_people(unit: Unit, principal: str) -> list[str]:
    """Return the mail addresses of those whom a principal means now, as direct messages go to them.

    Raises:
        NotFoundError: it names a person who is not there.
    """
    kind, _, name = principal.partition(":")
    if kind == "role":
        return [user.email for user in unit.users.with_role(name) if _may_hear(user)]
    user = unit.users.find_email(name)
    if user is None or not _may_hear(user):
        raise NotFoundError(f"there is nobody with the mail address {name}", hint="invite user: and a mail address")
    return [user.email]


def _may_hear(user: User) -> bool:
    return user.disabled_at is None and user.kind is UserKind.PERSON
