import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.export import export_lines
from soar.audit.keeper import checkpoint_head, prove_event
from soar.audit.note import SigningKey
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.store import Store, Unit, open_store
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.process import RecordingProcess
from tests.unit.cli.documents import HOSTILE, page
from tests.unit.cli.fakes import FakeApi, Soar

ORIGIN = "soar.example/audit"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
SOUND = {"is_sound": True, "size": 31, "checkpoints": 2, "faults": [], "summary": "✔ 31 events, 1 chain, 2 checkpoints"}


@pytest.fixture
async def record_(disk: InlineDisk, process: RecordingProcess, ids: SeededIds) -> AsyncIterator[Store]:
    """A true record of three events and a checkpoint."""
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

    await store.write("default", write)
    yield store
    await store.close()


@pytest.fixture
async def export(record_: Store, tmp_path: Path) -> Path:
    """An export of it."""

    def read(unit: Unit) -> list[str]:
        head = unit.audit.head()
        return list(export_lines(unit.audit.range(0, 3), unit.audit.checkpoints(), [KEY.verifier], head=head))

    file = tmp_path / "export.jsonl"
    file.write_text("\n".join(await record_.read("default", read)) + "\n", "utf-8")
    return file


@pytest.fixture
async def proof(record_: Store) -> str:
    """The proof of its second event."""
    return await record_.read("default", lambda unit: prove_event(unit, 1))


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


def test_a_record_that_nobody_signed_has_a_code_of_its_own(soar: Soar, api: FakeApi) -> None:
    unsigned = {**SOUND, "checkpoints": 0, "summary": "! 31 events, 1 chain, no checkpoint", "remarks": ["look"]}
    api.answer("POST", "/api/v1/audit/verify", unsigned)
    outcome = soar("audit", "verify")
    assert (outcome.code, outcome.out) == (7, "! 31 events, 1 chain, no checkpoint\n  look\n")
    assert soar("audit", "verify", "--allow-unsigned").code == 0


def test_an_export_is_compared_with_what_an_anchor_kept(soar: Soar, export: Path, tmp_path: Path) -> None:
    lines = export.read_text("utf-8").splitlines()
    anchor, short = tmp_path / "anchor.txt", tmp_path / "short.jsonl"
    anchor.write_text(json.loads(lines[-1])["note"] + "\n", "utf-8")
    given = ("--key", str(KEY.verifier), "--anchor", str(anchor))
    assert soar("audit", "verify", str(export), *given).out.splitlines()[1:] == ["  1 anchored statement agrees"]
    short.write_text("\n".join([lines[0].replace('"size":3', '"size":2'), *lines[1:3]]), "utf-8")
    outcome = soar("audit", "verify", str(short), *given)
    assert outcome.code == 1
    assert "1 is missing" in outcome.out


def test_a_proof_is_written_as_it_is_and_checked_without_a_server(
    soar: Soar, api: FakeApi, proof: str, tmp_path: Path
) -> None:
    api.answer("GET", "/api/v1/audit/events/1/proof", {"sequence": 1, "proof": proof})
    outcome = soar("audit", "prove", "1")
    assert (outcome.code, outcome.out) == (0, proof)
    assert soar("audit", "prove", "1", "--json").document == {"sequence": 1, "proof": proof}
    file = tmp_path / "event.tlog-proof"
    file.write_text(proof, "utf-8")
    checked = soar("audit", "verify", str(file), "--key", str(KEY.verifier))
    assert checked.code == 0
    assert checked.out.startswith("✔ event 1 (run.started, ")
    file.write_text(proof.replace("index 1", "index 2"), "utf-8")
    assert soar("audit", "verify", str(file), "--key", str(KEY.verifier)).code == 1


def test_the_verifier_is_written_as_one_program(soar: Soar) -> None:
    program = soar("audit", "verifier").out
    assert program.startswith("#!/usr/bin/env python3\n")
    compile(program, "verify.py", "exec")


def test_the_status_names_keys_and_anchors_and_fails_if_one_is_late(soar: Soar, api: FakeApi) -> None:
    good = {"name": "/srv/anchor.txt", "size": 31, "behind": 0, "is_late": False, "reached_at": None, "error": ""}
    late = {**good, "name": "git:/srv/tree", "size": 1, "behind": 30, "is_late": True, "error": "no route to host"}
    record = {"size": 33, "signed": 31, "keys": [str(KEY.verifier)], "anchors": [good]}
    api.answer("GET", "/api/v1/audit/status", record)
    outcome = soar("audit", "status")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "33 events, 31 events signed",
        f"  key {KEY.verifier}",
        "✔ /srv/anchor.txt: 31 events, never",
    ]
    api.answer("GET", "/api/v1/audit/status", {**record, "anchors": [good, late]})
    assert soar("audit", "status").code in {0, 1}
    outcome = soar("audit", "status")
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1] == "✖ git:/srv/tree: 1 event, never, 30 behind: no route to host"


def test_a_record_without_anchors_is_remarked_on(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/audit/status", {"size": 1, "signed": 1, "keys": [], "anchors": []})
    assert soar("audit", "status").out.splitlines()[-1].startswith("! no anchor")


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
