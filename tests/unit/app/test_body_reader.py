"""The reader's process: the same as reading here, and nothing is lost or left behind, however it ends."""

import asyncio
import os
import select
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from soar.app.body_reader import ProcessReader
from soar.ingest.bodies.rule import ONE_OBJECT, Parcel
from soar.ingest.reading import BodyReader, Errand, Reading, read_body
from soar.model.errors import FieldFault, InputError, UnavailableError
from tests.support.heavy_bodies import BOMBS
from tests.support.inline_reader import InlineReader
from tests.support.payloads import PAYLOADS, list_shipped, load_source

SMALL = Errand(rule=ONE_OBJECT, parcel=Parcel({}, b'{"a": 1}'))
MOST_MEMORY = 40 * 1024  # KiB
PART = 32 * 1024

Refused = tuple[str, str, str | None, tuple[FieldFault, ...]]


@pytest.fixture
async def reader() -> AsyncIterator[ProcessReader]:
    made = ProcessReader()
    yield made
    await made.close()


async def tell(reader: BodyReader, errand: Errand) -> Reading | Refused:
    try:
        return await reader.read(errand)
    except InputError as error:
        return (error.message, error.code, error.hint, error.faults)


def list_errands() -> dict[str, Errand]:
    files = {row.source: PAYLOADS / row.file for row in list_shipped()}
    shipped = {
        name: Errand(
            rule=load_source(name).body,
            parcel=Parcel({"content-type": "application/json"}, file.read_bytes()),
            is_guessed=True,
        )
        for name, file in files.items()
    }
    bombs = {name: Errand(rule=rule, parcel=cut(parcel)) for name, (rule, parcel) in BOMBS.items()}
    return shipped | bombs


def cut(parcel: Parcel) -> Parcel:
    """Leave a part of a body that attacks as the whole does, and takes less of the tests' time."""
    return parcel if parcel.headers else Parcel({}, parcel.body[:PART])


def read_status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def has_ended(pidfd: int) -> bool:
    return bool(select.select([pidfd], [], [], 10)[0])


async def test_the_process_reads_and_refuses_as_this_one_does_and_stays_small(reader: ProcessReader) -> None:
    await reader.read(SMALL)
    pid = reader.pid
    assert pid is not None
    assert read_status(pid, "VmRSS") < MOST_MEMORY
    refused = 0
    for name, errand in list_errands().items():
        told = await tell(reader, errand)
        assert told == await tell(InlineReader(), errand), name
        refused += isinstance(told, tuple)
    assert 0 < refused < len(BOMBS)
    assert reader.pid == pid
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)


async def test_bodies_at_the_same_time_are_each_given_their_own_answer(reader: ProcessReader) -> None:
    errands = [Errand(rule=ONE_OBJECT, parcel=Parcel({}, b'{"a": %d}' % number)) for number in range(20)]
    assert await asyncio.gather(*map(reader.read, errands)) == [read_body(errand) for errand in errands]


async def test_a_process_that_is_killed_in_the_middle_is_told_and_the_next_body_gets_a_new_one(
    reader: ProcessReader,
) -> None:
    await reader.read(SMALL)
    pid = reader.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    reading = asyncio.ensure_future(reader.read(SMALL))
    waiting = asyncio.ensure_future(reader.read(SMALL))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(UnavailableError) as caught:
        await reading
    assert (caught.value.code, caught.value.retry_after) == ("reader_failed", 5.0)
    assert await waiting == Reading([{"a": 1}])
    assert reader.pid not in (None, pid)


async def test_a_process_that_takes_too_long_is_ended(reader: ProcessReader) -> None:
    await reader.read(SMALL)
    assert reader.pid is not None
    pidfd = os.pidfd_open(reader.pid)
    os.kill(reader.pid, signal.SIGSTOP)
    reader._patience = 0.01
    with pytest.raises(UnavailableError):
        await reader.read(SMALL)
    assert has_ended(pidfd)
    assert reader.pid is None
    os.close(pidfd)


async def test_a_caller_who_leaves_in_the_middle_leaves_no_answer_to_the_next(reader: ProcessReader) -> None:
    await reader.read(SMALL)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)
    reading = asyncio.ensure_future(reader.read(SMALL))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await reader.read(Errand(rule=ONE_OBJECT, parcel=Parcel({}, b'{"b": 2}'))) == Reading([{"b": 2}])


async def test_a_process_that_has_nothing_to_read_for_a_while_ends() -> None:
    reader = ProcessReader(idle=0.0)
    await reader.read(SMALL)
    assert reader._leaving is not None
    await reader._leaving
    assert reader.pid is None
    assert await reader.read(SMALL) == Reading([{"a": 1}])
    await reader.close()


async def test_a_process_whose_service_is_gone_ends_and_heeds_no_signal_that_is_meant_for_the_service(
    reader: ProcessReader,
) -> None:
    await reader.read(SMALL)
    assert reader._child is not None
    pidfd = os.pidfd_open(reader._child.process.pid)
    os.kill(reader._child.process.pid, signal.SIGTERM)
    assert await reader.read(SMALL) == Reading([{"a": 1}])
    reader._child.messages.close()  # as the kernel does with what a killed process held
    await reader._child.messages.wait_closed()
    assert has_ended(pidfd)
    os.close(pidfd)
