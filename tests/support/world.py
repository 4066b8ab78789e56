"""A whole embedded service without HTTP, in virtual time: real store, engine and shell; only products are fake."""

import asyncio
import functools
import hashlib
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self, TypeVar

from soar.app.callee import make_caller
from soar.app.triggers import Triggers, make_starter
from soar.approvals.decide import Ballot, Refusal, shown_digest
from soar.approvals.rota import NO_ROTAS, Rotas
from soar.approvals.service import ApprovalService
from soar.audit.keeper import verify_unit
from soar.audit.verify import Report
from soar.engine.events import CancelRequested, RunStarted, dump_event
from soar.engine.replay import fold
from soar.engine.state import RunState
from soar.ingest.event import EventStarts
from soar.ingest.request import RunRequests
from soar.ingest.schedule import TIMER_KIND, Schedules
from soar.model.alert import Alert
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.audit import Actor
from soar.model.catalog import ActionSpec, Catalog, Effect, Repeat
from soar.model.disk import Disk
from soar.model.identity import PrincipalKind, Role
from soar.model.message import Message
from soar.model.playbook import Playbook, Revision
from soar.model.process import ActionAnswer, ActionCall, ActionHost
from soar.model.response import Response
from soar.model.run import Mode, Run, RunStatus, Timer
from soar.model.standing import Standing
from soar.model.values import JsonValue, Value
from soar.playbook import parse_playbook
from soar.policy import DEFAULT_POLICY, Policy
from soar.responses.reconcile import TIMER_KIND as CHECK
from soar.responses.reconcile import Reconciler
from soar.responses.service import ResponseService
from soar.runtime.commit import Committer
from soar.runtime.courier import Courier
from soar.runtime.driver import Driver
from soar.runtime.executor import Executor
from soar.runtime.parking import EVENT_KIND
from soar.runtime.plans import Planner, Surroundings
from soar.runtime.queue import RunQueue
from soar.runtime.recovery import recall
from soar.runtime.rights import Rights
from soar.runtime.signal import Signal
from soar.runtime.timers import TimerKeeper
from soar.runtime.watchdog import Watchdog
from soar.store import Store, Unit, open_store
from soar.store.sqlite import driver_of
from tests.support.builders import build_action_spec, build_connector_spec, build_principal, build_user
from tests.support.clock import START, VirtualClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.loop import run_virtual
from tests.support.mortal_store import MortalStore
from tests.support.process import RecordingProcess, ScriptedHost
from tests.support.randomness import SeededRandomness
from tests.support.record import find_unannounced, find_unpaired

T = TypeVar("T")

WORKSPACE = "default"
PEOPLE: Mapping[str, Role] = {
    "ann": Role.ANALYST,
    "bob": Role.ANALYST,
    "carol": Role.SOC_LEAD,
    "dave": Role.INCIDENT_COMMANDER,
    "olga": Role.AUDITOR,
}
"""Who lives in a world: ids `u_ann` and so on, all `@corp.example`."""
_PEOPLED: list[bytes] = []

_EVERYTHING = 10_000
_INSTANT = 1e-6


def build_spec(name: str, effect: Effect = Effect.READ, repeat: Repeat = Repeat.SAFE, **changes: object) -> ActionSpec:
    connector, _, action = name.partition(".")
    plain = {"undo": None, "undo_arguments": {}, "targets": None, "parameters": {}, "result": {}}
    changed = {**plain, **changes}
    return build_action_spec(connector=connector, name=action, title=name, effect=effect, repeat=repeat, **changed)


ACTIONS = (
    build_spec("virustotal.url_report"),
    build_spec("virustotal.file_report"),
    build_spec("whois.domain_age"),
    build_spec("exchange.search_messages"),
    build_spec(
        "exchange.purge_messages",
        Effect.DESTRUCTIVE,
        undo="restore_messages",
        undo_arguments={"messages": "with.messages"},
        targets="messages",
    ),
    build_spec("exchange.restore_messages", Effect.WRITE),
    build_spec("chat.dm", Effect.WRITE, Repeat.KEYED),
    build_spec("crm.find"),
    build_spec("crm.note", Effect.WRITE, Repeat.KEYED),
    build_spec("crm.page", Effect.WRITE, Repeat.UNSAFE),
    build_spec("crm.wipe", Effect.DESTRUCTIVE, targets="user"),
    build_spec(
        "crm.lock",
        Effect.WRITE,
        Repeat.UNSAFE,
        undo="unlock",
        undo_arguments={"user": "with.user", "ticket": "output.ticket"},
        check="locked",
        check_arguments={"user": "with.user"},
        targets="user",
    ),
    build_spec("crm.unlock", Effect.WRITE, Repeat.KEYED),
    build_spec("crm.locked"),
    build_spec("core.undo", Effect.WRITE),
)


def build_actions_catalog(actions: Sequence[ActionSpec] = ACTIONS) -> Catalog:
    """Return the catalog of these actions, by connector."""
    connectors = dict.fromkeys(action.connector for action in actions)
    by_name = {name: [action for action in actions if action.connector == name] for name in connectors}
    return Catalog({name: build_connector_spec(*found) for name, found in by_name.items()})


class SlowHost(ScriptedHost):
    """A `ScriptedHost` whose products act at once and answer after so many seconds."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds
        self.answered: list[ActionCall] = []

    async def call(self, call: ActionCall) -> ActionAnswer:
        answer = await super().call(call)
        await asyncio.sleep(self.seconds)
        self.answered.append(call)
        return answer


class RecordingAnnouncer:
    """An `Announcer` that remembers."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []

    def announce(self, workspace: str, kind: str, subject: str) -> None:
        self.heard.append((workspace, kind, subject))


class World:
    """One process of the service. What outlives it is in `store`, `host`, `clock` and `ids`.

    Args:
        store: migrated, with people in it; see `open_world`.
        host: the products.
        guard: puts something between runs and products.
        last: number of the write at which this process ends; 0 for never.
        is_written: whether that write becomes durable.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: ScriptedHost,
        clock: VirtualClock,
        ids: SeededIds,
        policy: Policy = DEFAULT_POLICY,
        catalog: Catalog | None = None,
        config: Mapping[str, Value] | None = None,
        drivers: int = 200,
        waiting: int = 10_000,
        share: float = 0.5,
        guard: Callable[[ActionHost], ActionHost] | None = None,
        last: int = 0,
        is_written: bool = True,
        has_timers: bool = True,
        rotas: Rotas = NO_ROTAS,
    ) -> None:
        self.store, self.host, self.clock, self.ids, self.policy, self.rotas = store, host, clock, ids, policy, rotas
        self.mortal = MortalStore(store, last, is_written=is_written)
        self.drivers, self.waiting = drivers, waiting
        self.announcer = RecordingAnnouncer()
        self.reports: list[Exception] = []
        self.approvals = ApprovalService(ids=ids, policy=policy, rotas=rotas)
        self.responses = ResponseService(ids=ids)
        self.reconciler = Reconciler(ids=ids, every=timedelta(days=1), pace=2)
        self.catalog = catalog or build_actions_catalog()
        self.config = config or {}
        self.playbooks: dict[str, Playbook] = {}
        self.requests = RunRequests(config=self.config, ids=ids)
        self.rights: Rights | None = None
        self.committer = self.build_committer()
        self.guard = guard
        self.guarded = guard(host) if guard else host
        self.queue = RunQueue(
            drive=self._drive,
            clock=clock,
            report=self._report,
            find_standings=self._find_standings,
            find_told=self.mortal.told_runs,
            most=waiting,
            limit=drivers,
            share=share,
        )
        store.listen(self.queue.wake)
        self.schedules = Schedules(requests=self.requests, playbooks=lambda: self.playbooks, ids=ids)
        self.courier = self.build_courier()
        self.timers = self.build_keeper()
        store.listen_for_happenings(self.courier.kick)
        self.triggers = Triggers(store=self.mortal, workspace=WORKSPACE, clock=clock)
        self.planner = Planner(Surroundings(catalog=self.catalog, config=self.config, url="http://soar.test"))
        self.driver = self.build_driver()
        self.watchdog = Watchdog(
            store=self.mortal,
            planner=self.planner,
            approvals=self.approvals,
            clock=clock,
            ids=ids,
            recall=self.recover,
            report=self._report,
        )
        self._keeper = asyncio.create_task(self.timers.run(), name="timers") if has_timers else None
        self._carrier = asyncio.create_task(self.courier.run(), name="courier") if has_timers else None

    def build_committer(self) -> Committer:
        """Return what writes this process's decisions down."""
        return Committer(
            approvals=self.approvals,
            responses=self.responses,
            policy=self.policy,
            ids=self.ids,
            call=make_caller(lambda: self.playbooks, self.requests),
            rights=self.rights,
        )

    def build_keeper(self) -> TimerKeeper:
        """Return a keeper of timers of this process; a second one is a rival."""
        return TimerKeeper(
            store=self.mortal,
            clock=self.clock,
            approvals=self.approvals,
            responses=self.responses,
            announcer=self.announcer,
            report=self._report,
            wakers={TIMER_KIND: self.schedules.wake, EVENT_KIND: self.courier.wake, CHECK: self.reconciler.wake},
        )

    def build_courier(self) -> Courier:
        """Return a courier of this process; a second one is a rival."""
        starts = EventStarts(requests=self.requests, config=self.config, ids=self.ids)
        return Courier(
            store=self.mortal,
            clock=self.clock,
            start=make_starter(lambda: self.playbooks, starts),
            announcer=self.announcer,
            report=self._report,
        )

    def build_driver(self) -> Driver:
        """Return a driver of this process; a second one is a rival."""
        return Driver(
            store=self.mortal,
            planner=self.planner,
            committer=self.committer,
            executor=Executor(host=self.guarded, clock=self.clock, randomness=SeededRandomness(1)),
            timers=self.timers,
            clock=self.clock,
            announcer=self.announcer,
        )

    async def _find_standings(self, workspace: str, runs: Sequence[str]) -> Mapping[str, Standing]:
        return await self.mortal.read(workspace, lambda unit: unit.runs.find_standings(runs))

    async def _drive(self, workspace: str, run: str, signal: Signal) -> None:
        await self.driver.drive(workspace, run, signal)

    def _report(self, _workspace: str, _run: str, error: Exception) -> None:
        self.reports.append(error)

    async def start(
        self,
        text: str,
        *,
        playbook: str = "tried",
        inputs: Mapping[str, Value] | None = None,
        initiator: str = "source:siem",
        mode: Mode = Mode.LIVE,
        alert: Alert | None = None,
        author: str = "u_olga",
    ) -> str:
        """Put a run of this playbook's text into the store, wake it, and return its id."""
        at, run_id = self.clock.now(), self.ids.new("run")
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        revision = Revision(playbook=playbook, digest=digest, text=text, created_at=at, author=author)
        run = Run(
            id=run_id,
            playbook=playbook,
            revision=digest,
            mode=mode,
            status=RunStatus.QUEUED,
            alert=alert.id if alert else None,
            case=None,
            initiator=initiator,
            inputs=inputs or {},
            created_at=at,
        )

        def add(unit: Unit) -> None:
            if alert is not None:
                unit.alerts.add(alert)
            unit.revisions.put(revision)
            unit.runs.add(run)
            unit.inbox.add(run_id, dump_event(RunStarted(at=at)), at)

        await self.store.write(WORKSPACE, add)
        return run_id

    async def recover(self) -> None:
        """Wake what the process before left open, as a starting service does."""
        await recall(self.store, self.queue, None)

    async def settle(self) -> None:
        """Wait until nothing is driven, or the process has ended."""
        death = asyncio.create_task(self.mortal.died.wait(), name="death")
        try:
            while self.queue._works and not self.mortal.died.is_set():
                await asyncio.wait({*self.queue._works, death}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            death.cancel()
        if self._keeper is not None and self._keeper.done():
            self._keeper.result()

    async def pass_time(self, delta: timedelta) -> None:
        """Let time pass and wait until what it brought is done."""
        await self.clock.sleep(delta.total_seconds())
        await self.clock.sleep(_INSTANT)  # time moves only when nothing of this moment is left to do
        await self.settle()

    async def vote(
        self,
        name: str,
        choice: str = "approve",
        *,
        approval: str | None = None,
        comment: str | None = None,
        confirm: str | None = None,
        digest: str | None = None,
        kind: PrincipalKind = PrincipalKind.USER,
    ) -> Approval | Refusal:
        """Let a person vote, by default on the one open question, with what they were shown."""
        reference = approval or (await self.pending()).id
        principal = build_principal(kind=kind, id=f"u_{name}", name=name, roles=frozenset({PEOPLE.get(name, "none")}))

        def cast(unit: Unit) -> Approval | Refusal:
            found = unit.approvals.get(reference) or unit.approvals.find_code(reference)
            shown = digest or (shown_digest(found) if found else "")
            ballot = Ballot(VoteChoice(choice), shown, comment=comment, confirm=confirm)
            return self.approvals.vote(unit, reference, principal, ballot, self.clock.now())

        outcome = await self.store.write(WORKSPACE, cast)
        if isinstance(outcome, Approval):
            await self.settle()
        return outcome

    async def lift(self, response: str, *, name: str = "ann", reason: str | None = None) -> Response:
        """Let a person take a change back, and wait for it."""
        actor = Actor(kind="user", id=f"u_{name}", name=name, via="web")
        at, initiator = self.clock.now(), f"user:u_{name}"
        lifting = await self.store.write(
            WORKSPACE,
            lambda unit: self.responses.lift(unit, response, actor=actor, initiator=initiator, reason=reason, at=at),
        )
        await self.settle()
        return lifting

    async def serve(self, playbook_id: str, text: str) -> Playbook:
        """Let a playbook serve, beside those that do."""
        playbook, findings = parse_playbook(text, playbook_id=playbook_id, file=f"{playbook_id}.yaml")
        assert playbook is not None, findings
        await self.serve_read(playbook, text)
        return playbook

    async def serve_read(self, playbook: Playbook, text: str) -> None:
        """Let a playbook serve that has been read from this text."""
        revision = Revision(
            playbook=playbook.id, digest=playbook.revision, text=text, created_at=self.clock.now(), author="u_olga"
        )
        await self.store.write(WORKSPACE, lambda unit: unit.revisions.put(revision))
        self.playbooks[playbook.id] = playbook
        await self.arrange()

    async def arrange(self) -> None:
        """Bring the store's triggers up to date with the playbooks that serve."""
        if await self.triggers.arrange(self.playbooks):
            self.timers.kick()

    async def list_runs(self, playbook: str | None = None) -> list[Run]:
        """Return the runs, oldest first."""
        return [*reversed((await self.read(lambda unit: unit.runs.list(_EVERYTHING, playbook=playbook))).items)]

    async def cancel(self, run: str, by: str = "ann") -> None:
        """Ask for a run to be cancelled, and wait for it."""
        at = self.clock.now()
        event = dump_event(CancelRequested(at=at, by=by))
        await self.store.write(WORKSPACE, lambda unit: unit.inbox.add(run, event, at))
        await self.settle()

    async def read(self, work: Callable[[Unit], T]) -> T:
        return await self.store.read(WORKSPACE, work)

    async def write(self, work: Callable[[Unit], T]) -> T:
        return await self.store.write(WORKSPACE, work)

    async def run(self, run: str) -> Run:
        found = await self.read(lambda unit: unit.runs.get(run))
        assert found is not None
        return found

    async def state(self, run: str) -> RunState:
        """Return what the run's journal folds to."""
        return fold(await self.read(lambda unit: unit.journal.load(run)))

    async def statuses(self, run: str) -> dict[str, str]:
        """Return each step's status by its path."""
        return {path: record.status.value for path, record in (await self.state(run)).records.items()}

    async def approval(self, run: str | None = None) -> Approval:
        """Return the newest question."""
        return (await self.read(lambda unit: unit.approvals.list(1, run=run))).items[0]

    async def pending(self) -> Approval:
        """Return the one open question."""
        (found,) = (await self.read(lambda unit: unit.approvals.list(10, status=ApprovalStatus.PENDING))).items
        return found

    async def held(self) -> list[Response]:
        """Return the active responses, oldest first."""
        return [*reversed((await self.read(lambda unit: unit.responses.list(_EVERYTHING))).items)]

    async def messages(self, channel: str = "#approvals") -> list[Message]:
        """Return what was said in a room, oldest first."""
        return [*reversed((await self.read(lambda unit: unit.messages.list(channel, _EVERYTHING))).items)]

    async def timers_set(self) -> list[Timer]:
        """Return every timer, earliest first."""
        far = self.clock.now() + timedelta(days=10_000)
        return [timer for _, timer in await self.store.due_timers(far)]

    async def audit(self, kind: str = "") -> list[Mapping[str, JsonValue]]:
        """Return the audit's events of a type, oldest first; of all types by default."""
        found = await self.read(lambda unit: unit.audit.range(0, _EVERYTHING))
        return [record.document for record in found if str(record.document["type"]).startswith(kind)]

    async def verify(self) -> Report:
        return await self.read(lambda unit: verify_unit(unit, []))

    async def stop(self) -> None:
        """End the process as a crash does: everything under way is let go of."""
        self.mortal.died.set()
        left = [one for one in (self._keeper, self._carrier) if one]
        for one in left:
            one.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.queue.close()

    async def restart(self, *, last: int = 0, is_written: bool = True) -> Self:
        """Crash, and return the process that recovers on the same store, in the same outer world."""
        await self.stop()
        after = type(self)(
            self.store,
            host=self.host,
            clock=self.clock,
            ids=self.ids,
            policy=self.policy,
            catalog=self.catalog,
            config=self.config,
            guard=self.guard,
            last=last,
            is_written=is_written,
            rotas=self.rotas,
            drivers=self.drivers,
            waiting=self.waiting,
        )
        after.playbooks.update(self.playbooks)
        await after.recover()
        return after


async def open_world(
    *, seed: int = 0, host: ScriptedHost | None = None, store: Store | None = None, **options: object
) -> World:
    """Return a world with an empty, migrated store, in memory if none is given, and its people in it."""
    if store is None:
        store = await open_peopled_store(InlineDisk())
    else:
        await store.migrate()
        await store.write(WORKSPACE, _settle_people)
    return World(store, host=host or SlowHost(), clock=VirtualClock(START), ids=SeededIds(seed), **options)


async def open_peopled_store(disk: Disk) -> Store:
    """Return a migrated store in memory with the people in it; the first one made is copied from then on."""
    store = open_store("sqlite://", disk=disk, process=RecordingProcess(), readers=InlineDisk)
    driver = driver_of(store._database.writer)
    if not _PEOPLED:
        await store.migrate()
        await store.write(WORKSPACE, _settle_people)
        _PEOPLED.append(driver.serialize())
    else:
        driver.deserialize(_PEOPLED[0])
    return store


def _settle_people(unit: Unit) -> None:
    for name, role in PEOPLE.items():
        email, roles = f"{name}@corp.example", frozenset({role.value})
        unit.users.add(build_user(id=f"u_{name}", name=name, email=email, roles=roles))


def play(scenario: Callable[[World], Awaitable[T]], *, seed: int = 0, **options: object) -> T:
    """Play a scenario in a fresh world of this seed; at its end the audit must be sound and complete."""

    async def run() -> T:
        world = await open_world(seed=seed, **options)
        try:
            result = await scenario(world)
            await check_record(world)
        finally:
            await world.stop()
        return result

    return run_virtual(run(), seed=seed)


def in_world(scenario: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a scenario: it is played in a fresh world, with the test's other arguments."""

    @functools.wraps(scenario)
    def test(**arguments: object) -> None:
        play(lambda world: scenario(world, **arguments))

    signature = inspect.signature(scenario)
    others = [each for name, each in signature.parameters.items() if name != "world"]
    test.__signature__ = signature.replace(parameters=others, return_annotation=None)  # type: ignore[attr-defined]
    return test


async def check_record(world: World) -> None:
    """Check that the audit holds together, and that it tells of every call before it and after it."""
    report = await world.verify()
    assert report.is_sound, report.summary
    audit = await world.audit()
    assert find_unpaired(audit) == []
    assert find_unannounced(audit, world.host.calls) == []


def at(minutes: float) -> datetime:
    """Return so many minutes after the world's beginning."""
    return START + timedelta(minutes=minutes)
