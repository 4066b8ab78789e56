"""Every failure as a problem document (RFC 9457), and the one table from codes to HTTP statuses."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

import orjson
from aiohttp import web

from soar.model.errors import FieldFault, InputError, SoarError, UnavailableError

STATUSES: Mapping[str, int] = MappingProxyType(
    {
        "unauthenticated": 401,
        "forbidden": 403,
        "not_found": 404,
        "method_not_allowed": 405,
        "too_slow": 408,
        "conflict": 409,
        "too_large": 413,
        "unsupported_media_type": 415,
        "invalid": 422,
        "rate_limited": 429,
        "internal": 500,
        "error": 500,
        "action": 502,
        "unavailable": 503,
    }
)
"""HTTP status of each code that has one of its own; every other code has that of its error's class."""

LOG = logging.getLogger("soar.api")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with one field: where, as a JSON pointer (RFC 6901), and what."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem document. `code` is for programs, `detail` and `hint` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str | None
    errors: tuple[FieldProblem, ...]


def status_of(error: SoarError) -> int:
    """Return the HTTP status that an error is answered with."""
    return STATUSES.get(error.code) or STATUSES[error.default_code]


def describe_error(error: SoarError) -> Problem:
    """Return an error as a problem document."""
    faults: Sequence[FieldFault] = error.faults if isinstance(error, InputError) else ()
    return _describe(status_of(error), error.message, code=error.code, hint=error.hint, faults=faults)


def answer_error(error: SoarError) -> web.Response:
    """Return the answer to a request that met this error."""
    answer = _answer(describe_error(error))
    if isinstance(error, UnavailableError):
        answer.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if answer.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="soar"'
    return answer


def answer_refusal(refusal: web.HTTPException) -> web.Response:
    """Return the answer for what the HTTP library itself refuses: an unknown path, a wrong method, too much body."""
    code, detail, hint = _REFUSALS.get(refusal.status, ("invalid", f"{refusal.reason}.", None))
    answer = _answer(_describe(refusal.status, detail, code=code, hint=hint))
    if "Allow" in refusal.headers:
        answer.headers["Allow"] = refusal.headers["Allow"]
    return answer


def answer_unread(status: int) -> web.Response:
    """Return the answer where no handler of ours was asked, with the status that the HTTP library gives."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer(_describe(status, "Something went wrong on our side.", code="internal", hint=None))
    return _answer(_describe(status, "This is no HTTP that is understood here.", code="invalid", hint=None))


def answer_fault(fault: str) -> web.Response:
    """Return the answer for a fault of ours; the id finds it in the log, and nothing else leaves the service."""
    detail = f"Something went wrong on our side; see {fault} in the log of the service."
    hint = "Look at the state before you repeat it."
    return _answer(_describe(HTTPStatus.INTERNAL_SERVER_ERROR, detail, code="internal", hint=hint))


def log_fault(fault: str, error: Exception) -> None:
    """Write a fault of ours into the log."""
    LOG.error("%s: a request met a fault", fault, exc_info=error)


_REFUSALS: Mapping[int, tuple[str, str, str | None]] = {
    404: ("not_found", "There is nothing at this address.", "GET /api/openapi.json lists every address"),
    405: ("method_not_allowed", "This address does not know this method.", "the Allow header names those it knows"),
    413: ("too_large", "The body is larger than 1 MiB.", "send less at once"),
}


def _describe(status: int, detail: str, *, code: str, hint: str | None, faults: Sequence[FieldFault] = ()) -> Problem:
    return Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        hint=hint,
        errors=tuple(FieldProblem(pointer=fault.pointer, message=fault.message) for fault in faults),
    )


def _answer(problem: Problem) -> web.Response:
    return web.Response(
        status=problem.status, body=orjson.dumps(problem), content_type="application/problem+json", charset="utf-8"
    )
