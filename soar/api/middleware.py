"""What happens to every request and answer, whatever the route."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from soar.access.proxies import Proxies
from soar.api.authentication import is_secure
from soar.api.call import Desk
from soar.api.errors import answer_error, answer_fault, answer_refusal
from soar.model.errors import BugError, SoarError, UnavailableError

Report: TypeAlias = Callable[[str, Exception], None]

_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_FEATURES = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_TWO_YEARS = "max-age=63072000; includeSubDomains"
_DRAIN_PAUSE = 2.0


class Draining:
    """Whether the service is on its way out and takes nothing new."""

    def __init__(self) -> None:
        self.has_begun = False


def see_through(proxies: Proxies) -> Middleware:
    """Return what gives each request the address of its client."""

    @web.middleware
    async def see(request: web.Request, handler: Handler) -> web.StreamResponse:
        client = proxies.find_client(request.remote, request.headers.getall(proxies.header, ()))
        if client is None or client == request.remote:
            return await handler(request)
        return await handler(request.clone(remote=client))

    return see


def refuse_while_draining(draining: Draining) -> Middleware:
    """Return what answers 503 once the service is on its way out."""

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if draining.has_begun:
            return answer_error(
                UnavailableError("the service is stopping", retry_after=_DRAIN_PAUSE, hint="send it again shortly")
            )
        return await handler(request)

    return refuse


def answer_errors(desk: Desk, report: Report) -> Middleware:
    """Return what turns every error into a problem document; ours go to `report` with the id that is shown."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            return answer_refusal(refusal)
        except BugError as error:
            return _answer_fault(desk, report, error)
        except SoarError as error:
            return answer_error(error)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 -- the last place before the wire: nothing may leak
            return _answer_fault(desk, report, error)

    return answer


def add_headers(desk: Desk) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return what gives every answer its id and the headers that browsers protect people by."""
    secure = {"Strict-Transport-Security": _TWO_YEARS} if is_secure(desk.services.url) else {}

    async def add(_: web.Request, answer: web.StreamResponse) -> None:
        protect(answer)
        answer.headers.update(secure)
        answer.headers["X-Request-Id"] = desk.services.ids.new("req")

    return add


def protect(answer: web.StreamResponse) -> None:
    """Give an answer the headers that browsers protect people by, and no banner; what it says of its own stays."""
    for name, content in _HEADERS.items():
        answer.headers.setdefault(name, content)
    answer.headers["Server"] = "soar"


def _answer_fault(desk: Desk, report: Report, error: Exception) -> web.StreamResponse:
    fault = desk.services.ids.new("err")
    report(fault, error)
    return answer_fault(fault)
