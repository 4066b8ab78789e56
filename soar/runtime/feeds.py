"""Triggers that ask over the guard: each request keeps to the product's rate, and leaves a dead host alone."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from soar.model.network import Egress, EgressRequest, EgressResponse
from soar.model.poll import Batch, PollCall, TriggerHost
from soar.runtime.guard import GuardedHost


@dataclass(frozen=True, slots=True)
class _GuardedEgress:
    """The way out of one connection's triggers."""

    egress: Egress
    guard: GuardedHost
    workspace: str
    connection: str

    async def send(self, request: EgressRequest) -> EgressResponse:
        return await self.guard.send(self.workspace, self.connection, self.egress, request)

    async def close(self) -> None:
        await self.egress.close()


class GuardedTriggers:
    """A `TriggerHost` whose HTTP requests go through the guard of their connection.

    What is no HTTP does not: a trigger that listens on a socket of its own is tried again by its poller.

    Args:
        host: runs the triggers.
        guard: that of calls, so that both learn from each other.
    """

    def __init__(self, host: TriggerHost, guard: GuardedHost) -> None:
        self._host = host
        self._guard = guard

    def open_trigger(self, call: PollCall) -> AbstractAsyncContextManager[AsyncIterator[Batch]]:
        """Return what yields batches; see `soar.model.poll.TriggerHost`."""

        def wrap(egress: Egress) -> Egress:
            return _GuardedEgress(egress, self._guard, call.workspace, call.connection)

        return self._host.open_trigger(replace(call, wrap_egress=wrap))
