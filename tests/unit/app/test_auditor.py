import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from soar.app.auditor import Auditor
from soar.audit.checkpoint import check_checkpoint
from soar.audit.note import SignatureKind, SigningKey
from soar.audit.query import parse_query
from soar.audit.record import record
from soar.model.errors import BugError
from soar.store import Store, Unit
from tests.support.builders import build_audit_event
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds

ORIGIN = "soar.example/audit"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
RECORDED = parse_query(f"type:{build_audit_event().type}")
QUANTUM = SigningKey(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(bytes(32)))


@pytest.fixture
def auditor(store: Store, clock: SteppedClock) -> Auditor:
    return Auditor(store=store, keys=[KEY], origin=ORIGIN, clock=clock, workspace="north")


@pytest.fixture
def add_event(store: Store, ids: SeededIds) -> Callable[[], object]:
    async def add() -> None:
        def work(unit: Unit) -> None:
            record(unit, build_audit_event(), at=START, id=ids.new("ev"))

        await store.write("north", work)

    return add


async def test_nothing_is_signed_while_nothing_is_recorded(auditor: Auditor) -> None:
    assert await auditor.checkpoint() is None


async def test_a_statement_is_made_only_of_something_new(auditor: Auditor, add_event: Callable) -> None:
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


async def test_the_record_verifies(auditor: Auditor, add_event: Callable) -> None:
    await add_event()
    await auditor.checkpoint()
    report = await auditor.verify()
    assert report.is_sound
    assert report.size == 1


async def test_a_shortened_record_is_not_signed(auditor: Auditor, add_event: Callable, store: Store) -> None:
    await add_event()
    longer = await auditor.checkpoint()
    assert longer is not None
    await store.write("north", lambda unit: unit.audit.add_checkpoint(replace(longer, size=2)))
    with pytest.raises(BugError) as caught:
        await auditor.checkpoint()
    assert caught.value.code == "audit_contradicted"


async def test_a_post_quantum_key_signs_beside_the_other_from_the_moment_it_is_there(
    store: Store, auditor: Auditor, add_event: Callable, clock: SteppedClock
) -> None:
    await add_event()
    await auditor.checkpoint()
    both = Auditor(store=store, keys=[KEY, QUANTUM], origin=ORIGIN, clock=clock, workspace="north")
    assert (await both.verify()).faults[0].message == (
        "the checkpoint of 1 events lacks the ML_DSA_44 signature, whose key was given"
    )
    assert await both.checkpoint() is None  # nothing new: the newest one is signed once more
    assert (await both.verify()).is_sound
    await add_event()
    signed = await both.checkpoint()
    assert signed is not None
    assert [one.key.kind for one in check_checkpoint(signed.note, both.public_keys).signers] == [
        SignatureKind.ED25519,
        SignatureKind.ML_DSA_44,
    ]
    assert (await both.verify()).is_sound
    assert (await auditor.verify()).is_sound


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


@pytest.mark.parametrize(("events", "seconds"), [(200, 1), (201, 2), (20_001, 1)])
async def test_much_at_once_is_made_searchable_when_it_is_quiet_or_when_it_is_too_much(
    auditor: Auditor, store: Store, ids: SeededIds, clock: SteppedClock, events: int, seconds: int
) -> None:
    def add(unit: Unit) -> None:
        for _ in range(events):
            record(unit, build_audit_event(), at=START, id=ids.new("ev"))

    await store.write("north", add)
    keeper = asyncio.create_task(auditor.keep_signing(1.0))
    found = []
    for _ in range(seconds):
        while not clock.has_sleepers:
            await store.read("north", lambda unit: unit.workspace)
        clock.advance(timedelta(seconds=1))
        while not clock.has_sleepers:
            await store.read("north", lambda unit: unit.workspace)
        found.append(await store.read("north", lambda unit: len(unit.audit.list(1, query=RECORDED).items)))
    keeper.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeper
    assert [count > 0 for count in found] == [False] * (seconds - 1) + [True]


async def test_a_store_that_takes_nothing_now_delays_a_statement_and_ends_nothing(
    store: Store, auditor: Auditor, add_event: Callable, clock: SteppedClock
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
    signing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await signing
    latest = await store.read("north", lambda unit: unit.audit.latest_checkpoint())
    assert latest is not None
    assert latest.size == 1
