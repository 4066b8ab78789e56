"""A record that grows by real events, signed with a real key."""

from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.keeper import checkpoint_head, read_leaves
from soar.audit.note import SigningKey
from soar.audit.record import record
from soar.model.audit import Checkpoint
from soar.store import Store, Unit
from tests.support.anchors import ORIGIN, WORKSPACE, Fetch, Grow
from tests.support.builders import build_audit_event
from tests.support.clock import START
from tests.support.ids import SeededIds


@pytest.fixture
def key() -> SigningKey:
    return SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def grow(store: Store, ids: SeededIds, key: SigningKey) -> Grow:
    async def add(count: int = 1, at: datetime = START) -> Checkpoint:
        def work(unit: Unit) -> Checkpoint | None:
            for _ in range(count):
                record(unit, build_audit_event(), at=START, id=ids.new("ev"))
            return checkpoint_head(unit, key=key, origin=ORIGIN, at=at)

        signed = await store.write(WORKSPACE, work)
        assert signed is not None
        return signed

    return add


@pytest.fixture
def read(store: Store) -> Fetch:
    async def read_range(start: int, stop: int) -> list[bytes]:
        return await store.read(WORKSPACE, lambda unit: read_leaves(unit, start, stop))

    return read_range
