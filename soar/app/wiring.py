"""The composition root: a site in, a wired service out. Nothing here decides anything."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property

import structlog

from soar.api.hub import Hub
from soar.api.intake import IntakeLimits
from soar.api.pages import find_pages
from soar.api.services import AuditStanding, FirstAlert, Services
from soar.app.alerts import OwnAlerts
from soar.app.anchorage import Anchorage
from soar.app.anchors.factory import make_anchors, make_forwards
from soar.app.auditor import Auditor
from soar.app.body_reader import ProcessReader
from soar.app.callee import make_caller
from soar.app.chats import Chats, make_chats
from soar.app.clock import SystemClock
from soar.app.disk import ThreadDisk
from soar.app.first_alert import describe_first_alert
from soar.app.guard import BreakerKeeper, make_allowances, make_rule, make_stop
from soar.app.ids import RandomIds, SystemRandomness
from soar.app.library import Library
from soar.app.lists import StoredLists
from soar.app.messages import StoredMessages
from soar.app.passwords import Passwords
from soar.app.polls import make_pollers
from soar.app.process import OwnProcess
from soar.app.relay import SharedHub
from soar.app.serving import Serving
from soar.app.sign_on import make_sign_on
from soar.app.site import Site
from soar.app.triggers import Triggers, make_starter
from soar.app.vault import make_keyring, make_references, report_rewrap
from soar.approvals.quiet import parse_quiet_hours
from soar.approvals.service import ApprovalService
from soar.audit.fingerprint import load_fingerprinter
from soar.audit.signer import load_signing_keys
from soar.federation.service import SignOnService
from soar.ingest import silence
from soar.ingest.event import EventStarts
from soar.ingest.receive import Receiver
from soar.ingest.schedule import TIMER_KIND as SCHEDULE_DUE
from soar.ingest.schedule import Schedules
from soar.model.audit import Actor
from soar.model.errors import SoarError
from soar.model.process import ActionCall
from soar.model.secret import BoundSecret, Secret
from soar.model.standing import Standing
from soar.people.accounts import Accounts
from soar.people.emergency import TIMER_KIND as EMERGENCY_OVER
from soar.people.emergency import EmergencyAccess
from soar.people.factors import SecondFactors
from soar.playbook import Loaded
from soar.registry.host import InProcessHost
from soar.registry.host import Surroundings as HostSurroundings
from soar.responses import reconcile
from soar.responses.service import ResponseService
from soar.runtime.commit import Committer
from soar.runtime.courier import Courier
from soar.runtime.driver import Driver
from soar.runtime.executor import Executor
from soar.runtime.feeds import GuardedTriggers
from soar.runtime.guard import GuardedHost
from soar.runtime.handout import HandoutKeeper
from soar.runtime.parking import EVENT_KIND as EVENT_DUE
from soar.runtime.plans import Planner, Surroundings
from soar.runtime.pollers import PollKeeper
from soar.runtime.queue import RunQueue
from soar.runtime.recovery import recall
from soar.runtime.rights import Rights
from soar.runtime.timers import TimerKeeper
from soar.runtime.watchdog import Watchdog
from soar.sdk.egress import HttpEgress
from soar.sdk.simulation import FileLedger
from soar.store import Store, open_store
from soar.vault import KeyRotation, Rewrapper, Vault, WorkspaceKeys
from soar.vault.service import SHORTEST_SECRET

_LIBRARY_INTERVAL = 1.0
_LONGEST_SLEEP = 60.0
_SHARED_SLEEP = 5.0  # timers that another process has set are found as late as this
_TOKEN_ENDPOINT = Actor(kind="system", id="oauth2", name="a token endpoint", via="engine")


class Service:
    """A wired service. Each part is made when it is first asked for, from the parts it names.

    Args:
        site: what is installed and configured.
        url: how people reach us, without a slash at the end.

    Raises:
        InputError: a key file is missing or not ours alone.
    """

    def __init__(self, site: Site, url: str) -> None:
        settings = site.settings
        self.site = site
        self.url, self.hooks_url = url, site.settings.server.find_hooks_url(url)
        self.workspace = settings.workspace
        self.clock = SystemClock()
        self.randomness = SystemRandomness()
        self.ids = RandomIds(self.randomness)
        self.passwords = Passwords()
        self.egress = HttpEgress()
        self.body_reader = ProcessReader()
        self.keyring = make_keyring(settings.vault, egress=self.egress, randomness=self.randomness)
        self._signing_keys = load_signing_keys(
            settings.audit.key_file, settings.audit.origin, is_post_quantum=settings.audit.post_quantum
        )
        self._fingerprinter = load_fingerprinter(settings.audit.key_file)
        self._disk = ThreadDisk("soar-writer")
        self.store: Store = open_store(
            settings.database.url,
            disk=self._disk,
            process=OwnProcess(),
            readers=lambda: ThreadDisk("soar-reader"),
            randomness=self.randomness,
        )
        self.worker = self.ids.new("node")
        self.shared_hub = SharedHub(self.store, self.worker) if self.store.is_shared else None
        self.hub = self.shared_hub or Hub()
        self._refreshing = asyncio.Lock()

    async def close(self) -> None:
        """Close everything, in reverse."""
        await self.store.close()
        await self.egress.close()
        await self.body_reader.close()
        self.passwords.close()
        self._disk.close()

    # -- parts ----------------------------------------------------------------------------------------------------

    @cached_property
    def workspace_keys(self) -> WorkspaceKeys:
        """Opens the keys of workspaces."""
        return WorkspaceKeys(self.store, self.keyring, ids=self.ids, randomness=self.randomness, clock=self.clock)

    @cached_property
    def vault(self) -> Vault:
        """Keeps credentials."""
        references = make_references(
            self.site.settings.vault.references, shortest=SHORTEST_SECRET, egress=self.egress, clock=self.clock
        )
        return Vault(
            self.store,
            self.workspace_keys,
            references,
            self._fingerprinter,
            ids=self.ids,
            randomness=self.randomness,
            clock=self.clock,
        )

    @cached_property
    def key_rotation(self) -> KeyRotation:
        """Lets one key over the credentials take another's place."""
        return KeyRotation(self.store, self.keyring, self.workspace_keys, ids=self.ids)

    @cached_property
    def rewrapper(self) -> Rewrapper:
        """Seals credentials again after that."""
        return Rewrapper(
            self.store,
            self.workspace_keys,
            ids=self.ids,
            randomness=self.randomness,
            clock=self.clock,
            report=report_rewrap,
        )

    @cached_property
    def library(self) -> Library:
        """The serving playbooks."""
        return Library(self.site.settings.paths.playbooks, self.site.checker)

    @cached_property
    def serving(self) -> Serving:
        """Brings them up to date."""
        return Serving(self.library, store=self.store, workspace=self.workspace, clock=self.clock)

    @cached_property
    def approvals(self) -> ApprovalService:
        """Human gates."""
        provider = self.site.provider
        trusts = provider is not None and provider.tells_of_factors
        asking = self.site.settings.approvals
        return ApprovalService(
            ids=self.ids,
            policy=self.site.policy,
            trusts_provider=trusts,
            undelegable=self.site.roles.undelegable,
            quiet=parse_quiet_hours(asking.quiet, asking.zone),
            rotas=self.site.rotas,
        )

    @cached_property
    def responses(self) -> ResponseService:
        """What we hold down and can lift."""
        return ResponseService(ids=self.ids)

    @cached_property
    def queue(self) -> RunQueue:
        """Drives runs."""
        return RunQueue(
            drive=self.handouts.drive if self.handouts else self.driver.drive,
            clock=self.clock,
            report=_report_drive,
            find_standings=self._find_standings,
            find_told=None if self.store.is_shared else self.store.told_runs,
            share=self.site.settings.limits.share,
            limit=self.site.settings.worker.concurrency,
            is_pressed=lambda: self.receiver.is_pressed,
            precedence=self.driver.precedence,
        )

    @cached_property
    def handouts(self) -> HandoutKeeper | None:
        """Takes this process's share of the runs; None where it is alone."""
        if not self.store.is_shared:
            return None
        settings = self.site.settings.worker
        return HandoutKeeper(
            store=self.store,
            drive=self.driver.drive,
            clock=self.clock,
            worker=self.worker,
            workspace=self.workspace,
            limit=settings.concurrency,
            lease=settings.lease,
        )

    @cached_property
    def timers(self) -> TimerKeeper:
        """Fires timers."""
        return TimerKeeper(
            store=self.store,
            clock=self.clock,
            approvals=self.approvals,
            responses=self.responses,
            announcer=self.hub,
            report=_report_drive,
            wakers={
                SCHEDULE_DUE: self.schedules.wake,
                silence.TIMER_KIND: silence.wake,
                EVENT_DUE: self.courier.wake,
                EMERGENCY_OVER: self.emergency.wake,
                reconcile.TIMER_KIND: self.reconciler.wake,
            },
            longest_sleep=_SHARED_SLEEP if self.store.is_shared else _LONGEST_SLEEP,
        )

    @cached_property
    def reconciler(self) -> reconcile.Reconciler:
        """Looks again at what we hold."""
        settings = self.site.settings.responses
        return reconcile.Reconciler(ids=self.ids, every=settings.check_every, pace=settings.checks)

    @cached_property
    def emergency(self) -> EmergencyAccess:
        """Hours of emergency access."""
        return EmergencyAccess(ids=self.ids, randomness=self.randomness, roles=self.site.roles)

    @cached_property
    def schedules(self) -> Schedules:
        """Starts playbooks when their moments come."""
        return Schedules(requests=self.receiver.requests, playbooks=self.library.current, ids=self.ids)

    @cached_property
    def courier(self) -> Courier:
        """Takes what happens to those who wait for it."""
        starts = EventStarts(requests=self.receiver.requests, config=self.site.settings.config, ids=self.ids)
        return Courier(
            store=self.store,
            clock=self.clock,
            start=make_starter(self.library.current, starts),
            announcer=self.hub,
            report=_report_drive,
        )

    @cached_property
    def pollers(self) -> PollKeeper:
        """Asks products for alerts."""
        host = GuardedTriggers(self.host, self.guard)
        return make_pollers(self.receiver, host, self.store, self.clock, self.workspace, self.worker)

    @cached_property
    def triggers(self) -> Triggers:
        """Keeps what starts the serving playbooks by itself."""
        sources = tuple(self.site.sources.values())
        return Triggers(store=self.store, workspace=self.workspace, clock=self.clock, sources=sources)

    @cached_property
    def planner(self) -> Planner:
        """Makes the plans of runs."""
        return Planner(Surroundings(self.site.catalog, self.site.settings.config, self.url))

    @cached_property
    def watchdog(self) -> Watchdog:
        """Sees to it that no run waits in vain."""
        return Watchdog(
            store=self.store,
            planner=self.planner,
            approvals=self.approvals,
            clock=self.clock,
            ids=self.ids,
            recall=lambda: recall(self.store, self.queue, self.handouts),
            report=_report_drive,
        )

    @cached_property
    def driver(self) -> Driver:
        """Drives one run."""
        committer = Committer(
            approvals=self.approvals,
            responses=self.responses,
            policy=self.site.policy,
            ids=self.ids,
            call=make_caller(self.library.current, self.receiver.requests),
            rights=Rights(roles=self.site.roles, allowances=self.site.allowances),
        )
        return Driver(
            store=self.store,
            planner=self.planner,
            committer=committer,
            executor=Executor(
                host=self.guard,
                clock=self.clock,
                randomness=self.randomness,
                terms=self.site.settings.server.terms,
            ),
            timers=self.timers,
            clock=self.clock,
            announcer=self.hub,
        )

    @cached_property
    def host(self) -> InProcessHost:
        """Runs connector code."""
        ledgers = self.site.settings.paths.ledgers
        return InProcessHost(
            self.site.connectors,
            HostSurroundings(
                find_connection=lambda _, connection: self.site.connections.get(connection),
                resolve=self.vault.open,
                keep=self._keep_credential,
                open_ledger=lambda workspace, connection: FileLedger(ledgers / f"{workspace}.{connection}.jsonl"),
                open_messages=self._open_messages,
                open_lists=self._open_lists,
                open_alerts=self._open_alerts,
                egress=self.egress,
                clock=self.clock,
            ),
        )

    @cached_property
    def guard(self) -> GuardedHost:
        """Stands between runs and products."""
        return GuardedHost(
            self.host,
            find_allowance=make_allowances(self.site),
            rule=make_rule(self.site.settings.limits),
            clock=self.clock,
            keep=BreakerKeeper(store=self.store, clock=self.clock, ids=self.ids).keep,
            explain_stop=make_stop(self.store, self.site.catalog),
        )

    async def _keep_credential(self, workspace: str, name: str, value: Secret, former: BoundSecret) -> None:
        await self.vault.set_credential(
            workspace, name, value, hosts=former.hosts, actor=_TOKEN_ENDPOINT, now=self.clock.now()
        )

    def _open_messages(self, call: ActionCall) -> StoredMessages:
        return StoredMessages(store=self.store, call=call, clock=self.clock, announcer=self.hub)

    def _open_lists(self, call: ActionCall) -> StoredLists:
        return StoredLists(store=self.store, call=call, clock=self.clock, ids=self.ids)

    def _open_alerts(self, call: ActionCall) -> OwnAlerts:
        return OwnAlerts(store=self.store, call=call, receiver=self.receiver)

    @cached_property
    def auditor(self) -> Auditor:
        """Signs and checks the record."""
        return Auditor(
            store=self.store,
            keys=self._signing_keys,
            origin=self.site.settings.audit.origin,
            clock=self.clock,
            workspace=self.workspace,
        )

    @cached_property
    def anchorage(self) -> Anchorage:
        """Puts checkpoints out of our reach."""
        settings = self.site.settings.audit
        anchors = make_anchors(
            settings.anchors,
            store=self.store,
            workspace=self.workspace,
            key=self.auditor.public_keys[0],
            egress=self.egress,
            clock=self.clock,
            announcer=self.hub,
        )
        forwards = make_forwards(settings.forward, store=self.store, workspace=self.workspace, egress=self.egress)
        return Anchorage(
            (*anchors, *forwards),
            store=self.store,
            clock=self.clock,
            workspace=self.workspace,
            patience=settings.anchor_patience,
        )

    async def describe_audit(self) -> AuditStanding:
        """Return who vouches for the record, and how far each anchor has come."""
        standings = await self.anchorage.describe()
        return AuditStanding(self.auditor.public_keys, standings)

    @cached_property
    def receiver(self) -> Receiver:
        """Takes alerts in."""
        return Receiver(
            store=self.store,
            workspace=self.workspace,
            sources=self.site.sources,
            playbooks=self.library.current,
            resolve=lambda workspace, name: self.vault.resolve_all(workspace, name, self.clock.now()),
            egress=self.egress,
            config=self.site.settings.config,
            url=self.url,
            reader=self.body_reader,
            clock=self.clock,
            ids=self.ids,
            announcer=self.hub,
        )

    @cached_property
    def services(self) -> Services:
        """What the HTTP face is given."""
        return Services(
            workspace=self.workspace,
            url=self.url,
            hooks_url=self.hooks_url,
            is_demo=self.site.settings.is_demo,
            pages=find_pages(),
            store=self.store,
            receiver=self.receiver,
            approvals=self.approvals,
            responses=self.responses,
            vault=self.vault,
            key_rotation=self.key_rotation,
            rewrapper=self.rewrapper,
            policy=self.site.policy,
            roles=self.site.roles,
            catalog=self.site.catalog,
            connections=self.site.connections,
            find_breaker=self.guard.find_breaker,
            count_calls=self.guard.count_calls,
            library=self.library,
            refresh_library=self.refresh_library,
            config=self.site.settings.config,
            passwords=self.passwords,
            sign_on=self.sign_on,
            accounts=Accounts(ids=self.ids, randomness=self.randomness, roles=self.site.roles),
            factors=SecondFactors(self.store, self.vault, ids=self.ids, randomness=self.randomness, url=self.url),
            emergency=self.emergency,
            hub=self.hub,
            proxies=self.site.settings.server.proxies,
            clock=self.clock,
            ids=self.ids,
            randomness=self.randomness,
            precedence=self.driver.precedence,
            desks=self.chats.desks,
            verify_audit=self.auditor.verify,
            describe_audit=self.describe_audit,
            is_ready=self.find_unready,
            first_alert=self.find_first_alert,
            read_output=self.host.read_output,
            intake=IntakeLimits(**self.site.settings.intake.model_dump()),
        )

    @cached_property
    def chats(self) -> Chats:
        """Speak to the chats that are not ours, and hear them."""
        return make_chats(self)

    @cached_property
    def sign_on(self) -> SignOnService | None:
        """Logs people in through the identity provider; None where the site has none."""
        return make_sign_on(
            self.site.provider,
            egress=self.egress,
            resolve=lambda name: self.resolve(self.workspace, name),
            clock=self.clock,
            url=self.url,
        )

    # -- what the parts are given -----------------------------------------------------------------------------------

    def wake(self, workspace: str, run: str) -> None:
        """Say that a run has something to do."""
        self.queue.wake(workspace, run)

    async def resolve(self, workspace: str, name: str) -> Secret:
        """Open a credential.

        Raises:
            NotFoundError: there is none with this name.
        """
        return await self.vault.resolve(workspace, name)

    async def find_unready(self) -> tuple[str, ...]:
        """Return a sentence for each thing that keeps us from serving."""
        try:
            is_current = await self.store.is_current()
        except SoarError as error:
            return (f"database: {error.message}",)
        return () if is_current else ("database: its schema is not current; run `soar migrate`",)

    async def find_first_alert(self) -> FirstAlert | None:
        """Return how to send the example alert; only the demo gives its key away."""
        return await describe_first_alert(self.site, self.hooks_url, lambda name: self.resolve(self.workspace, name))

    async def _find_standings(self, workspace: str, runs: Sequence[str]) -> Mapping[str, Standing]:
        return await self.store.glance(workspace, lambda unit: unit.runs.find_standings(runs))

    # -- life -------------------------------------------------------------------------------------------------------

    async def recover(self) -> int:
        """Drive runs from now on: those that are not at rest, and those told something.

        Returns how many are queued or running.
        """
        await self.store.write(self.workspace, lambda unit: self.reconciler.arrange(unit, self.clock.now()))
        self.guard.restore(self.workspace, await self.store.read(self.workspace, lambda unit: unit.breakers.list()))
        if self.handouts is not None:
            await self.handouts.adopt()
        else:
            self.store.listen(self.wake)
            self.store.listen_for_happenings(self.courier.kick)
            await recall(self.store, self.queue, None)
        return await self.store.count_runnable()

    async def drain(self, seconds: float) -> None:
        """Start no call any more, give those under way so many seconds, and leave every run to whoever comes next."""
        self.driver.rest()
        if self.handouts is not None:
            self.handouts.rest()
        await self.queue.drain(seconds)
        if self.handouts is not None:
            await self.handouts.release()

    async def refresh_library(self) -> list[Loaded]:
        """Read changed playbooks and what is published, and let the good ones serve.

        Raises:
            UnavailableError: texts or triggers could not be kept; the next time tries again.
        """
        async with self._refreshing:
            changed = await self.serving.refresh()
            if await self.triggers.arrange(self.library.current()):
                self.timers.kick()
            return changed

    async def watch_library(self) -> None:
        """Keep reading changed playbooks until cancelled."""
        while True:
            await self.clock.sleep(_LIBRARY_INTERVAL)
            try:
                await self.refresh_library()
            except (SoarError, OSError) as error:
                structlog.get_logger().warning("playbooks not read", action="library.refresh", error=str(error))


@asynccontextmanager
async def open_service(site: Site, url: str) -> AsyncIterator[Service]:
    """Wire a service, bring its schema up to date, and close it all at the end.

    Raises:
        InputError: a key file is missing or not ours alone, or the schema is newer than this program.
    """
    service = Service(site, url)
    try:
        await service.store.migrate()
        yield service
    finally:
        await service.close()


def _report_drive(workspace: str, run: str, error: Exception) -> None:
    structlog.get_logger().warning(
        "a run could not be driven on", action="run.drive", workspace=workspace, run_id=run, error=str(error)
    )
