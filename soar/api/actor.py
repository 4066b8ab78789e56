"""Callers as the audit names them."""

from aiohttp import web

from soar.model.audit import Actor


def describe_stranger(request: web.Request, name: str = "", via: str = "api") -> Actor:
    """Return whoever sent a request and proved nothing; `name` is what they say they are called."""
    return Actor(kind="stranger", id=request.remote or "", name=name, via=via, ip=request.remote)
