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


EVENT = {
    "sequence": 7,
    "sentence": f"ann voted on approval AB12: {HOSTILE}",
    "seq": 7,
    "at": "2026-03-01T09:00:00Z",
    "type": "approval.voted",
    "reason": HOSTILE,
}


def test_a_search_shows_sentences(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/audit", page(EVENT))
    outcome = soar("audit", "search", "actor:ann renaming", "--view", "who-approved-what", "--limit", "5")
    assert outcome.code == 0
    assert api.asked[0].query == {"q": "actor:ann renaming", "view": "who-approved-what", "limit": "5"}
    heading, row = outcome.out.splitlines()
    assert heading.split() == ["EVENT", "AT", "TYPE", "WHAT", "HAPPENED"]
    assert row.startswith("7 ")
    assert "ann voted on approval AB12" in row
    assert "\x1b" not in outcome.out
    assert soar("audit", "search", "--json").document == page(EVENT)


def test_a_search_shows_events_as_they_are_recorded(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/audit", page(EVENT))
    outcome = soar("audit", "search", "--raw")
    first, *rest = outcome.out.splitlines()
    assert first.startswith("7  ann voted on approval AB12")
    assert "\x1b" not in outcome.out
    recorded = json.loads("\n".join(rest))
    assert (recorded["seq"], set(EVENT) - set(recorded)) == (7, {"sequence", "sentence"})


def test_a_search_that_finds_nothing_says_so(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/audit", page())
    assert soar("audit", "search", "nothing").out == "No such event.\n"


def test_a_query_that_is_none_is_told_with_its_place(soar: Soar, api: FakeApi) -> None:
    api.refuse("GET", "/api/v1/audit", 422, "at character 1 of the query: there is no field `x`", code="query.field")
    outcome = soar("audit", "search", "x:y")
    assert outcome.code == 2
    assert "at character 1" in outcome.err


def test_events_are_counted(soar: Soar, api: FakeApi) -> None:
    facets = {
        "counted": 10_000,
        "is_complete": False,
        "types": [{"value": "run.finished", "count": 9_000}],
        "actors": [{"value": HOSTILE, "count": 2}],
        "outcomes": [],
        "days": [],
    }
    api.answer("GET", "/api/v1/audit/facets", facets)
    outcome = soar("audit", "search", "type:run.*", "--facets")
    assert outcome.out.splitlines()[:3] == ["the newest 10,000 events", "types", "   9,000  run.finished"]
    assert "\x1b" not in outcome.out
    assert api.asked[0].query == {"q": "type:run.*"}
    refused = soar("audit", "search", "--facets", "--view", "audit-access")
    assert (refused.code, len(api.asked)) == (2, 1)


def test_views_are_listed(soar: Soar, api: FakeApi) -> None:
    view = {"name": "audit-access", "title": "Who read it", "query": "type:audit.*", "is_narrowed": False}
    api.answer("GET", "/api/v1/audit/views", page(view))
    assert soar("audit", "views").out.splitlines()[1].split() == ["audit-access", "Who", "read", "it", "type:audit.*"]


def test_an_export_is_written_byte_for_byte(soar: Soar, api: FakeApi, tmp_path: Path) -> None:
    content = "zażółć\r\n".encode() * 20_000
    api.answer("GET", "/api/v1/audit/export", content)
    file = tmp_path / "approvals.csv"
    arguments = ("--format", "csv", "--query", "type:approval.*", "--since", "2026-01-01", "--output", str(file))
    outcome = soar("audit", "export", *arguments)
    assert (outcome.code, outcome.out, file.read_bytes()) == (0, "", content)
    assert api.asked[0].query == {"format": "csv", "q": "type:approval.* after:2026-01-01"}


@pytest.mark.parametrize(
    ("status", "content", "headers", "code"),
    [
        (403, b'{"detail": "you may not"}', {}, 5),
        (200, b"5\r\nhello\r\n", {"Transfer-Encoding": "chunked"}, 1),
    ],
)
def test_an_export_that_is_refused_or_breaks_off_leaves_the_file_as_it_was(
    soar: Soar, api: FakeApi, tmp_path: Path, status: int, content: bytes, headers: dict[str, str], code: int
) -> None:
    api.answer("GET", "/api/v1/audit/export", content, status=status, headers=headers)
    file = tmp_path / "record.jsonl"
    file.write_bytes(b"before")
    outcome = soar("audit", "export", "--output", str(file))
    assert (outcome.code, file.read_bytes(), [*tmp_path.iterdir()]) == (code, b"before", [file])
    assert outcome.err.startswith("error: ")


def test_a_value_is_piped_in_and_its_credentials_are_named(soar: Soar, api: FakeApi) -> None:
    sighting = {"first": 3, "first_at": "2024-03-01T10:00:00Z", "last": 9, "last_at": "2024-03-02T10:00:00Z"}
    used, spare = {"credential": HOSTILE, "is_used": True}, {"credential": "spare", "is_used": False}
    found = [used | sighting, spare | sighting]
    api.answer("POST", "/api/v1/audit/fingerprint", {"fingerprint": "hmac-sha256:00ff", "credentials": found})
    outcome = soar("audit", "fingerprint", stdin="correct horse\n")
    assert outcome.code == 0, outcome.err
    assert api.asked[0].body == {"value": "correct horse"}
    first, second, third = outcome.out.splitlines()
    assert "had it, and it was used: event 3 (" in first
    assert "\x1b" not in first
    assert second.startswith("! spare had it; it was never used: event 3 (")
    assert third == "  hmac-sha256:00ff"


def test_a_value_that_no_credential_had_is_said_to_be_none(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/audit/fingerprint", {"fingerprint": "hmac-sha256:00ff", "credentials": []})
    assert soar("audit", "fingerprint", stdin="correct horse").out.startswith("✔ no credential had this value")


@pytest.mark.parametrize(("kind", "id_"), [("alert", "al_1"), ("user", "u_carol")])
@pytest.mark.parametrize("status", ["requested", "confirmed"])
def test_it_is_said_whether_something_is_erased_or_waits_for_a_second_person(
    soar: Soar, api: FakeApi, kind: str, id_: str, status: str
) -> None:
    api.answer("POST", "/api/v1/audit/erasures", {"kind": kind, "id": id_, "events": 3, "status": status})
    outcome = soar("audit", "shred", f"--{kind}", id_, "--reason", "was asked for")
    assert api.asked[0].body == {"kind": kind, "id": id_, "reason": "was asked for"}
    said = {
        "requested": "✔ asked for, in 3 events; somebody else confirms\n",
        "confirmed": f"✔ {kind} {id_} is erased from 3 events\n",
    }
    assert outcome.out == said[status]


@pytest.mark.parametrize("named", [[], ["--alert", "al_1", "--user", "u_carol"]])
def test_an_erasure_is_of_one_thing(soar: Soar, api: FakeApi, named: list[str]) -> None:
    outcome = soar("audit", "shred", *named, "--reason", "was asked for")
    assert (outcome.code, api.asked) == (2, [])
    assert "give one of --alert and --user" in outcome.err
