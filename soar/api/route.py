"""What a route is: a handler, what it takes and answers, and who may."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from aiohttp import web

from soar.access.permissions import Permission
from soar.api.call import Call, Caller, Desk, Visit, write_json
from soar.api.denials import QuietDenialError, record_denial
from soar.api.naming import Listed, Names, check_named
from soar.api.reading import read_body, read_query
from soar.api.schemas.base import Incoming, Nothing
from soar.model.errors import BugError, DeniedError, SoarError
from soar.model.values import JsonValue

V1 = "/api/v1"
"""Where the API's routes begin."""

Sent = TypeVar("Sent", bound=Incoming)
View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may; the reason says why that is right."""

    reason: str


@dataclass(frozen=True, slots=True)
class Self:
    """Whoever is logged in may: it shows them only what is theirs, or what everybody may see."""


@dataclass(frozen=True, slots=True)
class SourceOr:
    """The source proves itself to the handler; or a person asks, who then needs the permission."""

    permission: Permission


def find_permission(access: "Access") -> Permission | None:
    """Return the permission that a person needs for a route; None if they need none."""
    match access:
        case Permission():
            return access
        case SourceOr(permission):
            return permission
        case Public() | Self():
            return None


Access: TypeAlias = Permission | Public | Self | SourceOr
Serve: TypeAlias = Callable[[web.Request, Desk, Caller | None, datetime], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An address with a method.

    Attributes:
        path: with `{name}` for what varies.
        access: who may; there is no route without.
        serve: answers a request of somebody who may.
        takes: the model of the body, or of the address' parameters for GET; None where the handler reads it itself.
        answers: the type of the answer's body; None where it is no JSON.
        status: of the answer, if all is well.
        summary: what it does, in a line.
        refuse: answers errors of a kind of caller that does not read problem documents; None where all do.
        needs_proof: whether the caller must have proved within five minutes who they are, as it moves the power to act.
        names: finds the things that a request names, each of which is asked for; or says that it lists them. None where
            the permission is about no thing.
    """

    method: str
    path: str
    access: Access
    serve: Serve
    takes: type[Incoming] | None
    answers: Any
    status: int
    summary: str
    refuse: Callable[[SoarError], web.Response] | None = None
    needs_proof: bool = False
    names: Names | None = None

    @property
    def is_for_machines(self) -> bool:
        """Whether its requests are read byte for byte, as their signatures are over them; pages never send such."""
        return self.takes is None


def private(
    method: str,
    path: str,
    access: Permission | Self,
    handler: Callable[[Call, Sent], Awaitable[View | web.StreamResponse]],
    *,
    takes: type[Sent],
    answers: type[View] | None,
    status: int = 200,
    needs_proof: bool = False,
    names: Names | None = None,
) -> Route:
    """Return a route for people who are logged in and may."""

    async def serve(request: web.Request, desk: Desk, caller: Caller | None, at: datetime) -> web.StreamResponse:
        if caller is None:
            raise BugError(f"{method} {path} was reached by a stranger")
        sent = await _read(request, takes)
        call = Call(request=request, desk=desk, at=at, caller=caller)
        await _check(call, access, names, sent)
        try:
            return _write(await handler(call, sent), status)
        except DeniedError as error:
            if not isinstance(error, QuietDenialError):
                named: dict[str, JsonValue] = {**request.match_info}
                target: dict[str, JsonValue] = {"kind": "route", "id": f"{method} {path}", "named": named}
                await record_denial(desk, request, caller, target, error)
            raise

    return Route(
        method=method,
        path=path,
        access=access,
        serve=serve,
        takes=takes,
        answers=answers,
        status=status,
        summary=_summarize(handler),
        needs_proof=needs_proof,
        names=names,
    )


def public(
    method: str,
    path: str,
    reason: str,
    handler: Callable[[Visit, Sent], Awaitable[View | web.StreamResponse]],
    *,
    takes: type[Sent],
    answers: type[View] | None,
    refuse: Callable[[SoarError], web.Response] | None = None,
) -> Route:
    """Return a route for anybody."""

    async def serve(request: web.Request, desk: Desk, _: Caller | None, at: datetime) -> web.StreamResponse:
        return _write(await handler(Visit(request=request, desk=desk, at=at), await _read(request, takes)), 200)

    return Route(
        method=method,
        path=path,
        access=Public(reason),
        serve=serve,
        takes=takes,
        answers=answers,
        status=200,
        summary=_summarize(handler),
        refuse=refuse,
    )


def raw(
    method: str,
    path: str,
    access: Public | SourceOr,
    handler: Callable[[Visit], Awaitable[web.StreamResponse]],
    *,
    answers: type[View] | None,
    status: int = 200,
    refuse: Callable[[SoarError], web.Response] | None = None,
    names: Names | None = None,
) -> Route:
    """Return a route whose handler reads the request itself, byte for byte; a person's visit is a call."""

    async def serve(request: web.Request, desk: Desk, caller: Caller | None, at: datetime) -> web.StreamResponse:
        if caller is None:
            return await handler(Visit(request=request, desk=desk, at=at))
        call = Call(request=request, desk=desk, at=at, caller=caller)
        await _check(call, access, names, Nothing())
        return await handler(call)

    return Route(
        method=method,
        path=path,
        access=access,
        serve=serve,
        takes=None,
        answers=answers,
        status=status,
        summary=_summarize(handler),
        refuse=refuse,
        names=names,
    )


def foreign(
    method: str,
    path: str,
    permission: Permission,
    handler: Callable[[Call], Awaitable[web.StreamResponse]],
    *,
    refuse: Callable[[SoarError], web.Response],
    status: int = 200,
) -> Route:
    """Return a route of a protocol that is not ours, for callers who may: it has bodies and errors of its own."""

    async def serve(request: web.Request, desk: Desk, caller: Caller | None, at: datetime) -> web.StreamResponse:
        if caller is None:
            raise BugError(f"{method} {path} was reached by a stranger")
        return await handler(Call(request=request, desk=desk, at=at, caller=caller))

    return Route(
        method=method,
        path=path,
        access=permission,
        serve=serve,
        takes=None,
        answers=None,
        status=status,
        summary=_summarize(handler),
        refuse=refuse,
    )


async def _check(call: Call, access: Access, names: Names | None, sent: Incoming) -> None:
    """Ask for every thing that a request names."""
    permission = find_permission(access)
    if permission is not None and names is not None and not isinstance(names, Listed):
        await check_named(call, permission, names, sent)


async def _read(request: web.Request, model: type[Sent]) -> Sent:
    return read_query(request, model) if request.method == "GET" else await read_body(request, model)


def _write(result: object, status: int) -> web.StreamResponse:
    return result if isinstance(result, web.StreamResponse) else write_json(result, status)


def _summarize(handler: Callable[..., object]) -> str:
    return (handler.__doc__ or "").partition("\n")[0]
