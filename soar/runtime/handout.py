"""The shared hand-out: which of the runs that have something to do this process drives, beside the others."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeAlias

from soar.model.clock import Clock
from soar.model.errors import ConflictError, UnavailableError
from soar.model.run import Handout
from soar.runtime.queue import Drive
from soar.runtime.signal import Signal
from soar.store import Store, Unit

Wake: TypeAlias = Callable[[str, str], None]
"""Told workspace and id of a run that has something to do here."""

_RETRY_AFTER = 1.0
_LOOKS = 3  # within a lease, so that it is renewed twice before it is over
_SHARE = 20  # taken at one look, so that others find something, too


class HandoutKeeper:
    """Takes runs that nobody holds, holds them while they are driven, and gives them back.

    A worker that is gone stops renewing; once its lease is over, others take its runs. One that was merely slow loses
    nothing but its next commit, which the journal's fence refuses.

    Args:
        store: where hand-outs are.
        drive: drives one run.
        clock: for leases; those of all machines have to agree within a part of a lease.
        worker: names this process among all of them.
        workspace: whose transactions are used; hand-outs are looked at over all workspaces.
        limit: how many runs are held at once.
        lease: seconds after which a worker that is not heard of has lost its runs.
    """

    def __init__(
        self, *, store: Store, drive: Drive, clock: Clock, worker: str, workspace: str, limit: int, lease: float
    ) -> None:
        self._store = store
        self._drive = drive
        self._clock = clock
        self._worker = worker
        self._workspace = workspace
        self._limit = limit
        self._lease = timedelta(seconds=lease)
        self._held: dict[tuple[str, str], Handout] = {}
        self._renew_at = clock.now()
        self._looked_at: datetime | None = None
        self._kicked = asyncio.Event()
        self._is_resting = False

    def kick(self) -> None:
        """Say that something may have been handed out."""
        self._kicked.set()

    @property
    def looked_at(self) -> datetime | None:
        """When runs were last asked for, and the store answered; None before the first time."""
        return self._looked_at

    @property
    def is_forgotten(self) -> bool:
        """Whether the last answered look was a whole lease ago, so that others may have what this worker holds."""
        return self._looked_at is not None and self._clock.now() - self._looked_at >= self._lease

    def recall(self, wake: Wake) -> None:
        """Wake again what is held, in case that it was not heard."""
        for key in self._held:
            wake(*key)

    async def adopt(self) -> None:
        """Hand out what is not at rest and has not been handed out; nothing is, unless somebody gave it up."""
        await self._store.write(self._workspace, lambda unit: unit.handouts.adopt())

    async def run(self, wake: Wake) -> None:
        """Keep taking runs until cancelled."""
        while True:
            self._kicked.clear()
            with suppress(UnavailableError):  # there is another look soon
                await self.take(wake)
            await self._sleep(self._lease.total_seconds() / _LOOKS)

    async def take(self, wake: Wake) -> None:
        """Renew the lease on what is held, and take what nobody holds, as far as there is room."""
        now = self._clock.now()
        until = now + self._lease
        is_renewal_due = now >= self._renew_at

        def look(unit: Unit) -> tuple[tuple[Handout, ...], tuple[Handout, ...]]:
            if is_renewal_due:
                unit.handouts.renew(self._worker, until)
            held = unit.handouts.held(self._worker)
            room = 0 if self._is_resting else min(self._limit - len(held), _SHARE)
            return held, unit.handouts.claim(self._worker, now=now, until=until, limit=room) if room > 0 else ()

        held, claimed = await self._store.write(self._workspace, look)
        self._looked_at = now
        if is_renewal_due:
            self._renew_at = now + self._lease / _LOOKS
        if len(claimed) == _SHARE:
            self.kick()
        found = {(handout.workspace, handout.run): handout for handout in (*held, *claimed)}
        told = [key for key, handout in found.items() if self._held.get(key) != handout]
        self._held = found
        for key in told:
            wake(*key)

    async def drive(self, workspace: str, run: str, signal: Signal) -> None:
        """Drive a run that is held, again as long as it is told more, and drop it when it has come to rest.

        Raises:
            UnavailableError: the store takes nothing now, or another worker has moved the run on; it stays held.
            Exception: what driving raised; the run is dropped.
        """
        while (handout := self._held.get((workspace, run))) is not None:
            try:
                await self._drive(workspace, run, signal)
            except UnavailableError:
                raise
            except ConflictError as error:
                raise UnavailableError(
                    "another worker has moved the run on", retry_after=_RETRY_AFTER, code="run.contested"
                ) from error
            except Exception:
                await self._finish(handout)
                raise
            if self._is_resting:
                return
            await self._finish(handout)

    async def _finish(self, handout: Handout) -> None:
        """Drop a run, unless it was told more since it was last taken up."""
        left = await self._store.write(handout.workspace, lambda unit: unit.handouts.finish(self._worker, handout))
        key = (handout.workspace, handout.run)
        if left is not None:
            self._held[key] = left
        elif self._held.get(key) == handout:
            if len(self._held) >= self._limit:
                self.kick()  # now there is room
            del self._held[key]

    def rest(self) -> None:
        """Take nothing any more, and keep what is held where it stands."""
        self._is_resting = True

    async def release(self) -> None:
        """Give back what is held, for others to take at once, or when the lease is over if the store is away."""
        self._held.clear()
        with suppress(UnavailableError):
            await self._store.write(self._workspace, lambda unit: unit.handouts.release(self._worker))

    async def _sleep(self, seconds: float) -> None:
        kicked = asyncio.create_task(self._kicked.wait(), name="hand-outs kicked")
        slept = asyncio.create_task(self._clock.sleep(seconds), name="hand-outs slept")
        try:
            await asyncio.wait({kicked, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            kicked.cancel()
            slept.cancel()
