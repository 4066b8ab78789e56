"""Callers as the audit names them."""

from aiohttp import web

from soar.model.audit import Actor
from soar.model.identity import Principal


def describe_actor(principal: Principal) -> Actor:
    """Return an authenticated caller as an actor."""
    return Actor(
        kind=principal.kind.value,
        id=principal.id,
        name=principal.name,
        via=principal.via,
        roles=tuple(sorted(principal.roles)),
        ip=principal.ip,
        session=principal.session,
    )


def describe_stranger(request: web.Request, name: str = "", via: str = "api") -> Actor:
    """Return whoever sent a request and proved nothing; `name` is what they say they are called."""
    return Actor(kind="stranger", id=request.remote or "", name=name, via=via, ip=request.remote)
