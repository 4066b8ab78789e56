"""Ends connections on which no request comes. aiohttp waits for the headers of the first one without end.

For later ones it does not: a connection that is kept is closed where the next request's headers have not come in time.
"""

import asyncio
from collections.abc import Collection

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LONGEST_HEADERS = 10.0
"""Seconds in which the headers of a connection's first request must have come."""

_SWEEP = 1.0


class Patience:
    """Knows since when connections are there, and on which of them a request has come.

    Args:
        seconds: how long a connection may be there without one.
    """

    def __init__(self, seconds: float = LONGEST_HEADERS) -> None:
        self._seconds = seconds
        self._since: dict[web.RequestHandler, float] = {}
        self._heard: set[web.RequestHandler] = set()

    def hear(self) -> Middleware:
        """Return what notes that a request has come on a connection."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._heard.add(request.protocol)
            return await handler(request)

        return note

    def sweep(self, connections: Collection[web.RequestHandler], now: float) -> int:
        """Close the connections that have been there for too long without a request; return how many.

        Args:
            connections: all there are.
            now: seconds of a clock that never goes back.
        """
        self._heard.intersection_update(connections)
        self._since = {
            connection: self._since.get(connection, now) for connection in connections if connection not in self._heard
        }
        late = [connection for connection, since in self._since.items() if now - since >= self._seconds]
        for connection in late:
            connection.force_close()
        return len(late)

    async def keep(self, server: web.Server) -> None:
        """Sweep once a second until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP)
            self.sweep(server.connections, asyncio.get_running_loop().time())
