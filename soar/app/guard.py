"""What each connection may ask of its product, and where its breaker is kept."""

from datetime import timedelta

import structlog

from soar.app.settings import LimitSettings
from soar.app.site import Site
from soar.approvals.freezer import describe_freeze
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.breaker import Breaker, BreakerStatus
from soar.model.catalog import Catalog, Connection, Effect
from soar.model.clock import Clock
from soar.model.errors import SoarError
from soar.model.ids import Ids
from soar.model.process import ActionCall
from soar.model.rate import Rate
from soar.runtime.breaker import BreakerRule
from soar.runtime.guard import Allowance, ExplainStop, FindAllowance, GuardRule
from soar.sdk.manifest import Manifest
from soar.store import Store, Unit

_SERVER = Actor(kind="system", id="server", via="engine")


def make_rule(limits: LimitSettings) -> GuardRule:
    """Return what holds for every connection, by the settings."""
    return GuardRule(
        breaker=BreakerRule(
            failures=limits.failures, window=timedelta(seconds=limits.window), pause=timedelta(seconds=limits.pause)
        ),
        queue=limits.queue,
        patience=timedelta(seconds=limits.patience),
    )


def make_allowances(site: Site) -> FindAllowance:
    """Return what finds the allowance of a site's connections. One that is simulated or calls no host has none."""
    allowances = {
        connection.id: _allow(connection, loaded.manifest)
        for connection in site.connections.values()
        if (loaded := site.connectors[connection.connector]).manifest.hosts and not connection.simulate
    }
    return lambda _, connection: allowances.get(connection)


def _allow(connection: Connection, manifest: Manifest) -> Allowance:
    """Return what the connection says itself, and for the rest what its connector's manifest says."""
    declared = Rate(manifest.limit.requests, manifest.limit.seconds) if manifest.limit else None
    names = sorted(connection.credentials.items())
    return Allowance(
        calls=connection.calls or manifest.calls,
        rate=connection.rate or declared,
        credential=f"{manifest.id} {names}" if names else f"connection {connection.id}",
        hosts=manifest.find_hosts(connection.hosts),
    )


def make_stop(store: Store, catalog: Catalog) -> ExplainStop:
    """Return what says whether the write of a call that has waited was frozen meanwhile."""

    async def explain_stop(call: ActionCall) -> str | None:
        spec = catalog.find_action(call.action)
        if spec is None or spec.effect is Effect.READ:
            return None
        freeze = await store.glance(call.workspace, lambda unit: unit.freezes.find(call.action, call.connection))
        return describe_freeze(freeze) if freeze else None

    return explain_stop


class BreakerKeeper:
    """Writes down which breakers open and close, for people and for the next start.

    Args:
        store: where they are kept.
        clock: for the record.
        ids: for the record.
    """

    def __init__(self, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def keep(self, workspace: str, breaker: Breaker) -> None:
        """Keep a breaker that opened or closed. If the store takes nothing now, the log alone says so."""
        log = structlog.get_logger()
        is_closed = breaker.status is BreakerStatus.CLOSED
        (log.info if is_closed else log.warning)(
            "a host is called again" if is_closed else "a host is left alone",
            action=_name_change(breaker),
            connection=breaker.connection,
            host=breaker.host,
            reason=breaker.reason,
        )
        try:
            await self._store.write(workspace, lambda unit: self._write(unit, breaker))
        except SoarError as error:
            log.warning("a breaker was not kept", action="breaker.keep", error=error.message)

    def _write(self, unit: Unit, breaker: Breaker) -> None:
        unit.breakers.set(breaker)
        event = AuditEvent(
            type=_name_change(breaker),
            outcome=Outcome.SUCCESS,
            actor=_SERVER,
            target={"kind": "connection", "id": breaker.connection, "host": breaker.host},
            reason=breaker.reason or None,
            after={"status": breaker.status.value},
        )
        record(unit, event, at=self._clock.now(), id=self._ids.new("ev"))


def _name_change(breaker: Breaker) -> str:
    return "breaker.closed" if breaker.status is BreakerStatus.CLOSED else "breaker.opened"
