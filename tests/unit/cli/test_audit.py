from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.checkpoint import checkpoint_head
from soar.audit.export import export_lines
from soar.audit.note import SigningKey
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.store import Unit, open_store
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.process import RecordingProcess
from tests.unit.cli.documents import HOSTILE, page
from tests.unit.cli.fakes import FakeApi, Soar

ORIGIN = "soar.example/audit"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
SOUND = {"is_sound": True, "size": 31, "faults": [], "summary": "✔ 31 events, 1 chain, 2 checkpoints"}


@pytest.fixture
async def export(tmp_path: Path, disk: InlineDisk, process: RecordingProcess, ids: SeededIds) -> AsyncIterator[Path]:
    """A true export of three events and a checkpoint."""
    store = open_store("sqlite://", disk=disk, process=process, readers=InlineDisk)
    await store.migrate()

    def write(unit: Unit) -> None:
        for number in range(3):
            event = AuditEvent(
                type="run.started",
                outcome=Outcome.SUCCESS,
                actor=Actor(kind="system", id="engine"),
                target={"kind": "run", "id": f"run_{number}"},
            )
            record(unit, event, at=START, id=ids.new("ev"))
        checkpoint_head(unit, key=KEY, origin=ORIGIN, at=START)

    def read(unit: Unit) -> list[str]:
        head = unit.audit.head()
        return list(export_lines(unit.audit.range(0, 3), unit.audit.checkpoints(), [KEY.verifier], head=head))

    await store.write("default", write)
    file = tmp_path / "export.jsonl"
    file.write_text("\n".join(await store.read("default", read)) + "\n", "utf-8")
    yield file
    await store.close()


def test_the_server_checks_its_own_record(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/audit/verify", SOUND)
    outcome = soar("audit", "verify")
    assert (outcome.code, outcome.out) == (0, "✔ 31 events, 1 chain, 2 checkpoints\n")
    assert soar("audit", "verify", "--json").document == SOUND


def test_a_record_that_is_not_sound_fails(soar: Soar, api: FakeApi) -> None:
    faults = ["event 7 was changed (hash differs)"]
    api.answer("POST", "/api/v1/audit/verify", {"is_sound": False, "faults": faults, "summary": f"✖ {faults[0]}"})
    outcome = soar("audit", "verify")
    assert outcome.code == 1
    assert outcome.out.splitlines()[0] == "✖ event 7 was changed (hash differs)"


def test_an_export_is_checked_without_a_server(soar: Soar, export: Path, tmp_path: Path) -> None:
    keys = tmp_path / "audit.pub"
    keys.write_text(f"{KEY.verifier}\n\n{OTHER.verifier}\n")
    for given in (str(KEY.verifier), str(keys)):
        outcome = soar("audit", "verify", str(export), "--key", given)
        assert (outcome.code, outcome.out) == (0, "✔ 3 events, 1 chain, 1 checkpoint\n")
    assert soar("audit", "verify", str(export), "--key", str(KEY.verifier), "--json").document["size"] == 3


def test_an_export_checked_with_its_own_keys_proves_less_and_says_so(soar: Soar, export: Path) -> None:
    outcome = soar("audit", "verify", str(export))
    assert outcome.code == 0
    assert "give --key from elsewhere" in outcome.out


def test_an_export_signed_by_somebody_else_fails(soar: Soar, export: Path) -> None:
    assert soar("audit", "verify", str(export), "--key", str(OTHER.verifier)).code == 1


@pytest.mark.parametrize(("old", "new"), [("run_1", "run_9"), ('"size":3', '"size": 3'), ("\n", "\r\n")])
def test_an_export_that_was_changed_fails(soar: Soar, export: Path, old: str, new: str) -> None:
    text = export.read_text("utf-8")
    export.write_bytes(text.replace(old, new, 1).encode())
    outcome = soar("audit", "verify", str(export), "--key", str(KEY.verifier))
    assert outcome.code == 1
    assert outcome.out.startswith("✖ ")


def test_what_is_no_export_or_no_key_is_named(soar: Soar, export: Path, tmp_path: Path) -> None:
    assert soar("audit", "verify", str(tmp_path / "none.jsonl")).code == 6
    assert soar("audit", "verify", str(export), "--key", "nonsense").code == 2
    export.write_bytes(b"\xff")
    assert soar("audit", "verify", str(export)).code == 2


def test_the_list_says_who_did_what(soar: Soar, api: FakeApi) -> None:
    event = {
        "sequence": 30,
        "seq": 30,
        "at": "2024-03-01T10:00:00Z",
        "type": "approval.voted",
        "outcome": "success",
        "actor": {"kind": "user", "id": "u_1", "name": "mia"},
        "target": {"kind": "approval", "id": "ap_1", "name": "AB12"},
        "reason": HOSTILE.replace("\ud800", ""),
    }
    first = {**event, "sequence": 0, "actor": {"kind": "system", "id": "engine"}}
    api.answer("GET", "/api/v1/audit", page(event, first))
    _, newest, oldest = soar("audit", "list", "--type", "approval.voted", "--actor", "mia").out.splitlines()
    for told in ("30", "mia", "approval.voted", "approval AB12", "success", "\\u001b]0;owned"):
        assert told in newest
    assert oldest.split()[0] == "0"
    assert "engine" in oldest
    assert api.asked[0].query == {"type": "approval.voted", "actor": "mia", "limit": "50"}
