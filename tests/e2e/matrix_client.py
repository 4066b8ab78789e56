"""A person's client, made with matrix-nio, in an interpreter of its own: JSON lines in, and one out for each.

Started as `python matrix_client.py URL USER PASSWORD`; `tests/e2e/homeserver.py` speaks to it.
"""

import asyncio
import json
import sys
from typing import Any

from nio import AsyncClient, LoginResponse, RoomSendResponse

PATIENCE = 2_000  # milliseconds that a sync waits for something new


class Person:
    """Somebody at their client, who remembers what they were shown."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def obey(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked for."""
        match asked:
            case {"do": "create", "alias": alias, "invite": invited}:
                kept = {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}}
                made = await self._client.room_create(alias=alias, invite=invited, initial_state=[kept])
                return {"room": made.room_id}
            case {"do": "join", "room": room}:
                return {"room": (await self._client.join(room)).room_id}
            case {"do": "send", "room": room, "type": kind, "content": content}:
                sent = await self._client.room_send(room, kind, content)
                assert isinstance(sent, RoomSendResponse), sent
                return {"event": sent.event_id}
            case {"do": "redact", "room": room, "event": event}:
                return {"event": (await self._client.room_redact(room, event)).event_id}
            case {"do": "sync"}:
                return await self._sync()
            case _:
                raise ValueError(f"nobody knows {asked}")

    async def _sync(self) -> dict[str, Any]:
        """Return what is new, as it was sent, and to where they are invited."""
        heard = await self._client.sync(timeout=PATIENCE, since=self._client.next_batch or None)
        events = [
            {**event.source, "room_id": room}
            for room, joined in heard.rooms.join.items()
            for event in joined.timeline.events
        ]
        return {"events": events, "invited": list(heard.rooms.invite)}


async def main(url: str, user: str, password: str) -> None:
    """Log in, and obey until the input ends."""
    client = AsyncClient(url, user)
    answer = await client.login(password)
    assert isinstance(answer, LoginResponse), answer
    person = Person(client)
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            sys.stdout.write(json.dumps(await person.obey(json.loads(line))) + "\n")
            sys.stdout.flush()
    finally:
        await client.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
