import asyncio
from collections.abc import AsyncIterator

import pytest

from soar.api.hub import Change
from soar.app.relay import SharedHub, keep_hearing
from soar.store import Store, Unit, open_store
from tests.support.clock import START, SteppedClock
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess
from tests.support.threads import ThreadDisk


class Node:
    """What one process says and hears."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.hub = SharedHub(store, name)
        self.kicked = asyncio.Event()
        self._parts: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._parts.append(asyncio.create_task(self.hub.keep_telling()))
        self._parts.append(asyncio.create_task(keep_hearing(self.store, self.hub, self.kicked.set, SteppedClock())))

    async def stop(self) -> None:
        for part in self._parts:
            part.cancel()
        await asyncio.gather(*self._parts, return_exceptions=True)
        await self.store.close()


@pytest.fixture
async def nodes(postgres_url: str) -> AsyncIterator[list[Node]]:
    nodes = [
        Node(open_store(postgres_url, disk=InlineDisk(), process=RecordingProcess(), readers=ThreadDisk), name)
        for name in ("ann", "bob")
    ]
    for node in nodes:
        await node.start()
    yield nodes
    for node in nodes:
        await node.stop()


async def test_what_changes_in_one_process_is_told_in_both_and_once(nodes: list[Node]) -> None:
    ann, bob = nodes
    pages = [node.hub.listen("north") for node in nodes]
    heard = asyncio.create_task(pages[1].next())
    while not heard.done():  # the other one may not listen yet
        ann.hub.announce("north", "run", "run_1")
        await asyncio.wait({heard}, timeout=0.1)
    change = await heard
    assert (change.workspace, change.kind, change.subject) == ("north", "run", "run_1")
    bob.hub.announce("north", "approval", "ap_1")
    kinds: list[str] = []
    while "approval" not in kinds:
        found = await pages[0].next()
        assert isinstance(found, Change)
        kinds.append(found.kind)
    assert kinds.count("approval") == 1


async def test_a_run_that_one_process_tells_something_kicks_the_other(nodes: list[Node]) -> None:
    ann, bob = nodes
    heard = asyncio.create_task(bob.kicked.wait())

    def tell(unit: Unit) -> None:
        unit.inbox.add("run_1", {"kind": "vote"}, START)

    while not heard.done():
        await ann.store.write("north", tell)
        await asyncio.wait({heard}, timeout=0.1)
    assert await heard
