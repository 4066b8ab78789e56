"""Slack, wired from the connection that is called so."""

from dataclasses import dataclass
from typing import Protocol

import structlog

from soar.api.hub import Hub
from soar.app.clock import SystemClock
from soar.app.ids import RandomIds, SystemRandomness
from soar.app.site import Site
from soar.approvals.delivery import CONNECTION, CardDelivery, Office
from soar.approvals.service import ApprovalService
from soar.approvals.slack_desk import SlackDesk, SlackRules
from soar.runtime.guard import GuardedHost
from soar.store import Store
from soar.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """What speaks to Slack, and what hears it."""

    delivery: CardDelivery
    desk: SlackDesk


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
        """Stands between it and Slack."""
        ...

    @property
    def approvals(self) -> ApprovalService:
        """Counts votes."""
        ...

    @property
    def vault(self) -> Vault:
        """Keeps the signing secret."""
        ...


def make_chats(parts: Parts) -> Chats | None:
    """Return both; None where no Slack is connected, or its requests could not be told from others'."""
    connection = parts.site.connections.get(CONNECTION)
    if connection is None or connection.connector != CONNECTION or "signing_secret" not in connection.credentials:
        return None
    secret = connection.credentials["signing_secret"]
    office = Office(
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
    rules = SlackRules(
        team=str(connection.settings.get("team", "")),
        application=str(connection.settings.get("application", "")),
        resolve=lambda: parts.vault.resolve(parts.workspace, secret),
    )
    desk = SlackDesk(rules, office, approvals=parts.approvals, roles=parts.site.roles)
    return Chats(delivery=CardDelivery(office), desk=desk)


def _report(approval: str, message: str) -> None:
    """Log that a call failed, with the question that it was about."""
    structlog.get_logger().warning("Slack was not reached", action="chat.failed", approval=approval, error=message)
