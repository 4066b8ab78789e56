"""The receiver in front of a store in memory."""

from collections.abc import Mapping

import pytest

from soar.ingest.receive import Receiver
from soar.ingest.source import Source, parse_source
from soar.store import Store
from tests.support.clock import SteppedClock
from tests.support.ids import SeededIds
from tests.support.inline_reader import InlineReader
from tests.unit.ingest.specimens import SIEM, SIGNED, WORKSPACE, Surroundings


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings()


@pytest.fixture
def sources() -> Mapping[str, Source]:
    return {"siem": parse_source(SIEM, "siem"), "signed": parse_source(SIGNED, "signed")}


@pytest.fixture
def receiver(
    store: Store,
    sources: Mapping[str, Source],
    surroundings: Surroundings,
    clock: SteppedClock,
    ids: SeededIds,
) -> Receiver:
    store.listen(surroundings.wake)
    return Receiver(
        store=store,
        workspace=WORKSPACE,
        sources=sources,
        playbooks=lambda: surroundings.playbooks,
        resolve=surroundings.resolve,
        egress=surroundings.egress,
        config={"vip": ["ada"]},
        url="https://soar.example",
        reader=InlineReader(),
        clock=clock,
        ids=ids,
        announcer=surroundings,
    )
