"""Speaks to the API over the standard library, one request a connection."""

import http.client
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, cast
from urllib.parse import quote, urlencode, urlsplit

from soar.cli.answer import Answer
from soar.cli.logins import find_token
from soar.cli.output import note, waiting
from soar.cli.prompts import is_interactive
from soar.cli.step_up import step_up
from soar.model.errors import (
    ConflictError,
    DeniedError,
    FieldFault,
    InputError,
    NotFoundError,
    SoarError,
    UnavailableError,
)
from soar.model.values import JsonValue

DEFAULT_URL = "http://127.0.0.1:8600"
_API = "/api/v1"
_TIMEOUT = 60.0  # seconds; checking a long record takes some
_CHUNK = 65_536  # bytes of a large answer that are held at a time
_LOGIN_HINT = "soar login, or set SOAR_TOKEN"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        document: the JSON; None if the body was empty.
        cookies: the `Set-Cookie` headers.
    """

    document: JsonValue
    cookies: tuple[str, ...]

    @property
    def answer(self) -> Answer:
        """The document as an object."""
        return Answer.of(self.document)


@dataclass(frozen=True, slots=True)
class Client:
    """One server.

    Args:
        url: where it is, `http://host:port` or `https://…`, perhaps with a path before the API's.
        token: who we are; empty sends none.
    """

    url: str
    token: str = field(default="", repr=False)

    def get(self, *path: str, query: Mapping[str, str | None] | None = None) -> Answer:
        """Read something.

        Args:
            path: below `/api/v1`, each segment apart.
            query: parameters; those that are None are left out.
        """
        return self.send("GET", locate(*path), query=query).answer

    def post(self, *path: str, body: JsonValue) -> Answer:
        """Ask for something to be done; the arguments are those of `get`, with what to send."""
        return self.send("POST", locate(*path), body=body).answer

    def put(self, *path: str, body: JsonValue) -> Answer:
        """Set something."""
        return self.send("PUT", locate(*path), body=body).answer

    def delete(self, *path: str) -> None:
        """Remove something."""
        self.send("DELETE", locate(*path))

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | None] | None = None,
        body: JsonValue = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Make one request; and again after the person at the terminal has proved who they are, if the server wants it.

        Args:
            method: GET, POST, PUT or DELETE.
            path: from the server's root, as `locate` gives it.
            query: parameters; those that are None are left out.
            body: what POST and PUT send.
            headers: more of them.

        Raises:
            InputError: 4xx that the caller can fix.
            NotFoundError: 404, 410.
            ConflictError: 409, 412.
            DeniedError: 401 (code `unauthenticated`), 403; `step_up_required` where there is no terminal to ask on.
            UnavailableError: 429, 503.
            SoarError: there is no server, or its answer is none of the API's.
        """
        target, sent = self._address(path, query), self._introduce(headers)
        try:
            return self._send(method, target, body, sent)
        except DeniedError as error:
            if error.code != "step_up_required" or not self.token or not is_interactive():
                raise
            note(error.message)
        step_up(self)
        return self._send(method, target, body, sent)

    def _send(self, method: str, target: str, body: JsonValue, headers: dict[str, str]) -> Reply:
        content = b""
        if method in {"POST", "PUT"}:
            headers = {**headers, "Content-Type": "application/json"}
            content = json.dumps(body).encode()
        with waiting(f"waiting for {self.url}"):
            response, received = self._exchange(method, target, content, headers)
        return self._read(response, received)

    def download(self, path: str, sink: BinaryIO, *, query: Mapping[str, str | None] | None = None) -> None:
        """Read something that may be large, and write it down as it comes.

        Args:
            path: from the server's root, as `locate` gives it.
            sink: what came is in it, even if the rest does not come.
            query: parameters; those that are None are left out.

        Raises:
            SoarError: as for `send`; or the answer broke off.
        """
        with self._ask("GET", self._address(path, query), b"", self._introduce({"Accept": "*/*"})) as response:
            if response.status == http.HTTPStatus.OK:
                shutil.copyfileobj(response, sink, _CHUNK)
                return
            content = response.read()
        self._read(response, content)

    def _address(self, path: str, query: Mapping[str, str | None] | None) -> str:
        target = urlsplit(self.url).path + path
        asked = {name: text for name, text in (query or {}).items() if text is not None}
        return f"{target}?{urlencode(asked)}" if asked else target

    def _introduce(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        sent = {"Accept": "application/json", "User-Agent": "soar-cli", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        return sent

    def _exchange(
        self, method: str, target: str, content: bytes, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        with self._ask(method, target, content, headers) as response:
            return response, response.read()

    @contextmanager
    def _ask(
        self, method: str, target: str, content: bytes, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request and give its answer, whose body is yet to be read."""
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
        try:
            connection.request(method, target, content or None, headers)
            yield connection.getresponse()
        except ConnectionRefusedError as error:
            raise SoarError(f"no server at {self.url}", code="no_server", hint=_start_hint(self.url)) from error
        except TimeoutError as error:
            raise SoarError(f"{self.url} did not answer in {_TIMEOUT:g} s", code="no_answer") from error
        except (OSError, http.client.HTTPException) as error:
            said = str(error) or type(error).__name__
            raise SoarError(f"{self.url} cannot be reached: {said}", code="no_server", hint="check SOAR_URL") from error
        finally:
            connection.close()

    def _read(self, response: http.client.HTTPResponse, content: bytes) -> Reply:
        is_good = 200 <= response.status < 300  # noqa: PLR2004 -- the classes of RFC 9110, section 15
        try:
            document = cast("JsonValue", json.loads(content)) if content.strip() else None
        except (ValueError, RecursionError) as error:
            raise SoarError(
                f"{self.url} answered {response.status}, and no JSON",
                code="strange_answer",
                hint="is SOAR_URL the address of soar?",
            ) from error
        if not is_good:
            raise read_problem(response.status, Answer(document if isinstance(document, dict) else {}))
        return Reply(document, tuple(response.headers.get_all("Set-Cookie") or ()))


def locate(*path: str) -> str:
    """Return where in the API something is; no segment can lead out of its place."""
    return "/".join((_API, *(quote(segment, safe="") for segment in path)))


def connect() -> Client:
    """Return the client of the server that is meant, as the one that `soar login` or SOAR_TOKEN says.

    Raises:
        InputError: SOAR_URL or the token is malformed, or others may read the file of tokens.
    """
    url = find_url()
    token = os.environ.get("SOAR_TOKEN", "").strip() or find_token(url)
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise InputError("the token holds characters that no token has", hint="copy it again into SOAR_TOKEN")
    return Client(url, token)


def find_url() -> str:
    """Return the server's address, from SOAR_URL.

    Raises:
        InputError: it is none.
    """
    url = os.environ.get("SOAR_URL", "").strip().rstrip("/") or DEFAULT_URL
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or not url.isascii() or not url.isprintable() or " " in url:
        raise InputError(f"SOAR_URL is no address of a server: {url}", hint=f"write {DEFAULT_URL}")
    return url


def read_problem(status: int, problem: Answer) -> SoarError:
    """Return the error that a problem document (RFC 9457) stands for.

    Args:
        status: the HTTP status.
        problem: the document; what it lacks is filled in.
    """
    message = problem.text("detail") or problem.text("title") or f"the server answered {status}"
    code, hint = problem.text("code") or None, problem.text("hint") or None
    match status:
        case 401:
            return DeniedError(message, code="unauthenticated", hint=_LOGIN_HINT)
        case 403:
            return DeniedError(message, code=code, hint=hint)
        case 404 | 410:
            return NotFoundError(message, code=code, hint=hint)
        case 409 | 412:
            return ConflictError(message, code=code, hint=hint)
        case 429 | 503:
            return UnavailableError(message, code=code, hint=hint or "try again soon")
        case _ if 400 <= status < 500:  # noqa: PLR2004 -- the class of RFC 9110, section 15.5
            faults = [FieldFault(fault.text("pointer"), fault.text("message")) for fault in problem.parts("errors")]
            return InputError(message, code=code, hint=hint, faults=faults)
        case _:
            return SoarError(message, code=code, hint=hint or "the server's log says more")


def _start_hint(url: str) -> str:
    return "start one with `soar demo`, or set SOAR_URL" if url == DEFAULT_URL else "check SOAR_URL"
