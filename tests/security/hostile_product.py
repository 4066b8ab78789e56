"""A product that gives back the secret it was shown, in every place of an answer and every way of writing it."""

import base64
import gzip
import html
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import NamedTuple

MARKER = "an-open-word-that-the-product-adds"
"""In every answer, so that it is seen that answers do arrive where secrets are looked for."""


class Said(NamedTuple):
    """An answer."""

    status: int
    kind: str
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})
    reason: str | None = None


class _Handler(BaseHTTPRequestHandler):
    release: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        secret = str(json.loads(body)["key"])
        if self.path in _ANSWERS:
            self._send(_ANSWERS[self.path](secret, body))
        elif self.path in _BROKEN:
            self.wfile.write(_BROKEN[self.path](secret).encode())
        else:
            self.release.wait(30)

    def _send(self, said: Said) -> None:
        self.send_response(said.status, said.reason)
        for name, value in {"Content-Type": said.kind, "Content-Length": len(said.body), **said.headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(said.body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the library's name
        """Say nothing."""


def _echo(secret: str, body: bytes) -> bytes:
    """Write a secret in every usual way, the request's own among them."""
    data = secret.encode()
    ways = (
        data,
        body,
        json.dumps(secret, ensure_ascii=False).encode(),
        base64.b64encode(data),
        base64.b64encode(b"x" + data),
        base64.urlsafe_b64encode(b"xy" + data),
        base64.encodebytes(data),
        data.hex().encode(),
        urllib.parse.quote(secret, safe="").encode(),
        urllib.parse.quote_plus(secret).encode(),
        html.escape(secret).encode(),
        MARKER.encode(),
    )
    return b" ".join(ways)


def _fit_header(secret: str) -> str:
    """Return the secret as it is where a header can hold it, in base64 where it cannot."""
    if secret.isascii() and secret.isprintable():
        return secret
    return base64.b64encode(secret.encode()).decode()


_ANSWERS: Mapping[str, Callable[[str, bytes], Said]] = {
    "/body": lambda secret, body: Said(200, "text/plain", _echo(secret, body)),
    "/json": lambda secret, body: Said(
        200, "application/json", json.dumps({secret: [secret, _echo(secret, body).decode()]}).encode()
    ),
    "/header": lambda secret, _: Said(
        200, "text/plain", MARKER.encode(), {"X-Echo": _fit_header(secret), "X-Open": MARKER}
    ),
    "/line": lambda secret, _: Said(400, "text/plain", b"", reason=_fit_header(secret)),
    "/error": lambda secret, _: Said(
        400, "application/json", json.dumps({"message": f"bad key {secret} {MARKER}"}).encode()
    ),
    "/denied": lambda secret, _: Said(401, "text/html", f"<p>{html.escape(secret)} {MARKER}</p>".encode()),
    "/gzip": lambda secret, body: Said(
        200, "text/plain", gzip.compress(_echo(secret, body)), {"Content-Encoding": "gzip"}
    ),
    "/fault": lambda secret, body: Said(503, "text/plain", _echo(secret, body)),
    "/redirect": lambda secret, _: Said(302, "text/plain", b"", {"Location": f"/next?{urllib.parse.quote(secret)}"}),
}
_BROKEN: Mapping[str, Callable[[str], str]] = {
    "/reset": lambda secret: f"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{secret} {MARKER}",
    "/garbage": lambda secret: f"{_fit_header(secret)} is no HTTP\r\n\r\n",
}
"""What is no whole answer; at any other address there is none at all."""


@contextmanager
def open_hostile_product() -> Iterator[str]:
    """Serve it on a loopback port, and give its URL."""
    release = threading.Event()
    handler = type("Handler", (_Handler,), {"release": release})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        release.set()
        server.shutdown()
        server.server_close()
        thread.join()
