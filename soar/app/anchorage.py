"""Takes signed checkpoints to every anchor, whatever was down in between."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from soar.app.anchors.anchor import Anchor, Receipt
from soar.model.audit import AnchorStanding, AnchorState, Checkpoint
from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.store import Store, Unit

_BATCH = 1_000  # checkpoints taken at a time


class Anchorage:
    """Delivers checkpoints; how far each anchor has come is in the store, so nothing is forgotten by a restart.

    Args:
        anchors: each under a name of its own.
        store: where checkpoints are.
        clock: real or virtual.
        workspace: whose transactions are used.
        patience: seconds that an anchor may lag before there is an alarm.
    """

    def __init__(
        self, anchors: Sequence[Anchor], *, store: Store, clock: Clock, workspace: str, patience: float
    ) -> None:
        self._anchors = tuple(anchors)
        self._store = store
        self._clock = clock
        self._workspace = workspace
        self._patience = timedelta(seconds=patience)
        self._tried: dict[str, datetime] = {}
        self._alarmed: set[str] = set()

    async def deliver(self, *, is_last: bool = False) -> None:
        """Give every anchor what it has missed, all at once; one that takes nothing is tried again after its interval.

        Args:
            is_last: whether the service ends; then nobody is left alone for the rest of his interval.
        """
        await asyncio.gather(*(self._deliver_to(anchor, is_last=is_last) for anchor in self._anchors))

    async def keep_delivering(self, interval: float) -> None:
        """Deliver every so many seconds, until cancelled."""
        while True:
            await self._clock.sleep(interval)
            try:
                await self.deliver()
            except UnavailableError as error:
                structlog.get_logger().warning("no anchor now", action="audit.anchor", error=str(error))

    async def describe(self) -> tuple[AnchorStanding, ...]:
        """Return how far each anchor is, in the order of the settings."""

        def read(unit: Unit) -> tuple[AnchorStanding, ...]:
            return tuple(self._judge(unit, anchor, unit.anchors.get(anchor.name)) for anchor in self._anchors)

        return await self._store.read(self._workspace, read)

    async def _deliver_to(self, anchor: Anchor, *, is_last: bool) -> None:
        while True:
            state, missed = await self._store.read(self._workspace, lambda unit: _find_missed(unit, anchor.name))
            if not missed or self._is_resting(anchor, state, is_last=is_last):
                return
            self._tried[anchor.name] = self._clock.now()
            try:
                receipt = await anchor.take(missed, state)
            except UnavailableError as error:
                await self._keep_failure(anchor, state, error)
                return
            await self._keep_receipt(anchor, receipt)
            self._alarmed.discard(anchor.name)

    def _is_resting(self, anchor: Anchor, state: AnchorState, *, is_last: bool) -> bool:
        last = max(filter(None, (state.reached_at, self._tried.get(anchor.name))), default=None)
        return not is_last and last is not None and self._clock.now() - last < timedelta(seconds=anchor.every)

    async def _keep_receipt(self, anchor: Anchor, receipt: Receipt) -> None:
        reached = AnchorState(name=anchor.name, size=receipt.size, range=receipt.range, reached_at=self._clock.now())

        def keep(unit: Unit) -> None:
            unit.anchors.set(reached)
            if receipt.cosigned is not None:
                unit.audit.cosign(receipt.cosigned)

        await self._store.write(self._workspace, keep)

    async def _keep_failure(self, anchor: Anchor, state: AnchorState, error: UnavailableError) -> None:
        failed = replace(state, failed_at=state.failed_at or self._clock.now(), error=error.message)
        log = structlog.get_logger()
        if failed != state:
            log.warning("an anchor is not reached", action="audit.anchor", anchor=anchor.name, error=error.message)
            await self._store.write(self._workspace, lambda unit: unit.anchors.set(failed))
        standing = await self._store.read(self._workspace, lambda unit: self._judge(unit, anchor, failed))
        if standing.is_late and anchor.name not in self._alarmed:
            self._alarmed.add(anchor.name)
            log.error("an anchor is late", action="audit.anchor_late", anchor=anchor.name, behind=standing.behind)

    def _judge(self, unit: Unit, anchor: Anchor, state: AnchorState) -> AnchorStanding:
        latest, missed = unit.audit.latest_checkpoint(), unit.audit.next_checkpoints(state.size, 1)
        if latest is None or not missed:
            return AnchorStanding(state, 0, is_late=False)
        lag = self._clock.now() - missed[0].at
        is_late = lag > self._patience + timedelta(seconds=anchor.every)
        return AnchorStanding(state, latest.size - state.size, is_late=is_late)


def _find_missed(unit: Unit, name: str) -> tuple[AnchorState, tuple[Checkpoint, ...]]:
    state = unit.anchors.get(name)
    return state, unit.audit.next_checkpoints(state.size, _BATCH)
