"""Lets a request through to its route, or says why not. Every route stands behind it."""

from http import HTTPMethod
from urllib.parse import urlsplit

from aiohttp import web

from soar.access.decide import Denied, decide
from soar.access.permissions import Permission
from soar.api.authentication import Authenticator, check_csrf, check_proof, refuse_stranger
from soar.api.call import Caller, Desk
from soar.api.denials import record_denial
from soar.api.route import Public, Route, Self, SourceOr
from soar.model.errors import DeniedError

_SAFE = frozenset({HTTPMethod.GET.value})
_OWN_SITES = frozenset({"same-origin", "none"})


class Guard:
    """Decides on every request, and writes each no into the audit.

    Args:
        desk: services and limits.
        authenticator: finds out who asks.
    """

    def __init__(self, desk: Desk, authenticator: Authenticator) -> None:
        self._desk = desk
        self._authenticator = authenticator

    async def admit(self, request: web.Request, route: Route) -> Caller | None:
        """Return who asks, or None on a public route.

        Raises:
            DeniedError: the request comes from another site (`cross_origin`), nobody is logged in (`unauthenticated`),
                the token against forged requests is missing (`csrf`), the caller may not, or they have to prove first
                that it is still them (`step_up_required`).
        """
        caller: Caller | None = None
        try:
            is_open = self._is_open(request, route)
            if request.method not in _SAFE and not (is_open and route.is_for_machines):
                check_origin(request, self._desk.services.url)
            if is_open:
                return None
            caller = await self._authenticator.find_caller(request)
            if caller is None:
                raise refuse_stranger()
            if request.method not in _SAFE:
                check_csrf(caller, request)
            self._authorize(caller, route)
            if route.needs_proof:
                check_proof(caller, self._desk.services.clock.now())
        except DeniedError as error:
            await self._record(request, route, caller, error)
            raise
        return caller

    def _is_open(self, request: web.Request, route: Route) -> bool:
        """Whether nobody needs to be logged in for this: on a source's route, because it is not a person who asks."""
        match route.access:
            case Public():
                return True
            case SourceOr():
                return not self._authenticator.shows_person(request)
            case _:
                return False

    def _authorize(self, caller: Caller, route: Route) -> None:
        match route.access:
            case Permission() as permission:
                self._require(caller, permission)
            case SourceOr(permission):
                self._require(caller, permission)
            case Self() | Public():
                return

    def _require(self, caller: Caller, permission: Permission) -> None:
        decision = decide(caller.principal, permission, roles=self._desk.services.roles)
        if isinstance(decision, Denied):
            raise DeniedError(decision.reason, code=decision.code)

    async def _record(self, request: web.Request, route: Route, caller: Caller | None, error: DeniedError) -> None:
        """Record a denial; somebody who shows nothing at all is not worth a line."""
        if caller is None and error.code == "unauthenticated" and not self._shows_something(request):
            return
        target = {"kind": "route", "id": f"{route.method} {route.path}"}
        await record_denial(self._desk, request, caller, target, error)

    def _shows_something(self, request: web.Request) -> bool:
        return "Authorization" in request.headers or self._authenticator.cookie in request.cookies


def check_origin(request: web.Request, url: str) -> None:
    """Refuse a change that a browser sends from another site's page (Fetch Metadata, and the Origin header).

    Raises:
        DeniedError: it does (`cross_origin`).
    """
    own = origin_of(url)
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in _OWN_SITES or request.headers.get("Origin", own) != own:
        raise DeniedError(
            "the request comes from another site", code="cross_origin", hint=f"open {own} and use it there"
        )


def origin_of(url: str) -> str:
    """Return the origin of a URL as browsers write it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
