"""The service in small around one run: real store, engine, approvals and responses; time, ids and products are ours."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from soar.approvals.service import ApprovalService
from soar.engine.commands import RequestAnswer
from soar.engine.plan import Plan
from soar.ingest.request import RunRequests
from soar.model.approval import Approval
from soar.model.catalog import Catalog
from soar.model.errors import BugError
from soar.model.identity import Principal, PrincipalKind, User
from soar.model.ids import encode_crockford
from soar.model.process import ActionHost
from soar.model.run import Run, Timer
from soar.model.values import Value
from soar.policy import Policy
from soar.rehearsal.clock import VirtualClock
from soar.rehearsal.people import find_asked, list_duties
from soar.responses.service import ResponseService
from soar.runtime.children import Caller
from soar.runtime.commit import Committer
from soar.runtime.courier import Courier
from soar.runtime.driver import Driver
from soar.runtime.executor import Executor
from soar.runtime.plans import Planner, Surroundings
from soar.runtime.queue import RunQueue
from soar.runtime.signal import Signal
from soar.runtime.timers import TimerKeeper
from soar.store import Store, Unit, open_store

T = TypeVar("T")

WORKSPACE = "rehearsal"
_EVERYBODY = 10_000
_FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site lends to rehearsals.

    Attributes:
        catalog: the installed connectors; what they do is mocked, what they say of themselves is not.
        policy: what stands above every playbook.
        config: the server's open settings, as expressions see them.
    """

    catalog: Catalog
    policy: Policy
    config: Mapping[str, Value]


def log_in(person: User) -> Principal:
    """Return a person as the service knows whoever is logged in."""
    return Principal(
        kind=PrincipalKind.USER,
        id=person.id,
        name=person.name,
        workspace=WORKSPACE,
        roles=person.roles,
        via="web",
    )


class _InlineDisk:
    """The `Disk` of a store in memory: work is done at once."""

    async def run(self, work: Callable[[], T]) -> T:
        return work()

    def close(self) -> None:
        """Nothing is held open."""


class _NoProcess:
    """The `Process` of a rehearsal, which must not end the one it runs in."""

    def die(self, reason: str) -> None:
        raise BugError(f"the store of a rehearsal failed: {reason}")


class _CountedIds:
    """`Ids` that count, so that a test is the same each time."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, prefix: str) -> str:
        return f"{prefix}_{self._next(12)}"

    def code(self, length: int) -> str:
        return self._next(length).upper()

    def _next(self, length: int) -> str:
        self._last += 1
        width = -(-length * 5 // 8)
        return encode_crockford((self._last << (width * 8 - length * 5)).to_bytes(width, "big"), length)


class _EvenRandomness:
    """`Randomness` without any: the middle of every range."""

    def bytes(self, count: int) -> bytes:
        return bytes(count)

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


class _Silence:
    """An `Announcer` whom nobody hears."""

    def announce(self, workspace: str, kind: str, subject: str) -> None:
        """Nobody has a page open."""


class _Approvals(ApprovalService):
    """Approvals where whoever is asked is there, and proves whatever a gate wants."""

    def find_strong(self, unit: Unit) -> Collection[str]:
        return {person.id for person in unit.users.list(_EVERYBODY).items}

    def find_duties(self, user: User, at: datetime, until: datetime | None = None) -> frozenset[str]:  # noqa: ARG002 -- on call for the whole rehearsal
        return list_duties(user)

    def ask(self, unit: Unit, command: RequestAnswer, *, run: Run, plan: Plan, at: datetime) -> Approval:
        added = find_asked(command.to, unit.users.list(_EVERYBODY).items, at)
        if added is not None:
            unit.users.add(added)
        return super().ask(unit, command, run=run, plan=plan, at=at)


class Stage:
    """One rehearsal's service.

    Args:
        store: migrated and empty.
        site: connectors, policy and settings.
        host: the products.
        call: the playbooks that steps call.
        clock: when it is.
    """

    def __init__(self, store: Store, site: Site, host: ActionHost, call: Caller, clock: VirtualClock) -> None:
        ids, silence = _CountedIds(), _Silence()
        self.clock = clock
        self.faults: list[Exception] = []
        self.approvals = _Approvals(ids=ids, policy=site.policy)
        self.requests = RunRequests(config=site.config, ids=ids)
        self._store = store
        responses = ResponseService(ids=ids)
        self._queue = RunQueue(drive=self._drive, clock=clock, report=self._report)
        store.listen(self._queue.wake)
        self._timers = TimerKeeper(
            store=store,
            clock=clock,
            approvals=self.approvals,
            responses=responses,
            announcer=silence,
            report=self._report,
        )
        self._courier = Courier(store=store, clock=clock, start=lambda *_: (), announcer=silence, report=self._report)
        self._driver = Driver(
            store=store,
            planner=Planner(Surroundings(catalog=site.catalog, config=site.config, url="https://rehearsal.invalid")),
            committer=Committer(
                approvals=self.approvals,
                responses=responses,
                policy=site.policy,
                ids=ids,
                call=call,
                rights=None,
            ),
            executor=Executor(host=host, clock=clock, randomness=_EvenRandomness()),
            timers=self._timers,
            clock=clock,
            announcer=silence,
        )

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Read from the store."""
        return await self._store.read(WORKSPACE, work)

    async def write(self, work: Callable[[Unit], T]) -> T:
        """Write to the store."""
        return await self._store.write(WORKSPACE, work)

    async def settle(self) -> None:
        """Wait until nothing is left to do at this moment."""
        while self._queue.size or await self._courier.deliver():  # noqa: ASYNC110 -- on this loop nothing else runs, and nobody driven waits for time
            await asyncio.sleep(0)

    async def list_timers(self) -> list[Timer]:
        """Return every timer that is set, the earliest first."""
        return [timer for _, timer in await self._store.due_timers(_FOREVER)]

    async def pass_time(self, until: datetime) -> None:
        """Let time pass up to a moment; every timer fires when it is due, the moment's own included."""
        while (due := await self._store.next_timer()) is not None and due <= until:
            await self.clock.sleep_until(due)
            await self._timers.fire_due()
            await self.settle()
        await self.clock.sleep_until(until)

    async def _drive(self, workspace: str, run: str, signal: Signal) -> None:
        await self._driver.drive(workspace, run, signal)

    def _report(self, _workspace: str, _run: str, error: Exception) -> None:
        self.faults.append(error)


async def open_stage(site: Site, host: ActionHost, call: Caller, start: datetime) -> tuple[Stage, Store]:
    """Return a stage and the store behind it, which its user closes."""
    store = open_store("sqlite://", disk=_InlineDisk(), process=_NoProcess(), readers=_InlineDisk)
    await store.migrate()
    return Stage(store, site, host, call, VirtualClock(start)), store
