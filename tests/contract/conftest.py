"""Every store keeps the same contract: each test here runs once for each of them."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from soar.store import Store, Unit, open_store
from tests.contract.works import Works
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess

WORKSPACE = "north"


@pytest.fixture(params=["memory", "file", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    match request.param:
        case "memory":
            yield "sqlite://"
        case "file":
            yield f"sqlite:///{tmp_path / 'soar.db'}"
        case _:
            yield request.getfixturevalue("postgres_url")


@pytest.fixture
async def store(url: str, disk: InlineDisk, process: RecordingProcess) -> AsyncIterator[Store]:
    store = open_store(url, disk=disk, process=process, readers=InlineDisk)
    await store.migrate()
    yield store
    await store.close()
    assert process.deaths == []


@pytest.fixture
def write(store: Store) -> Works:
    async def work_in_workspace(work: Callable[[Unit], object]) -> object:
        return await store.write(WORKSPACE, work)

    return work_in_workspace


@pytest.fixture
def read(store: Store) -> Works:
    async def work_in_workspace(work: Callable[[Unit], object]) -> object:
        return await store.read(WORKSPACE, work)

    return work_in_workspace
