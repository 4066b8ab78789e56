"""Requests read into models: one content type, bounded, strict."""

import asyncio
from collections.abc import Callable, Collection
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from soar.api.schemas.base import Incoming
from soar.ingest.strict_json import parse_json
from soar.model.errors import FieldFault, InputError

LONGEST_BODY = 1024 * 1024
"""Bytes of a request's body."""

LONGEST_WAIT = 10.0
"""Seconds in which a body must have come."""

_JSON = frozenset({"application/json"})
_EMPTY = b"{}"

Model = TypeVar("Model", bound=Incoming)


async def read_body(request: web.Request, model: type[Model]) -> Model:
    """Return a request's JSON body; no body is read as `{}`.

    Raises:
        InputError: it is too large (`too_large`), of another type (`unsupported_media_type`), no strict JSON
            (`invalid_json`), or does not fit the model; each field at fault is named, and no value is repeated.
    """
    body = await read_bytes(request)
    if body:
        check_type(request, _JSON)
        parse_json(body)
    return _check(lambda: model.model_validate_json(body or _EMPTY))


async def read_bytes(request: web.Request) -> bytes:
    """Return a request's body as it was sent.

    Raises:
        InputError: it is larger than 1 MiB (`too_large`), encoded (`unsupported_media_type`), or does not come in time
            (`too_slow`).
    """
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity" and (request.content_length or 0) <= LONGEST_BODY:
        raise InputError(
            "the body is encoded", code="unsupported_media_type", hint="send it as it is, without Content-Encoding"
        )
    return await read_packed(request)


async def read_packed(request: web.Request) -> bytes:
    """Return a request's body as it was sent, whatever it is encoded in.

    Raises:
        InputError: it is larger than 1 MiB (`too_large`), or does not come in time (`too_slow`).
    """
    if (request.content_length or 0) > LONGEST_BODY:
        raise _too_large()
    try:
        if request.content.is_eof():
            return await request.read()
        async with asyncio.timeout(LONGEST_WAIT):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise _too_large() from error
    except TimeoutError as error:
        raise InputError("the body did not come in time", code="too_slow", hint="send it again") from error


def check_type(request: web.Request, expected: Collection[str]) -> None:
    """Refuse a body of another type.

    Raises:
        InputError: it is another (`unsupported_media_type`).
    """
    if request.content_type not in expected or (request.charset or "utf-8").lower() != "utf-8":
        wanted = " or ".join(sorted(expected))
        raise InputError(
            "the body is of another type", code="unsupported_media_type", hint=f"send Content-Type: {wanted}"
        )


def read_query(request: web.Request, model: type[Model]) -> Model:
    """Return the parameters of a request's address.

    Raises:
        InputError: one is unknown, stands twice or does not fit.
    """
    parameters = dict(request.query)
    if len(parameters) != len(request.query):
        raise InputError("a parameter stands twice in the address", hint="name each once")
    return _check(lambda: model.model_validate_strings(parameters))


def _too_large() -> InputError:
    return InputError("the body is larger than 1 MiB", code="too_large", hint="send less at once")


def _check(validate: Callable[[], Model]) -> Model:
    try:
        return validate()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
    faults = [FieldFault(_print_pointer(fault["loc"]), fault["msg"]) for fault in found]
    said = "; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults)
    raise InputError(f"what was sent does not fit: {said}", hint="correct these fields", faults=faults)


def _print_pointer(location: tuple[int | str, ...]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)
