"""The way out of a virtual world: it ends at fakes."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import urlsplit

from soar.model.network import EgressRequest, EgressResponse
from soar.sdk.errors import EgressRefusedError, UnknownOutcomeError, UnreachableError
from tests.support.randomness import seeded_random

Handler: TypeAlias = Callable[[EgressRequest], EgressResponse]


class VirtualEgress:
    """An `Egress` that takes each request to the fake product of its host, with seeded delays and faults.

    Args:
        seed: decides delays and faults.
        slowest: most seconds a request takes.
        unreached: share of requests that never arrive.
        cut_off: share of requests that arrive and whose answers do not.
    """

    def __init__(self, seed: int = 0, *, slowest: float = 0.0, unreached: float = 0.0, cut_off: float = 0.0) -> None:
        self._chance = seeded_random(seed, "network")
        self._slowest = slowest
        self._unreached = unreached
        self._cut_off = cut_off
        self._handlers: dict[str, Handler] = {}
        self._is_closed = False
        self.arrived: list[EgressRequest] = []

    def route(self, host: str, handler: Handler) -> None:
        """Let a fake answer for a host."""
        self._handlers[host] = handler

    async def send(self, request: EgressRequest) -> EgressResponse:
        if self._is_closed:
            raise RuntimeError("the way out is closed")
        host = urlsplit(request.url).hostname or ""
        if host not in request.hosts:
            raise EgressRefusedError(f"{host} is not among the hosts of this connection")
        handler = self._handlers.get(host)
        if handler is None:
            raise UnreachableError(f"{host} has no address here")
        there, back = self._draw_delay(), self._draw_delay()
        if there > request.timeout or self._chance.random() < self._unreached:
            await asyncio.sleep(min(there, request.timeout))
            raise UnreachableError(f"{host} was not reached")
        await asyncio.sleep(there)
        self.arrived.append(request)
        response = handler(request)
        if there + back > request.timeout or self._chance.random() < self._cut_off:
            await asyncio.sleep(min(back, request.timeout - there))
            raise UnknownOutcomeError(f"{host} did not answer in time")
        await asyncio.sleep(back)
        return EgressResponse(status=response.status, headers=response.headers, body=response.body[: request.limit])

    async def close(self) -> None:
        self._is_closed = True

    def _draw_delay(self) -> float:
        return self._chance.uniform(0.0, self._slowest / 2)
