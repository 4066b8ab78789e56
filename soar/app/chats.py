"""Chats that are not ours, wired from the connections that are called as they are."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from soar.access.decide import list_permissions
from soar.access.permissions import Permission
from soar.access.roles import RoleTable
from soar.api.hub import Hub
from soar.api.limits import make_limits
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
from soar.approvals.discord_desk import DiscordDesk, DiscordRules, describe_discord
from soar.approvals.freezable import Freezable
from soar.approvals.mailing import describe_mail
from soar.approvals.matrix_desk import MatrixDesk, MatrixRules, describe_matrix
from soar.approvals.mattermost_desk import MattermostDesk, MattermostRules, describe_mattermost
from soar.approvals.outlet import Outlet
from soar.approvals.paging import PAGERS, describe_pager
from soar.approvals.platform import Office, Platform
from soar.approvals.service import ApprovalService
from soar.approvals.slack_desk import SlackDesk, SlackRules, describe_slack
from soar.approvals.slack_socket import SlackSocket
from soar.approvals.teams_desk import TeamsDesk, TeamsRules, describe_teams
from soar.audit.actor import describe_principal
from soar.federation.bot_token import BotTokens
from soar.model.catalog import Connection
from soar.model.identity import Principal
from soar.model.poll import Poll, TriggerHost
from soar.model.secret import Secret
from soar.responses.service import ResponseService
from soar.responses.undoing import Undoer, Undoing
from soar.runtime.feeds import GuardedTriggers
from soar.runtime.guard import GuardedHost
from soar.runtime.pollers import PollKeeper
from soar.sdk.egress import HttpEgress
from soar.sdk.websocket import WebSocketEgress
from soar.store import Store, Unit
from soar.vault import Vault
from soar.vault.recent import RecentSecret

_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=30)  # what people say counts for some minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """What speaks to chats, and what hears them."""

    deliveries: tuple[CardDelivery, ...]
    desks: Desks
    slack_socket: SlackSocket | None = None
    listeners: tuple[PollKeeper, ...] = ()

    def list_parts(self, *, has_worker: bool) -> dict[str, Coroutine[object, object, None]]:
        """Return what runs beside the requests until it is cancelled, by name."""
        parts: dict[str, Coroutine[object, object, None]] = {}
        if self.desks.slack is not None:
            parts["slack presses"] = self.desks.slack.backlog.run()
        if self.slack_socket is not None:
            parts["slack socket"] = self.slack_socket.run()
        if self.desks.discord is not None:
            parts["discord presses"] = self.desks.discord.backlog.run()
        if self.desks.teams is not None:
            parts["teams commands"] = self.desks.teams.backlog.run()
        if has_worker:
            parts |= {f"{each.connection} cards": each.run() for each in self.deliveries}
            parts |= {f"chat listener {number}": each.run() for number, each in enumerate(self.listeners)}
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
    egress: HttpEgress
    url: str
    worker: str

    @property
    def host(self) -> TriggerHost:
        """Runs what listens."""
        ...

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
        """Keeps what the chats prove themselves with."""
        ...


def make_chats(parts: Parts) -> Chats:
    """Return what speaks to the chats that are connected, and hears them."""
    office = _open_office(parts)
    known = {each.connection: _make_desk(parts, office, each) for each in _list_platforms(parts)}
    slack = _hear_slack(parts, office, known.get("slack"))
    return Chats(
        deliveries=tuple(
            CardDelivery(each, office, is_connected=each.connection in parts.site.connections)
            for each in _list_outlets(parts, known.values())
        ),
        desks=Desks(
            known=tuple(known.values()),
            slack=slack,
            mattermost=_hear_mattermost(parts, office, known.get("mattermost")),
            discord=_hear_discord(parts, office, known.get("discord")),
            teams=_hear_teams(parts, office, known.get("teams")),
        ),
        slack_socket=_open_socket(parts, office, slack, known.get("slack")),
        listeners=_hear_matrix(parts, office, known.get("matrix")),
    )


def _list_outlets(parts: Parts, desks: Iterable[ChatDesk]) -> Iterator[Outlet]:
    """Yield where questions are told. Mail and pagers that are not connected are tried, too: that is told instead."""
    yield from (desk.platform for desk in desks)
    yield from map(describe_pager, PAGERS)
    yield describe_mail(parts.approvals.list_voters)


def _list_platforms(parts: Parts) -> Iterator[Platform]:
    if slack := _find_slack(parts):
        yield describe_slack(_read(slack, "team"))
    if matrix := _find_connection(parts, "matrix", "access_token"):
        yield describe_matrix(_read(matrix, "user"))
    if mattermost := _find_connection(parts, "mattermost", "action_key", "command_token"):
        yield describe_mattermost(_read(mattermost, "team"), parts.url)
    if (discord := _find_connection(parts, "discord")) and _read(discord, "public_key"):
        yield describe_discord(_read(discord, "guild"))
    if (teams := _find_connection(parts, "teams")) and _read(teams, "application"):
        yield describe_teams(_read(teams, "tenant"))


def _find_slack(parts: Parts) -> Connection | None:
    """Return Slack's connection, where what comes from there proves itself by a signature or by our own WebSocket."""
    return _find_connection(parts, "slack", "app_token") or _find_connection(parts, "slack", "signing_secret")


def _hear_slack(parts: Parts, office: Office, desk: ChatDesk | None) -> SlackDesk | None:
    connection = _find_slack(parts)
    if desk is None or connection is None:
        return None
    rules = SlackRules(
        team=desk.platform.team,
        application=_read(connection, "application"),
        resolve=_opener(parts, connection, "signing_secret") if "signing_secret" in connection.credentials else None,
    )
    return SlackDesk(rules, office, desk)


def _open_socket(parts: Parts, office: Office, slack: SlackDesk | None, desk: ChatDesk | None) -> SlackSocket | None:
    connection = _find_slack(parts)
    if slack is None or desk is None or connection is None:
        return None
    has_socket = "app_token" in connection.credentials and not connection.simulate
    if not has_socket:
        return None
    may_record = make_limits(parts.clock).may_record_denial
    return SlackSocket(desk.platform, office, slack, WebSocketEgress(), may_record=may_record)


def _hear_matrix(parts: Parts, office: Office, desk: ChatDesk | None) -> tuple[PollKeeper, ...]:
    """Return what hears Matrix, where rooms are named and it is not simulated."""
    connection = parts.site.connections.get("matrix")
    if desk is None or connection is None or connection.simulate or not connection.settings.get("rooms"):
        return ()
    rules = MatrixRules(user=_read(connection, "user"), has_reactions=connection.settings.get("reactions") is True)
    return (_make_listener(parts, MatrixDesk(rules, office, desk)),)


def _make_listener(parts: Parts, desk: MatrixDesk) -> PollKeeper:
    """Return what listens in one process at a time, and goes on where the last one has stopped."""
    hearing = Poll(trigger="matrix.sync", connection="matrix", arguments={}, every=_PAUSE)
    return PollKeeper(
        store=parts.store,
        workspace=parts.workspace,
        clock=parts.clock,
        node=parts.worker,
        polls={"chat:matrix": hearing},
        host=GuardedTriggers(parts.host, parts.guard),
        accept=desk.receive,
        report=_report_unheard,
        longest_pause=_LONGEST_PAUSE,
    )


def _hear_mattermost(parts: Parts, office: Office, desk: ChatDesk | None) -> MattermostDesk | None:
    if desk is None:
        return None
    connection = parts.site.connections["mattermost"]
    rules = MattermostRules(
        team=desk.platform.team,
        key=_opener(parts, connection, "action_key"),
        token=_opener(parts, connection, "command_token"),
    )
    return MattermostDesk(rules, office, desk)


def _hear_discord(parts: Parts, office: Office, desk: ChatDesk | None) -> DiscordDesk | None:
    if desk is None:
        return None
    connection = parts.site.connections["discord"]
    rules = DiscordRules(
        guild=desk.platform.team,
        application=_read(connection, "application"),
        public_key=_read(connection, "public_key"),
    )
    return DiscordDesk(rules, office, desk)


def _hear_teams(parts: Parts, office: Office, desk: ChatDesk | None) -> TeamsDesk | None:
    if desk is None:
        return None
    application = _read(parts.site.connections["teams"], "application")
    tokens = BotTokens(application, egress=parts.egress, clock=parts.clock)
    return TeamsDesk(TeamsRules(tenant=desk.platform.team, verify=tokens.verify), office, desk)


def _opener(parts: Parts, connection: Connection, field: str) -> Callable[[], Awaitable[Secret]]:
    """Return what opens a credential of a connection, at most once a second."""
    name = connection.credentials[field]
    return RecentSecret(lambda: parts.vault.resolve(parts.workspace, name), parts.clock).get


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


def _report_unheard(_workspace: str, source: str, error: Exception) -> None:
    """Log that a chat could not be listened to."""
    structlog.get_logger().warning("a chat was not heard", action="chat.unheard", source=source, error=str(error))
