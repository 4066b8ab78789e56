"""The HTTP client that connectors are given, and how they read answers and write requests."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, TypedDict, TypeVar, Unpack
from urllib.parse import quote, urlencode

import httpx
from pydantic import BaseModel, ValidationError

from soar.model.errors import ActionCode
from soar.model.network import Egress, EgressRequest, EgressResponse
from soar.model.process import Refusal
from soar.sdk.errors import (
    ActionInputError,
    AuthError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnreachableError,
)

Document = TypeVar("Document", bound=BaseModel)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""

HEADER_LIMIT = 4096
"""Bytes of a header's value at most."""

_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_PLACE = re.compile(r"\{([a-z_]+)\}")
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})
_HEADERS = {"accept": "*/*", "user-agent": "soar"}
_KEY = "idempotency-key"
_LONGEST_WAIT = 86_400.0
_MOST_URLS = 256  # taken apart; most calls of a playbook go where its last ones went
_write_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Parts(TypedDict, total=False):
    """What a request is made of besides its method and URL, as httpx takes it."""

    params: Mapping[str, str | int | float | bool | None]
    headers: Mapping[str, str]
    content: str | bytes | None
    data: Mapping[str, str]
    json: Any


class Client:
    """What `ctx.http` is: makes and sends httpx's requests over the egress, for one call of an action.

    It follows no redirect, keeps no cookie and reads no environment. Every write bears the idempotency key of its
    effect.

    Args:
        egress: the way out.
        hosts: host names that may be called.
        private_hosts: those of them that may be inside the network.
        idempotency_key: the same for every attempt at the same effect.
        timeout: seconds for each exchange.
        refusals: hosts that are not asked now, and why.
    """

    def __init__(
        self,
        egress: Egress,
        *,
        hosts: frozenset[str],
        private_hosts: frozenset[str],
        idempotency_key: str,
        timeout: float,
        refusals: Mapping[str, Refusal] | None = None,
    ) -> None:
        self._egress = egress
        self._hosts = hosts
        self._private_hosts = private_hosts
        self._key = idempotency_key
        self._timeout = timeout
        self._refusals = refusals or {}
        self._hosts_asked: dict[str, None] = {}
        self.sent = 0
        """How many requests were handed to the egress."""
        self.reached = 0
        """How many of these may have come to the product."""

    @property
    def hosts_asked(self) -> tuple[str, ...]:
        """The hosts that were to be asked, in the order in which they last were."""
        return tuple(self._hosts_asked)

    async def get(self, url: str, *, auth: httpx.Auth | None = None, **parts: Unpack[Parts]) -> httpx.Response:
        """Send a GET."""
        return await self.request("GET", url, auth=auth, **parts)

    async def post(self, url: str, *, auth: httpx.Auth | None = None, **parts: Unpack[Parts]) -> httpx.Response:
        """Send a POST."""
        return await self.request("POST", url, auth=auth, **parts)

    async def put(self, url: str, *, auth: httpx.Auth | None = None, **parts: Unpack[Parts]) -> httpx.Response:
        """Send a PUT."""
        return await self.request("PUT", url, auth=auth, **parts)

    async def patch(self, url: str, *, auth: httpx.Auth | None = None, **parts: Unpack[Parts]) -> httpx.Response:
        """Send a PATCH."""
        return await self.request("PATCH", url, auth=auth, **parts)

    async def delete(self, url: str, *, auth: httpx.Auth | None = None, **parts: Unpack[Parts]) -> httpx.Response:
        """Send a DELETE."""
        return await self.request("DELETE", url, auth=auth, **parts)

    async def request(
        self, method: str, url: str, *, auth: httpx.Auth | None = None, **parts: Unpack[Parts]
    ) -> httpx.Response:
        """Make a request and send it."""
        request = self.build_request(method, url, **parts)
        return await self._exchange(request) if auth is None else await self.send(request, auth=auth)

    def build_request(self, method: str, url: str, **parts: Unpack[Parts]) -> httpx.Request:
        """Make a request.

        Raises:
            httpx.InvalidURL: the URL is none.
        """
        target = _parse_url(url)
        if (params := parts.get("params")) is not None:
            target = httpx.URL(target, params=params)
        body, kind = _write_body(parts)
        own = {name.lower(): value for name, value in parts.get("headers", {}).items()}
        headers = {"host": target.netloc.decode(), **_HEADERS, **kind, **own}
        request = httpx.Request(method, target, headers=headers, stream=httpx.ByteStream(body))
        request.read()  # from then on it has its `content`, as requests that httpx makes of parts
        return request

    async def send(self, request: httpx.Request, *, auth: httpx.Auth | None = None) -> httpx.Response:
        """Send a request that was made before, with the steps that an authentication asks for.

        Raises:
            TransientError: its host is left alone for now; nothing was sent.
        """
        if auth is None:
            return await self._exchange(request)
        async with aclosing(auth.async_auth_flow(request)) as steps:
            step = await anext(steps)
            while True:
                response = await self._exchange(step)
                try:
                    step = await steps.asend(response)
                except StopAsyncIteration:
                    return response

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        self._note_host(request.url.host)
        self.sent += 1
        self.reached += 1
        outgoing = EgressRequest(
            method=request.method,
            url=str(request.url),
            headers=self._collect_headers(request),
            body=await request.aread(),
            hosts=self._hosts,
            private_hosts=self._private_hosts,
            timeout=self._timeout,
        )
        try:
            answer = await self._egress.send(outgoing)
        except UnreachableError:
            self.reached -= 1
            raise
        return _Answer(answer, request)

    def _note_host(self, host: str) -> None:
        self._hosts_asked.pop(host, None)
        self._hosts_asked[host] = None
        refusal = self._refusals.get(host)
        if refusal is not None:
            raise TransientError(refusal.message, retry_after=refusal.retry_after)

    def _collect_headers(self, request: httpx.Request) -> tuple[tuple[str, str], ...]:
        texts = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw]
        if request.method not in SAFE_METHODS and all(name != _KEY for name, _ in texts):
            texts.append((_KEY, self._key))
        named = [(name, header(name, value)) for name, value in texts if name not in _OWN_HEADERS]
        return (*named, ("accept-encoding", "identity"))  # what is not compressed is as long as it says


class _Answer(httpx.Response):
    """An answer that has come whole: there is nothing to read, to unpack or to close."""

    def __init__(self, answer: EgressResponse, request: httpx.Request) -> None:
        headers, body = answer.headers, answer.body
        if body and all(name.lower() != "content-length" for name, _ in headers):
            headers = (*headers, ("content-length", str(len(body))))
        received = [(_restore(name), _restore(value)) for name, value in headers]
        super().__init__(answer.status, headers=received, stream=httpx.ByteStream(body), request=request)
        self._body = body

    @property
    def content(self) -> bytes:
        return self._body


def _restore(header: str) -> bytes:
    """Return the bytes of a header as they came, which may be no text at all: httpx finds out what they are."""
    return header.encode("utf-8", "surrogateescape")


def _write_body(parts: Parts) -> tuple[bytes, Mapping[str, str]]:
    """Return the bytes of a body, and the header that says what they are."""
    content, data, document = parts.get("content"), parts.get("data"), parts.get("json")
    if content is not None:
        return content.encode() if isinstance(content, str) else content, {}
    if data:
        return urlencode(data).encode(), {"content-type": "application/x-www-form-urlencoded"}
    if document is not None:
        return _write_json(document).encode(), {"content-type": "application/json"}
    return b"", {}


@lru_cache(maxsize=_MOST_URLS)
def _parse_url(url: str) -> httpx.URL:
    return httpx.URL(url)


def path(template: str, **values: str) -> str:
    """Return a path whose `{names}` are replaced by values, each percent-encoded to stay within its segment.

    Raises:
        ActionInputError: a value is empty, `.` or `..`, or cannot be encoded.
    """
    return _PLACE.sub(lambda place: _encode_segment(place[1], values[place[1]]), template)


def _encode_segment(name: str, value: str) -> str:
    if value in {"", ".", ".."}:
        raise ActionInputError(f"{name}: {value!r} cannot be part of a path")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        raise ActionInputError(f"{name}: the text holds half a character") from error


def header(name: str, value: str) -> str:
    """Return the value if it can be sent as a header: printable ASCII, at most `HEADER_LIMIT` bytes, on one line.

    Raises:
        ActionInputError: it cannot, or the name is none.
    """
    if not _TOKEN.fullmatch(name):
        raise ActionInputError(f"header {name!r}: that is no header's name")
    if len(value) > HEADER_LIMIT:
        raise ActionInputError(f"header {name}: longer than {HEADER_LIMIT} bytes")
    if not _PRINTABLE.fullmatch(value):
        raise ActionInputError(f"header {name}: only printable ASCII can be sent")
    return value


def raise_for_answer(response: httpx.Response, *, now: Callable[[], datetime]) -> httpx.Response:
    """Return the answer if its status is 2xx, else raise what the status means.

    Args:
        response: the product's answer.
        now: the clock, for a `Retry-After` that names a date.

    Raises:
        AuthError: 401, 403.
        RateLimitedError: 429, with the seconds of `Retry-After` (RFC 9110, section 10.2.3).
        TransientError: 408 and 5xx.
        PermanentError: a redirect, 404, 409, and every other 4xx.
    """
    status = response.status_code
    if response.is_success:
        return response
    message = _describe(response)
    match status:
        case 401:
            raise AuthError(message, hint="check the credential of the connection")
        case 403:
            raise AuthError(message, is_known=True, hint="check the rights of the credential")
        case 404:
            raise PermanentError(message, action_code=ActionCode.NOT_FOUND)
        case 409:
            raise PermanentError(message, action_code=ActionCode.CONFLICT)
        case 429:
            raise RateLimitedError(message, retry_after=read_retry_after(response, now()))
        case _ if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
            raise TransientError(message, retry_after=read_retry_after(response, now()))
        case _ if response.is_redirect:
            raise PermanentError(message, hint="redirects are not followed; name the final host")
        case _:
            raise PermanentError(message)


def _describe(response: httpx.Response) -> str:
    request = response.request
    """Say what was answered, the body whole: what cut it before the secrets are masked would leave pieces of them."""
    body = response.text.strip()
    said = f": {body}" if body else ""
    return f"{request.url.host} answered {response.status_code} to {request.method} {request.url.path}{said}"


def read_retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for, a day at most, be it a number or a date.

    None if it says nothing sensible.
    """
    return parse_retry_after(response.headers.get("Retry-After", ""), now)


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that the value of a `Retry-After` asks for; see `read_retry_after`."""
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_WAIT)


def read_json(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that the product answered.

    Raises:
        PermanentError: the answer is something else.
    """
    try:
        document = response.json()
    except ValueError as error:
        raise PermanentError(f"{response.request.url.host} did not answer JSON") from error
    if not isinstance(document, dict):
        raise PermanentError(f"{response.request.url.host} did not answer a JSON object")
    return document


def read_document(response: httpx.Response, model: type[Document], complaint: str) -> Document:
    """Return the JSON object that the product answered, as the model that its documentation promises.

    Args:
        response: an answer that is no error.
        model: what the product says that it answers.
        complaint: the error's sentence if it is something else, such as `Jira answered something that is no issue`.

    Raises:
        PermanentError: the answer is no JSON object, or none of that shape.
    """
    try:
        return model.model_validate(read_json(response))
    except ValidationError as error:
        raise PermanentError(complaint) from error
