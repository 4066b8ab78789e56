from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soar.model.network import EgressRequest
from soar.sdk import SimRequest, SimResponse, Simulator
from soar.sdk.errors import EgressRefusedError
from soar.sdk.simulation import FileLedger, Ledger, MemoryLedger, SimulatedEgress

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class Counter(Simulator):
    """Counts what was written."""

    def handle(self, request: SimRequest) -> SimResponse:
        return SimResponse(status=201, json={"count": len(self.ledger.read()), "said": request.json})


def open_egress(ledger: Ledger) -> SimulatedEgress:
    return SimulatedEgress(Counter(ledger, lambda: NOW))


def build(method: str = "POST", key: str = "key-1", place: str = "/things", body: bytes = b'{"a": 1}') -> EgressRequest:
    return EgressRequest(
        method=method,
        url=f"https://api.sample.example{place}",
        headers=(("Idempotency-Key", key),),
        body=body,
        hosts=frozenset({"api.sample.example"}),
    )


async def test_a_write_is_entered_once_for_each_key_and_place() -> None:
    ledger = MemoryLedger()
    egress = open_egress(ledger)
    first = await egress.send(build())
    assert await egress.send(build()) == first
    await egress.send(build(place="/others"))
    await egress.send(build(key="key-2"))
    assert [(entry["key"], entry["path"]) for entry in ledger.read()] == [
        ("key-1", "/things"),
        ("key-1", "/others"),
        ("key-2", "/things"),
    ]
    assert ledger.read()[0] == {
        "key": "key-1",
        "method": "POST",
        "host": "api.sample.example",
        "path": "/things",
        "json": {"a": 1},
        "status": 201,
        "answer": {"count": 0, "said": {"a": 1}},
        "at": "2026-03-01T09:00:00Z",
    }


async def test_a_read_leaves_no_trace() -> None:
    ledger = MemoryLedger()
    await open_egress(ledger).send(build("GET"))
    assert ledger.read() == []


async def test_a_body_that_is_no_json_is_kept_all_the_same() -> None:
    ledger = MemoryLedger()
    await open_egress(ledger).send(build(body=b"\xff\x00"))
    assert ledger.read()[0]["json"] == "/wA="


async def test_a_host_that_is_not_named_is_refused_here_too() -> None:
    with pytest.raises(EgressRefusedError):
        await open_egress(MemoryLedger()).send(replace(build(), url="https://evil.example/"))


async def test_the_base_answers_that_it_knows_nothing() -> None:
    answer = await SimulatedEgress(Simulator(MemoryLedger(), lambda: NOW)).send(build("GET"))
    assert answer.status == 404


async def test_a_ledger_in_a_file_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    first = await open_egress(FileLedger(file)).send(build())
    assert await open_egress(FileLedger(file)).send(build()) == first
    assert len(FileLedger(file).read()) == 1


def test_a_line_that_a_crash_cut_short_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b'{"key": "1"}\n{"key": "2"')
    ledger = FileLedger(file)
    assert ledger.read() == [{"key": "1"}]
    ledger.append({"key": "3"})
    assert file.read_bytes() == b'{"key": "1"}\n{"key": "3"}\n'


def test_a_ledger_without_a_file_is_empty(tmp_path: Path) -> None:
    assert FileLedger(tmp_path / "none.jsonl").read() == []
