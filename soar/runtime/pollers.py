"""Sources that are polled: one process at a time fetches, and goes on where the last batch that was stored ends."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeAlias

from soar.model.clock import Clock
from soar.model.errors import ActionError, ConflictError, SoarError, UnavailableError
from soar.model.poll import Item, Poll, PollCall, Poller, TriggerHost
from soar.model.values import JsonValue
from soar.runtime.queue import Report
from soar.store import Store, Unit

Keep: TypeAlias = Callable[[Unit], None]
"""Puts down how far a source has come, in the transaction that stores what it brought."""

Accept: TypeAlias = Callable[[str, Sequence[Item], Keep], Awaitable[None]]
"""Takes items of a source in, as alerts, together with what the third argument writes."""

_LOOKS = 3  # within a lease, so that it is renewed twice before it is over
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=15)
_MOST_DOUBLINGS = 10


class PollKeeper:
    """Polls the sources that nobody else polls.

    A source is held by a lease: a process that is gone stops renewing, and another goes on from the last cursor that
    was stored. One that was merely slow stores nothing any more, as each batch is fenced by the lease.

    Args:
        store: where cursors and leases are.
        workspace: that the sources belong to.
        clock: for leases; those of all machines have to agree within a part of a lease.
        node: names this process among all of them.
        polls: by source.
        host: runs the connectors' triggers.
        accept: takes items in.
        report: told of what goes wrong, for the log.
        lease: seconds after which a process that is not heard of has lost its sources.
        longest_pause: how long a source that fails is left alone at most, unless it asks for longer.
    """

    def __init__(
        self,
        *,
        store: Store,
        workspace: str,
        clock: Clock,
        node: str,
        polls: Mapping[str, Poll],
        host: TriggerHost,
        accept: Accept,
        report: Report,
        lease: float = 30.0,
        longest_pause: timedelta = _LONGEST_PAUSE,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._node = node
        self._polls = polls
        self._host = host
        self._accept = accept
        self._report = report
        self._lease = timedelta(seconds=lease)
        self._longest_pause = longest_pause

    async def run(self) -> None:
        """Poll until cancelled; then let others poll."""
        try:
            async with asyncio.TaskGroup() as group:
                for source in self._polls:
                    group.create_task(self._keep_polling(source), name=f"poll {source}")
        finally:
            with suppress(UnavailableError):  # the lease ends by itself
                await self._store.write(self._workspace, self._release)

    async def _keep_polling(self, source: str) -> None:
        look = self._lease.total_seconds() / _LOOKS
        while True:
            try:
                poller = await self._claim(source)
                wait = look if poller is None else await self._poll_if_due(source, poller)
            except UnavailableError as error:
                wait = error.retry_after
            await self._clock.sleep(min(max(wait, 0.0), look))

    async def _poll_if_due(self, source: str, poller: Poller) -> float:
        """Poll, if it is time; return in how many seconds to look again."""
        now = self._clock.now()
        if poller.due_at is not None and poller.due_at > now:
            return (poller.due_at - now).total_seconds()
        try:
            await self._hold_while(source, self._drain(source, poller.cursor))
            due_at = self._clock.now() + self._polls[source].every
            await self._write(lambda unit: self._finish(unit, source, due_at))
        except ConflictError:
            return self._lease.total_seconds()  # somebody else has it now
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one source is not wrong with the others
            return await self._put_off(source, error)
        return 0.0

    async def _drain(self, source: str, cursor: JsonValue) -> None:
        """Store what the product has, batch by batch, until it has no more."""
        poll = self._polls[source]
        call = PollCall(
            workspace=self._workspace,
            trigger=poll.trigger,
            connection=poll.connection,
            arguments=poll.arguments,
            cursor=cursor,
        )
        async with self._host.open_trigger(call) as batches:
            async for batch in batches:
                after, at = batch.cursor, self._clock.now()
                await self._accept(source, batch.items, self._build_keep(source, after, at))

    def _build_keep(self, source: str, cursor: JsonValue, at: datetime) -> Keep:
        return lambda unit: unit.pollers.advance(source, self._node, cursor, at)

    async def _hold_while(self, source: str, work: Awaitable[None]) -> None:
        """Do the work for as long as this process holds the source.

        Raises:
            ConflictError: it does not any more; the work was cut off.
        """
        working = asyncio.ensure_future(work)
        holding = asyncio.create_task(self._keep_renewing(source), name=f"hold {source}")
        try:
            await asyncio.wait({working, holding}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                holding.result()
                raise ConflictError(f"another process polls {source}", code="poller.lost")
            working.result()
        finally:
            for one in (working, holding):
                one.cancel()
            await asyncio.gather(working, holding, return_exceptions=True)

    async def _keep_renewing(self, source: str) -> None:
        """Renew the lease until it is lost."""
        while True:
            await self._clock.sleep(self._lease.total_seconds() / _LOOKS)
            with suppress(UnavailableError):
                if await self._claim(source) is None:
                    return

    async def _put_off(self, source: str, error: Exception) -> float:
        """Put down what went wrong, and try again later, the later the more often it has failed in a row."""
        self._report(self._workspace, source, error)
        current = await self._claim(source)
        if current is None:
            return self._lease.total_seconds()
        failures = current.failures + 1
        asked = timedelta(seconds=(error.retry_after or 0.0) if isinstance(error, ActionError) else 0.0)
        doublings = min(failures - 1, _MOST_DOUBLINGS)
        pause = max(min(_FIRST_PAUSE * (1 << doublings), self._longest_pause), asked)
        due_at = self._clock.now() + pause
        said = error.message if isinstance(error, SoarError) else f"a fault of ours: {type(error).__name__}"
        with suppress(ConflictError):
            await self._write(
                lambda unit: unit.pollers.fail(source, self._node, said, failures=failures, due_at=due_at)
            )
        return pause.total_seconds()

    async def _claim(self, source: str) -> Poller | None:
        now = self._clock.now()
        until = now + self._lease
        return await self._store.write(
            self._workspace, lambda unit: unit.pollers.claim(source, self._node, now=now, until=until)
        )

    async def _write(self, work: Keep) -> None:
        await self._store.write(self._workspace, work)

    def _finish(self, unit: Unit, source: str, due_at: datetime) -> None:
        unit.pollers.finish(source, self._node, at=self._clock.now(), due_at=due_at)

    def _release(self, unit: Unit) -> None:
        for source in self._polls:
            unit.pollers.release(source, self._node)
