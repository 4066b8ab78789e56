import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.app.auditor import Auditor
from soar.audit.checkpoint import checkpoint_head, open_checkpoint
from soar.audit.note import SigningKey
from soar.audit.record import record
from soar.model.errors import BugError
from soar.store import Store, Unit
from tests.support.builders import build_audit_event
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds

ORIGIN = "soar.example/audit"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def anchors(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "one.txt", tmp_path / "two.txt"


@pytest.fixture
def auditor(store: Store, anchors: tuple[Path, Path], clock: SteppedClock) -> Auditor:
    return Auditor(store=store, key=KEY, origin=ORIGIN, anchors=anchors, clock=clock, workspace="north")


@pytest.fixture
def add_event(store: Store, ids: SeededIds) -> Callable[[], object]:
    async def add() -> None:
        def work(unit: Unit) -> None:
            record(unit, build_audit_event(), at=START, id=ids.new("ev"))

        await store.write("north", work)

    return add


def sizes(anchor: Path) -> list[int]:
    """Return what the statements in an anchor say, oldest first."""
    notes = anchor.read_text("utf-8").split(f"{ORIGIN}\n")[1:]
    return [open_checkpoint(f"{ORIGIN}\n{note.removesuffix(chr(10))}", [KEY.verifier]).size for note in notes]


async def test_nothing_is_signed_while_nothing_is_recorded(auditor: Auditor, anchors: tuple[Path, Path]) -> None:
    assert await auditor.checkpoint() is None
    assert not any(anchor.exists() for anchor in anchors)


async def test_a_statement_is_made_only_of_something_new(
    auditor: Auditor, add_event: Callable, anchors: tuple[Path, Path]
) -> None:
    await add_event()
    first = await auditor.checkpoint()
    assert first is not None
    assert first.size == 1
    assert await auditor.checkpoint() is None
    await add_event()
    await add_event()
    second = await auditor.checkpoint()
    assert second is not None
    assert second.size == 3
    for anchor in anchors:
        assert sizes(anchor) == [1, 3]


async def test_the_record_verifies(auditor: Auditor, add_event: Callable) -> None:
    await add_event()
    await auditor.checkpoint()
    report = await auditor.verify()
    assert report.is_sound
    assert report.size == 1


async def test_a_shortened_record_is_not_signed(
    auditor: Auditor, add_event: Callable, store: Store, anchors: tuple[Path, Path]
) -> None:
    await add_event()
    longer = await auditor.checkpoint()
    assert longer is not None
    await store.write("north", lambda unit: unit.audit.add_checkpoint(replace(longer, size=2)))
    with pytest.raises(BugError) as caught:
        await auditor.checkpoint()
    assert caught.value.code == "audit_contradicted"
    assert sizes(anchors[0]) == [1]


async def test_an_anchor_that_cannot_be_reached_is_told_of_and_gets_the_newest_statement_later(
    store: Store, add_event: Callable, clock: SteppedClock, tmp_path: Path
) -> None:
    far, near = tmp_path / "mount" / "far.txt", tmp_path / "near.txt"
    auditor = Auditor(store=store, key=KEY, origin=ORIGIN, anchors=(far, near), clock=clock, workspace="north")
    with structlog.testing.capture_logs() as logged:
        for _ in range(2):
            await add_event()
            assert await auditor.checkpoint() is not None
    assert [entry["anchor"] for entry in logged] == [str(far), str(far)]
    assert {entry["log_level"] for entry in logged} == {"error"}
    assert sizes(near) == [1, 2]
    far.parent.mkdir()
    assert await auditor.checkpoint() is None
    assert sizes(far) == [2]
    assert sizes(near) == [1, 2]


async def test_a_statement_that_the_last_process_signed_and_did_not_append_is_appended(
    auditor: Auditor, add_event: Callable, store: Store, anchors: tuple[Path, Path], clock: SteppedClock
) -> None:
    await add_event()
    await store.write("north", lambda unit: checkpoint_head(unit, key=KEY, origin=ORIGIN, at=START))
    assert await auditor.checkpoint() is None
    assert await auditor.checkpoint() is None
    for anchor in anchors:
        assert sizes(anchor) == [1]


async def test_it_keeps_signing_until_it_is_cancelled(
    auditor: Auditor, add_event: Callable, clock: SteppedClock, store: Store
) -> None:
    keeper = asyncio.create_task(auditor.keep_signing(1.0))
    for expected in (1, 2):
        await add_event()
        while await store.read("north", lambda unit: len(unit.audit.checkpoints())) < expected:
            clock.advance(timedelta(seconds=1))
    keeper.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeper
    latest = await store.read("north", lambda unit: unit.audit.latest_checkpoint())
    assert latest.size == 2


async def test_a_store_that_takes_nothing_now_delays_a_statement_and_ends_nothing(
    store: Store, auditor: Auditor, add_event: Callable, anchors: tuple[Path, Path], clock: SteppedClock
) -> None:
    await add_event()
    store._writer._queue_limit = 0
    signing = asyncio.create_task(auditor.keep_signing(5.0))
    with structlog.testing.capture_logs() as logged:
        for limit in (0, 0, 9):
            store._writer._queue_limit = limit
            await asyncio.sleep(0)
            clock.advance(timedelta(seconds=5))
            for _ in range(20):
                await asyncio.sleep(0)
    assert not signing.done()
    assert [entry["action"] for entry in logged] == 2 * ["audit.checkpoint"]
    while not anchors[0].exists():
        await asyncio.wait({signing}, timeout=0.01)
    signing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await signing
    assert sizes(anchors[0]) == [1]
