from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.note import SigningKey
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, AuditRecord, Outcome
from soar.store import Unit
from tests.support.clock import SteppedClock
from tests.support.ids import SeededIds

ORIGIN = "soar.example/audit"


@pytest.fixture
def key() -> SigningKey:
    return SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def write_event(ids: SeededIds, clock: SteppedClock) -> Callable[..., AuditRecord]:
    """Give a function that records an event in a unit; it says nothing of interest but what the test names."""

    def write(unit: Unit, reason: str | None = None) -> AuditRecord:
        event = AuditEvent(
            type="approval.voted",
            outcome=Outcome.SUCCESS,
            actor=Actor(kind="user", id="u_carol", name="carol", via="web", roles=("soc-lead", "analyst")),
            target={"kind": "approval", "id": "ap_1"},
            reason=reason,
            before={"votes": 1},
            after={"votes": 2},
            context={"run": "r_1"},
            digest="sha256:4be1",
        )
        return record(unit, event, at=clock.now(), id=ids.new("ev"))

    return write
