"""A product with bad days: it is slow, fails before or after it has acted, hangs, and hangs up; and it remembers."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.randomness import seeded_random

LONGEST_HANG = 3.0
"""Seconds after which a hanging product answers all the same; longer than the site's steps wait."""

_SLOWNESS = 0.15


class Mood(StrEnum):
    """How one request is treated."""

    ANSWERS = "answers"
    FAILS_BEFORE = "fails before acting"
    FAILS_AFTER = "fails after acting"
    HANGS = "hangs"
    HANGS_UP = "hangs up after acting"


_MOODS = (*[Mood.ANSWERS] * 16, Mood.FAILS_BEFORE, Mood.FAILS_AFTER, Mood.HANGS, Mood.HANGS_UP)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came.

    Attributes:
        kind: `look`, `act` or `note`.
        number: of the alert.
        key: its idempotency key.
        receipt: what the answer, if it was heard, shows as proof that it was.
        has_acted: whether the product did what it was asked to.
    """

    kind: str
    number: int
    key: str
    receipt: str
    has_acted: bool


@dataclass
class Product:
    """What came, in order, and which notes are kept by key."""

    url: str
    seed: int
    requests: list[Request] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)
    _seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, path: str, key: str) -> tuple[Request, Mood, float]:
        """Write a request down and say how it is treated, and after how many seconds."""
        _, kind, number = path.split("/")
        with self._lock:
            self._seen[path] += 1
            chance = seeded_random(self.seed, f"{path}/{self._seen[path]}")
            mood, pause = chance.choice(_MOODS), chance.uniform(0, _SLOWNESS)
            receipt, has_acted = f"r{len(self.requests)}", mood is not Mood.FAILS_BEFORE
            if kind == "note" and has_acted:
                has_acted = key not in self.notes
                receipt = self.notes.setdefault(key, receipt)
            request = Request(kind, int(number), key, receipt, has_acted)
            self.requests.append(request)
        return request, mood, LONGEST_HANG if mood is Mood.HANGS else pause

    def find(self, kind: str) -> list[Request]:
        """Return what came of a kind."""
        with self._lock:
            return [request for request in self.requests if request.kind == kind]


class _Handler(BaseHTTPRequestHandler):
    product: Product

    def do_GET(self) -> None:
        self._treat()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._treat()

    def _treat(self) -> None:
        request, mood, pause = self.product.take(self.path, self.headers.get("Idempotency-Key", ""))
        self.product.closing.wait(pause)
        if mood is Mood.HANGS_UP:
            self.close_connection = True
            return
        status = 503 if mood in {Mood.FAILS_BEFORE, Mood.FAILS_AFTER} else 200
        body = f'{{"receipt": "{request.receipt}"}}'.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # who asked is dead or has given up

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the library's name
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that the dead left behind."""


@contextmanager
def open_product(seed: int) -> Iterator[Product]:
    """Serve a product on a loopback port."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    product = handler.product = Product(f"http://127.0.0.1:{server.server_address[1]}", seed)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield product
    finally:
        product.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
