"""Chats that are not ours, wired from the connections that are called as they are."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Protocol

import structlog

from soar.api.hub import Hub
from soar.app.clock import SystemClock
from soar.app.ids import RandomIds, SystemRandomness
from soar.app.site import Site
from soar.approvals.chat_desk import ChatDesk
from soar.approvals.conduct import Conduct
from soar.approvals.console import Console
from soar.approvals.delivery import CardDelivery
from soar.approvals.desks import Desks
from soar.approvals.platform import Office, Platform
from soar.approvals.service import ApprovalService
from soar.approvals.slack_desk import SlackDesk, SlackRules, describe_slack
from soar.model.catalog import Connection
from soar.runtime.guard import GuardedHost
from soar.store import Store
from soar.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """What speaks to chats, and what hears them."""

    deliveries: tuple[CardDelivery, ...]
    desks: Desks

    def list_parts(self, *, has_worker: bool) -> dict[str, Coroutine[object, object, None]]:
        """Return what runs beside the requests until it is cancelled, by name."""
        parts: dict[str, Coroutine[object, object, None]] = {}
        if self.desks.slack is not None:
            parts["slack presses"] = self.desks.slack.run()
        if has_worker:
            parts |= {f"{each.connection} cards": each.run() for each in self.deliveries}
        return parts


class Parts(Protocol):
    """What a wired service gives to it."""

    site: Site
    store: Store
    workspace: str
    clock: SystemClock
    ids: RandomIds
    randomness: SystemRandomness
    hub: Hub
    url: str

    @property
    def guard(self) -> GuardedHost:
        """Stands between it and the products."""
        ...

    @property
    def approvals(self) -> ApprovalService:
        """Counts votes."""
        ...

    @property
    def vault(self) -> Vault:
        """Keeps the signing secret."""
        ...


def make_chats(parts: Parts) -> Chats:
    """Return what speaks to the chats that are connected, and hears them."""
    slack = _find_connection(parts, "slack", "signing_secret")
    if slack is None:
        return Chats(deliveries=(), desks=Desks())
    office = _open_office(parts)
    platform = describe_slack(_read(slack, "team"))
    desk = _make_desk(parts, office, platform)
    rules = SlackRules(
        team=platform.team,
        application=_read(slack, "application"),
        resolve=lambda: parts.vault.resolve(parts.workspace, slack.credentials["signing_secret"]),
    )
    return Chats(
        deliveries=(CardDelivery(platform, office),),
        desks=Desks(known=(desk,), slack=SlackDesk(rules, office, desk)),
    )


def _find_connection(parts: Parts, id_: str, *credentials: str) -> Connection | None:
    """Return a chat's connection; None where there is none, or what comes from there could not be told from others'."""
    connection = parts.site.connections.get(id_)
    if connection is None or connection.connector != id_ or not set(credentials) <= connection.credentials.keys():
        return None
    return connection


def _read(connection: Connection, name: str) -> str:
    return str(connection.settings.get(name, ""))


def _open_office(parts: Parts) -> Office:
    return Office(
        store=parts.store,
        workspace=parts.workspace,
        host=parts.guard,
        clock=parts.clock,
        ids=parts.ids,
        randomness=parts.randomness,
        announcer=parts.hub,
        url=parts.url,
        report=_report,
    )


def _make_desk(parts: Parts, office: Office, platform: Platform) -> ChatDesk:
    conduct = Conduct(approvals=parts.approvals, ids=parts.ids)
    return ChatDesk(
        platform,
        office,
        approvals=parts.approvals,
        console=Console(approvals=parts.approvals, conduct=conduct, ids=parts.ids, url=parts.url),
        roles=parts.site.roles,
        undo=lambda _unit, _principal, run, _step, _at: (
            f"What a run holds is undone on its page: {parts.url}/runs/{run}"
        ),
    )


def _report(approval: str, message: str) -> None:
    """Log that a call failed, with the question that it was about."""
    structlog.get_logger().warning("a chat was not reached", action="chat.failed", approval=approval, error=message)
