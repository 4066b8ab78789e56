"""Senders that do not give up: an alert without a 2xx is sent again, under the same delivery id."""

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.randomness import seeded_random
from tests.support.server import Client
from tests.support.site import HOOK_TOKEN

_SENDERS = 6
_PAUSE = 0.2
_PERSISTENCE = 0.1


@dataclass
class Senders:
    """A load of alerts, each with a number, and what was answered.

    Attributes:
        client: the server that is up; None while there is none.
        accepted: numbers of the alerts that were answered with a 2xx.
        refusals: answers other than a 2xx, by status; 0 for none at all.
    """

    seed: int
    client: Client | None = None
    accepted: set[int] = field(default_factory=set)
    refusals: dict[int, int] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _closing: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send_on(self, name: str) -> None:
        """Send one alert after the other until closed; the last one too until it is accepted."""
        chance = seeded_random(self.seed, name)
        never = threading.Event()
        while not self._closing.wait(chance.uniform(0, _PAUSE)):
            with self._lock:
                number = next(self._numbers)
            while not self._is_accepted(number):
                never.wait(_PERSISTENCE)

    def close(self) -> None:
        """Begin no further alert."""
        self._closing.set()

    def _is_accepted(self, number: int) -> bool:
        client = self.client
        if client is None:
            return False
        try:
            status = client.send("POST", "/hooks/probe", *_sign(number)).status
        except (OSError, EOFError, ValueError):
            status = 0
        is_accepted = 200 <= status < 300
        with self._lock:
            if is_accepted:
                self.accepted.add(number)
            else:
                self.refusals[status] = self.refusals.get(status, 0) + 1
        return is_accepted


def _sign(number: int) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"n": number}).encode()
    moment, delivery = str(int(time.time())), f"delivery-{number}"  # noqa: TID251 -- the server's clock is a real one
    signature = hmac.digest(HOOK_TOKEN.encode(), f"{delivery}.{moment}.".encode() + body, hashlib.sha256).hex()
    return body, {"X-Signature": signature, "X-Timestamp": moment, "X-Delivery": delivery}


@contextmanager
def open_senders(seed: int) -> Iterator[tuple[Senders, list[threading.Thread]]]:
    """Start sending."""
    senders = Senders(seed)
    threads = [
        threading.Thread(target=senders.send_on, args=(f"sender {number}",), daemon=True) for number in range(_SENDERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield senders, threads
    finally:
        senders.close()
