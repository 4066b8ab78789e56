"""What a handler is given, and how it answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import orjson
from aiohttp import web

from soar.access.decide import Allowed, Denied, decide, is_unlimited, list_held_roles, list_permissions
from soar.access.permissions import Permission
from soar.access.things import Thing
from soar.api.intake import IntakeGate
from soar.api.limits import Limits
from soar.api.revisions import Revisions
from soar.api.services import Services
from soar.audit.record import record
from soar.model.audit import AuditEvent
from soar.model.errors import DeniedError
from soar.model.identity import Principal, Session, Token, User
from soar.store import Unit

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all handlers share.

    Attributes:
        services: everything behind the HTTP face.
        limits: what may not happen too often.
        intake: lets requests to hooks in.
        revisions: parsed playbooks of runs.
        epoch: names this process in the event stream's ids.
    """

    services: Services
    limits: Limits
    intake: IntakeGate
    revisions: Revisions
    epoch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as authenticated.

    Attributes:
        session: the login; None where a token speaks.
        token: the token that speaks; None for a login.
        expires_at: when the login or the token ends in any case.
    """

    principal: Principal
    user: User
    session: Session | None
    token: Token | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request to a public route: nobody knows who asks."""

    request: web.Request
    desk: Desk
    at: datetime

    @property
    def services(self) -> Services:
        """Everything behind the HTTP face."""
        return self.desk.services

    @property
    def workspace(self) -> str:
        """Where the request acts."""
        return self.desk.services.workspace

    def part(self, name: str) -> str:
        """Return a part of the path, such as `id`."""
        return self.request.match_info[name]

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Read from the workspace."""
        return await self.services.store.read(self.workspace, work)

    async def write(self, work: Callable[[Unit], T]) -> T:
        """Change the workspace, in one transaction."""
        return await self.services.store.write(self.workspace, work)

    def record(self, unit: Unit, event: AuditEvent) -> None:
        """Append to the audit, in the transaction of what it reports."""
        record(unit, event, at=self.at, id=self.services.ids.new("ev"))

    def announce(self, kind: str, subject: str) -> None:
        """Tell open pages that something changed."""
        self.services.hub.announce(self.workspace, kind, subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Visit):
    """A request of somebody who is logged in and may."""

    caller: Caller

    @property
    def principal(self) -> Principal:
        """As whom the request acts."""
        return self.caller.principal

    def may(self, permission: Permission, thing: Thing) -> bool:
        """Whether the caller may do this to this thing."""
        decision = decide(self.principal, permission, roles=self.services.roles, thing=thing)
        return isinstance(decision, Allowed)

    def check(self, permission: Permission, thing: Thing) -> None:
        """Refuse a caller who may not do this to this thing.

        Raises:
            DeniedError: they may not.
        """
        decision = decide(self.principal, permission, roles=self.services.roles, thing=thing)
        if isinstance(decision, Denied):
            hint = "`soar access explain` shows every reason"
            raise DeniedError(decision.reason, code=decision.code, hint=hint)

    def over(self, thing: Thing) -> Principal:
        """Return the caller with the roles that they hold over a thing."""
        held = list_held_roles(self.principal, thing, roles=self.services.roles)
        return replace(self.principal, roles=held)

    def is_unlimited(self, permission: Permission) -> bool:
        """Whether the caller may do this to everything there is."""
        return is_unlimited(self.principal, permission, roles=self.services.roles)

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything the caller may do to some thing or other."""
        return list_permissions(self.principal, roles=self.services.roles)


def write_json(view: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return a view as a JSON answer; times are RFC 3339 in UTC."""
    body = orjson.dumps(view, option=orjson.OPT_UTC_Z)
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8", headers=headers)
