from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.export import export_lines
from soar.audit.keeper import checkpoint_head, prove_event
from soar.audit.note import SigningKey
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, AuditRecord, Outcome
from soar.store import Store, Unit
from tests.support.clock import START, SteppedClock
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


@pytest.fixture
async def taken(store: Store, write_event: Callable[..., AuditRecord], key: SigningKey, tmp_path: Path) -> Path:
    """An export, a proof, a key and an anchor on the auditor's disk."""

    def work(unit: Unit) -> None:
        for _ in range(3):
            write_event(unit, "größer ≥")
            checkpoint_head(unit, key=key, origin=ORIGIN, at=START)

    def read(unit: Unit) -> tuple[list[str], str, str]:
        records, checkpoints = unit.audit.range(0, 3), unit.audit.checkpoints()
        lines = export_lines(records, checkpoints, [key.verifier], head=unit.audit.head())
        return [*lines], prove_event(unit, 1), "".join(f"{one.note}\n" for one in checkpoints)

    await store.write("w", work)
    lines, proof, anchor = await store.read("w", read)
    (tmp_path / "export.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    (tmp_path / "unsigned.jsonl").write_text("".join(f"{line}\n" for line in lines[:4]), "utf-8")
    (tmp_path / "event.tlog-proof").write_text(proof, "utf-8")
    (tmp_path / "anchor.txt").write_text(anchor, "utf-8")
    (tmp_path / "audit.pub").write_text(f"{key.verifier}\n", "utf-8")
    return tmp_path
