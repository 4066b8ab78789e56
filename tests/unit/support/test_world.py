"""The other seams of a virtual world: chance, ids, disk, network, processes."""

import asyncio
import re
import socket
from dataclasses import replace

import pytest

from soar.model.errors import ActionCode
from soar.model.network import EgressRequest, EgressResponse
from soar.model.process import ActionAnswer, ActionCall
from soar.sdk.errors import EgressRefusedError, TransientError, UnknownOutcomeError
from tests.support.disk import FaultyDisk, InlineDisk
from tests.support.ids import SeededIds
from tests.support.loop import run_virtual
from tests.support.network import VirtualEgress
from tests.support.process import RecordingProcess, ScriptedHost
from tests.support.randomness import SeededRandomness

CALL = ActionCall(
    workspace="default",
    run="run_1",
    step="steps/0",
    action="edr.isolate",
    connection="edr",
    arguments={"host": "web-1"},
    secrets=(),
    effect_key="e1",
    attempt=1,
    timeout=30.0,
)
REQUEST = EgressRequest(
    method="GET",
    url="https://api.vendor.test/v1/ip",
    headers=(),
    body=b"",
    hosts=frozenset({"api.vendor.test"}),
)


def _answer_ok(_request: EgressRequest) -> EgressResponse:
    return EgressResponse(status=200, headers=(), body=b"0123456789")


def test_ids_are_seeded_distinct_and_sayable() -> None:
    first, second, other = SeededIds(1), SeededIds(1), SeededIds(2)
    made = [first.new("al") for _ in range(1_000)]
    assert made == [second.new("al") for _ in range(1_000)]
    assert len(set(made)) == 1_000
    assert all(re.fullmatch(r"al_[0-9a-hjkmnp-tv-z]{12}", code) for code in made)
    assert other.new("al") != made[0]
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}", first.code(4))


def test_randomness_is_seeded() -> None:
    assert SeededRandomness(1).bytes(32) == SeededRandomness(1).bytes(32)
    assert SeededRandomness(1).bytes(32) != SeededRandomness(2).bytes(32)
    assert 2.0 <= SeededRandomness(1).uniform(2, 3) <= 3.0


async def test_the_inline_disk_works_at_once_and_raises_what_the_work_raises() -> None:
    disk = InlineDisk()
    assert await disk.run(lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        await disk.run(lambda: 1 // 0)
    disk.close()
    with pytest.raises(RuntimeError, match="closed"):
        await disk.run(lambda: 42)


@pytest.mark.parametrize("seed", range(20))
def test_the_faulty_disk_works_in_order_whatever_the_seed(seed: int) -> None:
    async def write() -> tuple[list[int], list[int]]:
        disk, asked, written = FaultyDisk(seed), list[int](), list[int]()

        async def ask(number: int) -> None:
            asked.append(number)
            await disk.run(lambda: written.append(number))

        await asyncio.gather(*map(ask, range(10)))
        return asked, written

    asked, written = run_virtual(write(), seed=seed)
    assert written == asked
    assert sorted(written) == list(range(10))


def test_a_fault_before_loses_the_work_and_a_fault_after_does_not() -> None:
    async def write(disk: FaultyDisk) -> list[int]:
        written: list[int] = []
        with pytest.raises(OSError, match="the disk failed"):
            await disk.run(lambda: written.append(1))
        assert disk.faults == 1
        return written

    assert run_virtual(write(FaultyDisk(0, before=1.0))) == []
    assert run_virtual(write(FaultyDisk(0, after=1.0))) == [1]


def test_faults_are_seeded() -> None:
    async def count(seed: int) -> list[bool]:
        disk, failed = FaultyDisk(seed, before=0.2, after=0.2), list[bool]()
        for _ in range(100):
            try:
                await disk.run(lambda: None)
                failed.append(False)
            except OSError:
                failed.append(True)
        return failed

    assert run_virtual(count(1)) == run_virtual(count(1))
    assert run_virtual(count(1)) != run_virtual(count(2))
    assert 20 < sum(run_virtual(count(1))) < 60


def test_the_network_leads_to_the_fake_of_the_host_and_takes_its_time() -> None:
    async def send() -> tuple[int, bytes, bool]:
        egress = VirtualEgress(3, slowest=5.0)
        egress.route("api.vendor.test", _answer_ok)
        response = await egress.send(replace(REQUEST, limit=4))
        return response.status, response.body, 0 < asyncio.get_running_loop().time() <= 5

    assert run_virtual(send()) == (200, b"0123", True)


def test_the_network_fails_as_the_real_one_does() -> None:
    async def send(egress: VirtualEgress, request: EgressRequest, error: type[Exception]) -> int:
        egress.route("api.vendor.test", _answer_ok)
        with pytest.raises(error):
            await egress.send(request)
        return len(egress.arrived)

    elsewhere = replace(REQUEST, url="https://evil.test/")
    unknown = replace(REQUEST, url="https://gone.test/", hosts=frozenset({"gone.test"}))
    assert run_virtual(send(VirtualEgress(), elsewhere, EgressRefusedError)) == 0
    assert run_virtual(send(VirtualEgress(), unknown, TransientError)) == 0
    assert run_virtual(send(VirtualEgress(unreached=1.0), REQUEST, TransientError)) == 0
    assert run_virtual(send(VirtualEgress(cut_off=1.0), REQUEST, UnknownOutcomeError)) == 1


async def test_a_closed_network_sends_nothing() -> None:
    egress = VirtualEgress()
    await egress.close()
    with pytest.raises(RuntimeError, match="closed"):
        await egress.send(REQUEST)


async def test_the_scripted_host_answers_in_turn_and_counts_effects() -> None:
    host = ScriptedHost()
    busy = ActionAnswer(code=ActionCode.UNAVAILABLE)
    host.script("edr.isolate", busy, lambda call: ActionAnswer(output=call.arguments))
    assert await host.call(CALL) == busy
    assert (await host.call(replace(CALL, attempt=2))).output == {"host": "web-1"}
    assert (await host.call(replace(CALL, effect_key="e2"))).output == {"host": "web-1"}
    assert host.effects == {"e1": 2, "e2": 1}
    assert (await host.call(replace(CALL, action="edr.release"))).code is ActionCode.INVALID
    with pytest.raises(ValueError, match="no answer"):
        host.script("edr.isolate")


def test_the_recording_process_remembers_why_it_died() -> None:
    process = RecordingProcess()
    process.die("fsync failed")
    assert process.deaths == ["fsync failed"]


def test_no_test_reaches_another_machine() -> None:
    with socket.socket() as outward, pytest.raises(RuntimeError, match="stay on this machine"):
        outward.connect(("192.0.2.1", 443))
