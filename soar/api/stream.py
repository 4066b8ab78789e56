"""Server-sent events: what changed, so that open pages ask for it again."""

import asyncio
import re
from collections.abc import Mapping
from types import MappingProxyType

import orjson
from aiohttp import web

from soar.access.permissions import Permission
from soar.access.things import PERSONAL, Kind
from soar.api.authentication import Authenticator
from soar.api.call import Call
from soar.api.hub import Change, Listener
from soar.api.schemas.base import Nothing
from soar.api.things import Things
from soar.model.errors import DeniedError, NotFoundError

_KEEP_ALIVE = 15.0  # seconds between two signs of life, and between two looks at whether the login still holds
_EVENT_ID = re.compile(r"([0-9A-Z]{1,16})-([0-9]{1,15})", re.ASCII)
_READS: Mapping[str, Permission] = MappingProxyType(
    {
        "alert": Permission.ALERT_READ,
        "run": Permission.RUN_READ,
        "approval": Permission.APPROVAL_READ,
        "response": Permission.RESPONSE_READ,
        "message": Permission.MESSAGE_READ,
        "freeze": Permission.POLICY_READ,
        "standing_approval": Permission.POLICY_READ,
        "emergency": Permission.STREAM_READ,
    }
)
"""Who may hear of each kind of change: whoever may see what changed."""


class Stream:
    """Tells a page what changes, until it goes away, its login ends or the service stops.

    Args:
        authenticator: looks at the login again and again.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def open_stream(self, call: Call, _: Nothing) -> web.StreamResponse:
        """Hear of changes as they happen."""
        hub = call.services.hub
        listener = hub.listen(call.workspace)
        try:
            missed = self._find_missed(call)
            answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            answer.enable_chunked_encoding()
            await answer.prepare(call.request)
            if missed is None:
                await answer.write(f"event: reset\nid: {_print_id(call, hub.last)}\ndata: {{}}\n\n".encode())
            else:
                await answer.write(b": here\n\n")
            for change in missed or ():
                await self._write(call, answer, change)
            await self._forward(call, answer, listener)
        finally:
            hub.leave(listener)
        return answer

    def _find_missed(self, call: Call) -> list[Change] | None:
        """Return what a page that comes back has missed; None if that is not known."""
        last = call.request.headers.get("Last-Event-ID")
        if last is None:
            return []
        found = _EVENT_ID.fullmatch(last)
        if found is None or found[1] != call.desk.epoch:
            return None
        return call.services.hub.missed(call.workspace, int(found[2]))

    async def _forward(self, call: Call, answer: web.StreamResponse, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        look_again = loop.time() + _KEEP_ALIVE
        while True:
            try:
                async with asyncio.timeout_at(look_again):
                    change = await listener.next()
            except TimeoutError:
                if not await self._is_still_there(call):
                    return
                await answer.write(b": still here\n\n")
                look_again = loop.time() + _KEEP_ALIVE
                continue
            if change is None or (self._concerns_login(call, change) and not await self._is_still_there(call)):
                return
            await self._write(call, answer, change)

    @staticmethod
    def _concerns_login(call: Call, change: Change) -> bool:
        return change.kind == "session" and change.subject == call.principal.id

    async def _is_still_there(self, call: Call) -> bool:
        """Whether the login or token still holds; listening does not count as using it."""
        try:
            return await self._authenticator.recognize(call.request, call.services.clock.now()) is not None
        except DeniedError:
            return False

    async def _write(self, call: Call, answer: web.StreamResponse, change: Change) -> None:
        permission = _READS.get(change.kind)
        if permission is None or permission not in call.permissions:
            return
        if not (permission in PERSONAL or call.is_unlimited(permission) or await _may_hear(call, permission, change)):
            return
        data = orjson.dumps({"kind": change.kind, "id": change.subject}).decode()
        await answer.write(f"event: change\nid: {_print_id(call, change.id)}\ndata: {data}\n\n".encode())


async def _may_hear(call: Call, permission: Permission, change: Change) -> bool:
    """Whether what changed lies within the scopes of somebody who is limited."""
    try:
        thing = await call.read(lambda unit: Things(call, unit).find(Kind(change.kind), change.subject))
    except NotFoundError:
        return False
    return call.may(permission, thing)


def _print_id(call: Call, number: int) -> str:
    """Return an event's id; the epoch tells apart what another process counted."""
    return f"{call.desk.epoch}-{number}"
