"""A server on a loopback port with canned answers, which remembers what it was asked, and a terminal."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

TOKEN = "soar_pat_7k2m9q4wz1xt_" + "A" * 43
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object


@dataclass(frozen=True, slots=True)
class Canned:
    status: int
    content: bytes
    headers: dict[str, str]


class FakeApi(ThreadingHTTPServer):
    """Answers each route with what it was told, in turn; the last answer stays."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self._canned: dict[tuple[str, str], list[Canned]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(
        self,
        method: str,
        path: str,
        document: object,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self._canned.setdefault((method, path), []).append(Canned(status, content, headers or {}))

    def refuse(self, method: str, path: str, status: int, detail: str, **more: object) -> None:
        self.answer(method, path, {"title": "No", "status": status, "detail": detail, **more}, status=status)

    def take(self, asked: Asked) -> Canned:
        self.asked.append(asked)
        queue = self._canned.get((asked.method, asked.path), [])
        if not queue:
            return Canned(404, json.dumps({"detail": f"nothing at {asked.path}"}).encode(), {})
        return queue.pop(0) if len(queue) > 1 else queue[0]

    def bodies(self, method: str, path: str) -> list[object]:
        return [asked.body for asked in self.asked if (asked.method, asked.path) == (method, path)]


class _Handler(BaseHTTPRequestHandler):
    server: FakeApi

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers.items()), body)
        canned = self.server.take(asked)
        self.send_response(canned.status)
        for name, text in {"Content-Type": "application/json", **canned.headers}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(canned.content)))
        self.end_headers()
        self.wfile.write(canned.content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 -- the names that the server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's signature
        """Keep standard error for the command."""


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def document(self) -> object:
        return json.loads(self.out)


Soar: TypeAlias = Callable[..., Outcome]
"""Runs one command."""


@dataclass
class Terminal:
    """A process whose standard input and error are a terminal."""

    answers: Sequence[tuple[str, str]]
    seen: str = ""
    _waiting: list[tuple[str, str]] = field(default_factory=list)

    def run(self, arguments: Sequence[str]) -> Outcome:
        self._waiting = list(self.answers)
        ours, theirs = os.openpty()
        program = [sys.executable, "-c", "from soar.cli.main import main; main()", *arguments]
        with subprocess.Popen(program, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True) as process:
            os.close(theirs)
            try:
                self._converse(ours)
            finally:
                os.close(ours)
            out, _ = process.communicate(timeout=PATIENCE)
        return Outcome(process.returncode, out, self.seen)

    def _converse(self, ours: int) -> None:
        while True:
            ready, _, _ = select.select([ours], [], [], PATIENCE)
            assert ready, f"it said nothing more after: {self.seen}"
            try:
                said = os.read(ours, 4096)
            except OSError:  # Linux's way to say that the other end is closed
                return
            if not said:
                return
            self.seen += said.decode()
            if self._waiting and self._waiting[0][0] in self.seen:
                os.write(ours, (self._waiting.pop(0)[1] + "\n").encode())
