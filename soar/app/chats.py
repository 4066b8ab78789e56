"""Chats that are not ours, wired from the connections that are called as they are."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from soar.access.decide import list_permissions
from soar.access.permissions import Permission
from soar.access.roles import RoleTable
from soar.api.hub import Hub
from soar.api.revisions import Revisions
from soar.app.clock import SystemClock
from soar.app.ids import RandomIds, SystemRandomness
from soar.app.site import Site
from soar.approvals.brake import Brake
from soar.approvals.chat_desk import ChatDesk, Undo
from soar.approvals.conduct import Conduct
from soar.approvals.console import Console, Said
from soar.approvals.delivery import CardDelivery
from soar.approvals.desks import Desks
from soar.approvals.freezable import Freezable
from soar.approvals.platform import Office, Platform
from soar.approvals.service import ApprovalService
from soar.approvals.slack_desk import SlackDesk, SlackRules, describe_slack
from soar.approvals.slack_socket import SlackSocket
from soar.audit.actor import describe_principal
from soar.model.catalog import Connection
from soar.model.identity import Principal
from soar.model.secret import Secret
from soar.responses.service import ResponseService
from soar.responses.undoing import Undoer, Undoing
from soar.runtime.guard import GuardedHost
from soar.sdk.websocket import WebSocketEgress
from soar.store import Store, Unit
from soar.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """What speaks to chats, and what hears them."""

    deliveries: tuple[CardDelivery, ...]
    desks: Desks
    slack_socket: SlackSocket | None = None

    def list_parts(self, *, has_worker: bool) -> dict[str, Coroutine[object, object, None]]:
        """Return what runs beside the requests until it is cancelled, by name."""
        parts: dict[str, Coroutine[object, object, None]] = {}
        if self.desks.slack is not None:
            parts["slack presses"] = self.desks.slack.run()
        if self.slack_socket is not None:
            parts["slack socket"] = self.slack_socket.run()
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
    def responses(self) -> ResponseService:
        """Takes back what was done."""
        ...

    @property
    def vault(self) -> Vault:
        """Keeps the signing secret."""
        ...


def make_chats(parts: Parts) -> Chats:
    """Return what speaks to the chats that are connected, and hears them."""
    slack = _find_connection(parts, "slack", "app_token") or _find_connection(parts, "slack", "signing_secret")
    if slack is None:
        return Chats(deliveries=(), desks=Desks())
    office = _open_office(parts)
    platform = describe_slack(_read(slack, "team"))
    desk = _make_desk(parts, office, platform)
    rules = SlackRules(
        team=platform.team,
        application=_read(slack, "application"),
        resolve=_open_credential(parts, slack, "signing_secret"),
    )
    slack_desk = SlackDesk(rules, office, desk)
    has_socket = "app_token" in slack.credentials and not slack.simulate
    return Chats(
        deliveries=(CardDelivery(platform, office),),
        desks=Desks(known=(desk,), slack=slack_desk),
        slack_socket=SlackSocket(platform, office, slack_desk, WebSocketEgress()) if has_socket else None,
    )


def _find_connection(parts: Parts, id_: str, *credentials: str) -> Connection | None:
    """Return a chat's connection; None where there is none, or what comes from there could not be told from others'."""
    connection = parts.site.connections.get(id_)
    if connection is None or connection.connector != id_ or not set(credentials) <= connection.credentials.keys():
        return None
    return connection


def _open_credential(parts: Parts, connection: Connection, field: str) -> Callable[[], Awaitable[Secret]] | None:
    """Return what opens a connection's credential; None where it names none."""
    name = connection.credentials.get(field)
    return None if name is None else lambda: parts.vault.resolve(parts.workspace, name)


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
        console=Console(
            approvals=parts.approvals, conduct=conduct, ids=parts.ids, url=parts.url, brake=_make_brake(parts)
        ),
        roles=parts.site.roles,
        undo=make_undo(Undoing(responses=parts.responses, find_playbook=Revisions().find), parts.site.roles),
    )


def _make_brake(parts: Parts) -> Brake:
    freezable = Freezable(parts.site.catalog, parts.site.connections.keys())
    return Brake(freezable=freezable, roles=parts.site.roles, ids=parts.ids, url=parts.url)


def make_undo(undoing: Undoing, roles: RoleTable) -> Undo:
    """Return what takes things back for people in chats, with the roles that they hold everywhere."""

    def undo(unit: Unit, principal: Principal, run: str, step: str, reason: str, at: datetime) -> Said:
        may_lift = Permission.RESPONSE_LIFT in list_permissions(principal, roles=roles)
        undoer = Undoer(
            actor=describe_principal(principal),
            initiator=f"user:{principal.id}",
            may_lift=lambda _response: may_lift,
            reason=reason,
        )
        undone = undoing.undo(unit, run, step, undoer, at)
        return Said(undone.text, news=undone.list_news())

    return undo


def _report(approval: str, message: str) -> None:
    """Log that a call failed, with the question that it was about."""
    structlog.get_logger().warning("a chat was not reached", action="chat.failed", approval=approval, error=message)
