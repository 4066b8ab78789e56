"""A product's behaviour in small, under the same client: `mode: simulate`, and tests."""

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from soar.model.network import EgressRequest, EgressResponse
from soar.model.values import JsonValue, print_timestamp
from soar.sdk.client import SAFE_METHODS
from soar.sdk.target import parse_target

LedgerEntry: TypeAlias = dict[str, JsonValue]


class Ledger(Protocol):
    """The writes that a simulated product has taken, in order. Its state is the fold over them."""

    def read(self) -> list[LedgerEntry]:
        """Return all entries, oldest first."""
        ...

    def append(self, entry: LedgerEntry) -> None:
        """Add an entry; when this returns, it is kept."""
        ...


class MemoryLedger:
    """A ledger that lives as long as the process."""

    def __init__(self) -> None:
        self._entries: list[LedgerEntry] = []

    def read(self) -> list[LedgerEntry]:
        """Return all entries, oldest first."""
        return list(self._entries)

    def append(self, entry: LedgerEntry) -> None:
        """Add an entry."""
        self._entries.append(entry)


class FileLedger:
    """A ledger in a file of JSON lines, each on disk before it counts.

    A last line that a crash cut short was never answered to anybody: it is dropped.

    Args:
        path: the file; it is made on the first entry.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[LedgerEntry]:
        """Return all entries, oldest first."""
        return [json.loads(line) for line in self._whole().splitlines()]

    def append(self, entry: LedgerEntry) -> None:
        """Add an entry and wait until it is on disk."""
        whole = len(self._whole())
        with self._path.open("ab") as file:
            file.truncate(whole)
            file.write(json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _whole(self) -> bytes:
        data = self._path.read_bytes() if self._path.exists() else b""
        return data[: data.rfind(b"\n") + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimRequest:
    """A request as a simulated product sees it.

    Attributes:
        path: percent-encoded, without the query.
        query: by name; the last value wins.
        headers: by name in lower case.
        json: the body, or None if it is no JSON.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimResponse:
    """What a simulated product answers.

    Attributes:
        json: the body, of whatever JSON can say; None for an empty one.
    """

    status: int = 200
    json: Any = None


class Simulator:
    """Base of the one class in a connector's `simulator.py`.

    Args:
        ledger: the writes so far; `SimulatedEgress` adds to it, `handle` only reads it.
        now: the clock.
    """

    def __init__(self, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self.now = now

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the product would."""
        return SimResponse(status=404, json={"error": f"nothing is simulated at {request.path}"})


class SimulatedEgress:
    """The way out that ends at a simulator.

    A write is entered in the ledger once for each idempotency key, method and path; a repeat gets the first answer.

    Args:
        simulator: the product in small.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def send(self, request: EgressRequest) -> EgressResponse:
        """Answer one request; the connection's hosts hold here too."""
        seen = _translate(request)
        if request.method in SAFE_METHODS:
            return _pack(self._simulator.handle(seen))
        intent: LedgerEntry = {
            "key": seen.headers.get("idempotency-key", ""),
            "method": seen.method,
            "host": seen.host,
            "path": seen.path,
        }
        for entry in self._simulator.ledger.read():
            if all(entry[name] == value for name, value in intent.items()):
                return _pack(SimResponse(status=int(str(entry["status"])), json=entry["answer"]))
        answer = self._simulator.handle(seen)
        outcome: LedgerEntry = {
            "json": seen.json,
            "status": answer.status,
            "answer": answer.json,
            "at": print_timestamp(self._simulator.now()),
        }
        self._simulator.ledger.append(intent | outcome)
        return _pack(answer)

    async def close(self) -> None:
        """Nothing is held open."""


def _translate(request: EgressRequest) -> SimRequest:
    target = parse_target(request.url, request.hosts, request.private_hosts)
    try:
        document = json.loads(request.body) if request.body else None
    except ValueError:
        document = base64.b64encode(request.body).decode("ascii")
    return SimRequest(
        method=request.method,
        host=str(target.raw_host),
        path=target.raw_path,
        query=dict(target.query),
        headers={name.lower(): value for name, value in request.headers},
        json=document,
    )


def _pack(response: SimResponse) -> EgressResponse:
    body = b"" if response.json is None else json.dumps(response.json).encode()
    return EgressResponse(status=response.status, headers=(("Content-Type", "application/json"),), body=body)
