"""The receiver in front of a store in memory."""

from collections.abc import AsyncIterator, Mapping

import pytest

from soar.ingest.receive import Receiver
from soar.ingest.source import Source, parse_source
from soar.store import Store, open_store
from tests.support.clock import SteppedClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.process import RecordingProcess
from tests.unit.ingest.specimens import SIEM, SIGNED, WORKSPACE, Surroundings


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings()


@pytest.fixture
def sources() -> Mapping[str, Source]:
    return {"siem": parse_source(SIEM, "siem"), "signed": parse_source(SIGNED, "signed")}


@pytest.fixture
async def store(disk: InlineDisk, process: RecordingProcess) -> AsyncIterator[Store]:
    opened = open_store("sqlite://", disk=disk, process=process, readers=InlineDisk)
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
def receiver(
    store: Store,
    sources: Mapping[str, Source],
    surroundings: Surroundings,
    clock: SteppedClock,
    ids: SeededIds,
) -> Receiver:
    return Receiver(
        store=store,
        workspace=WORKSPACE,
        sources=sources,
        playbooks=lambda: surroundings.playbooks,
        resolve=surroundings.resolve,
        config={"vip": ["ada"]},
        url="https://soar.example",
        clock=clock,
        ids=ids,
        wake=surroundings.wake,
        announcer=surroundings,
    )
