"""What people are told where the record, a note or a query is not as it should be, and what they can do about it."""

import base64
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from sqlalchemy import text

from soar.audit.checkpoint import check_checkpoint, sign_checkpoint
from soar.audit.cosignature import Statement, parse_hash, parse_statement, unpack_time, write_subtree
from soar.audit.export import verify_export
from soar.audit.keeper import checkpoint_head, prove_event, read_leaves, verify_unit
from soar.audit.keyfile import create_key_file, read_key_file
from soar.audit.note import SigningKey, append_lines, check_note, open_note, parse_verifier_key, sign_note
from soar.audit.proof import verify_proof, write_proof
from soar.audit.query import LONGEST_QUERY, parse_query
from soar.audit.tree import EMPTY_ROOT
from soar.audit.verifier import is_proof, read_keys, verify_export_file, verify_proof_file
from soar.audit.views import read_question
from soar.audit.witness import Request, Witness, load_notes, parse_request, save_notes
from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.errors import SoarError
from soar.store import Store, Unit
from tests.support.clock import START
from tests.support.randomness import SeededRandomness

ORIGIN = "soar.example/audit"
HEAD = AuditHead(1, "11" * 32, ("11" * 32,))
STRANGER = SigningKey("stranger.example", Ed25519PrivateKey.from_private_bytes(b"s" * 32))
COSIGNER = SigningKey("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)), is_cosigner=True)
Told = tuple[str, str, str | None]
Write = Callable[..., AuditRecord]


def tell(work: Callable[[], object]) -> Told:
    with pytest.raises(SoarError) as caught:
        work()
    return caught.value.code, caught.value.message, caught.value.hint


async def tell_of(store: Store, work: Callable[[Unit], object], workspace: str = "w") -> Told:
    with pytest.raises(SoarError) as caught:
        await store.write(workspace, work)
    return caught.value.code, caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("query", "code", "place", "said", "hint"),
    [
        ('type:"a"b', "query.syntax", 9, "a space or a comma is missing", "separate conditions by a space"),
        ("type:", "query.syntax", 6, "a value is missing", "write one right behind the colon or comma"),
        ('a "open', "query.syntax", 3, "the quote is not closed", 'write another " behind the text'),
        ("a --", "query.syntax", 3, "there is no word to look for", "write letters or digits"),
        ("before:now", "query.moment", 1, "`now` is no moment", "write 2026-11-01 or 2026-11-01T09:30:00Z"),
        (
            "before:2026-11-01 before:2026-11-02",
            "query.moment",
            19,
            "`before` takes one moment, once",
            "use `after` and `before` together",
        ),
    ],
)
def test_a_query_that_is_none(query: str, code: str, place: int, said: str, hint: str) -> None:
    assert tell(lambda: parse_query(query)) == (code, f"at character {place} of the query: {said}", hint)


def test_a_field_that_is_not_there_is_answered_by_those_that_are() -> None:
    code, said, hint = tell(lambda: parse_query("x COLOUR:red"))
    assert (code, said) == ("query.field", "at character 3 of the query: there is no field `colour`")
    assert hint is not None
    assert hint.startswith("fields are ")
    assert hint.endswith(", after, before; put other text in quotes")
    assert {"type", "actor", "target", "run"} <= {*hint.removeprefix("fields are ").partition(";")[0].split(", ")}
    assert "word" not in hint


def test_a_query_that_is_too_large() -> None:
    hint = "ask for less at once"
    assert parse_query("x" * LONGEST_QUERY).terms
    assert tell(lambda: parse_query("x" * (LONGEST_QUERY + 1))) == (
        "query.size",
        "a query has at most 500 characters",
        hint,
    )
    assert len(parse_query("type:" + ",".join("a" * 20)).terms[0].patterns) == 20
    assert tell(lambda: parse_query("type:" + ",".join("a" * 21))) == (
        "query.size",
        "a query names at most 20 values",
        hint,
    )


def test_moments_are_read_with_and_without_a_time_of_day() -> None:
    found = parse_query("after:2026-03-01 before:2026-03-01T09:00:00Z x")
    assert (found.after, found.before) == (START.replace(hour=0), START)
    assert len(found.terms) == 1


def test_a_view_that_is_not_there() -> None:
    assert tell(lambda: read_question("", "mine")) == (
        "not_found",
        "there is no view mine",
        "`soar audit views` shows them",
    )


async def test_a_record_whose_end_was_damaged(store: Store, write_event: Write) -> None:
    await store.write("w", lambda unit: unit._connection.execute(text("UPDATE audit_head SET range = '[]', size = 1")))
    assert await tell_of(store, write_event) == (
        "audit_head_damaged",
        "the stored end of the audit record is damaged: a tree of 1 leaves has 1 perfect subtrees, not 0",
        "stop the service and run `soar audit verify`; restore the database from a backup",
    )


@pytest.mark.parametrize(("size", "root"), [(2, "22" * 32), (1, "22" * 32)])
async def test_a_record_that_contradicts_its_checkpoint(
    store: Store, write_event: Write, key: SigningKey, size: int, root: str
) -> None:
    def contradict(unit: Unit) -> None:
        write_event(unit)
        unit.audit.add_checkpoint(Checkpoint(size=size, root=root, at=START, note=""))

    await store.write("w", contradict)
    assert await tell_of(store, lambda unit: checkpoint_head(unit, key=key, origin=ORIGIN, at=START)) == (
        "audit_contradicted",
        f"the audit record has 1 events and contradicts its checkpoint of {size}",
        "stop the service and run `soar audit verify`; restore the database from a backup",
    )


async def test_an_event_that_has_no_proof_yet(store: Store, write_event: Write, key: SigningKey) -> None:
    def sign_one_of_two(unit: Unit) -> None:
        write_event(unit)
        checkpoint_head(unit, key=key, origin=ORIGIN, at=START)
        write_event(unit)

    await store.write("w", write_event)
    unsigned = ("not_signed_yet", "event 0 is not signed yet", "try again in a second")
    assert await tell_of(store, lambda unit: prove_event(unit, 0)) == unsigned
    await store.write("w", sign_one_of_two)
    assert await store.read("w", lambda unit: prove_event(unit, 1))
    assert (await tell_of(store, lambda unit: prove_event(unit, 2)))[:2] == (
        "not_signed_yet",
        "event 2 is not signed yet",
    )
    for workspace, sequence in (("w", 3), ("other", 0)):
        assert await tell_of(store, lambda unit, asked=sequence: prove_event(unit, asked), workspace) == (
            "not_found",
            f"there is no event {sequence}",
            "`soar audit list` shows them",
        )


async def test_a_key_that_comes_later_signs_the_newest_checkpoint_once(
    store: Store, write_event: Write, key: SigningKey
) -> None:
    def sign(unit: Unit, *others: SigningKey) -> Checkpoint | None:
        return checkpoint_head(unit, key=key, origin=ORIGIN, at=START, others=others)

    def read_note(unit: Unit) -> str:
        latest = unit.audit.latest_checkpoint()
        assert latest is not None
        return latest.note

    await store.write("w", write_event)
    await store.write("w", sign)
    before = await store.read("w", read_note)
    for _ in range(2):
        assert await store.write("w", lambda unit: sign(unit, key, COSIGNER)) is None
    after = await store.read("w", read_note)
    assert after.startswith(before)
    opened = check_checkpoint(after, [key.verifier, COSIGNER.verifier])
    assert [(one.key.name, one.time) for one in opened.witnesses] == [(COSIGNER.name, int(START.timestamp()))]
    assert len(opened.signers) == 1
    report = await store.read("w", lambda unit: verify_unit(unit, [key.verifier, COSIGNER.verifier]))
    assert report.remarks == ("witness.example vouches for the first 1 event",)


async def test_a_signature_that_is_missing_is_told_where_its_own_key_was_given(
    store: Store, write_event: Write, key: SigningKey
) -> None:
    quantum = SigningKey(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
    await store.write("w", write_event)
    await store.write("w", lambda unit: checkpoint_head(unit, key=key, origin=ORIGIN, at=START))
    for other, said in (
        (quantum, ["the checkpoint of 1 events lacks the ML_DSA_44 signature, whose key was given"]),
        (replace(quantum, name="stranger.example"), []),
    ):
        keys = [key.verifier, other.verifier]
        report = await store.read("w", lambda unit, given=keys: verify_unit(unit, given))
        assert [fault.message for fault in report.faults] == said


async def test_leaves_are_read_from_one_up_to_another(store: Store, write_event: Write) -> None:
    written = [await store.write("w", write_event) for _ in range(4)]
    found = await store.read("w", lambda unit: read_leaves(unit, 1, 3))
    assert found == [bytes.fromhex(each.leaf) for each in written[1:3]]


def test_notes_and_keys_that_are_none(key: SigningKey) -> None:
    note = sign_note("text\n", key)
    assert tell(lambda: open_note(note, [STRANGER.verifier])) == (
        "unknown_signer",
        "no known key has signed this",
        "add the signer's public key",
    )
    assert tell(lambda: check_note(note[:-1], [])) == (
        "malformed_note",
        "this is no signed note",
        "copy the whole note, to its last newline",
    )
    for line in ("— a AAAA\n", "— AAAAAAAA\n", "- a AAAAAAAA\n", "— a b AAAAAAAA\n"):
        assert tell(lambda added=line: append_lines(note, added))[:2] == (
            "malformed_note",
            "a line of the note is no signature",
        )
    assert tell(lambda: parse_verifier_key("x" * 300)) == (
        "invalid",
        f"`{'x' * 200}` is no public key",
        "write name+id+base64, such as `soar.example/audit+…`",
    )
    assert tell(lambda: sign_note("text", key))[1] == "a note ends in a newline and holds no other control character"
    assert tell(lambda: check_note(note.replace("text", "test"), [key.verifier]))[:2] == (
        "wrong_signature",
        f"the signature of {ORIGIN} is wrong",
    )
    assert tell(lambda: unpack_time(b"1234567"))[:2] == (
        "malformed_note",
        "a line of the note is no timed signature",
    )


def test_checkpoints_and_proofs_that_are_none(key: SigningKey) -> None:
    assert tell(lambda: parse_statement("x"))[:2] == ("malformed_note", "the signed text is no checkpoint")
    assert tell(lambda: sign_checkpoint(HEAD, key, "two\nlines"))[1:] == (
        "a checkpoint's origin is one line of text",
        "use a name such as soar.example/audit",
    )
    assert tell(lambda: check_checkpoint(sign_checkpoint(HEAD, key, ORIGIN), [STRANGER.verifier])) == (
        "unknown_signer",
        "no known key has signed this",
        "add the signer's public key",
    )
    assert tell(lambda: parse_hash("AAAA"))[:2] == ("malformed_proof", "a line of the proof is no hash")
    name = "x" * 255
    assert write_subtree(str(Statement(name, 1, bytes(32))), name, 0).count(name.encode()) == 2
    assert tell(lambda: write_subtree(str(Statement(ORIGIN, 1, bytes(32))), "x" * 256, 0))[1] == (
        "a key's name and an origin have at most 255 bytes"
    )
    assert tell(lambda: verify_proof("x", [])) == (
        "malformed_proof",
        "this is no proof of an event",
        "copy the whole file",
    )
    record = AuditRecord(sequence=0, at=START, document={"seq": 0}, leaf="")
    proof = write_proof(record, (), sign_checkpoint(HEAD, key, ORIGIN))
    assert tell(lambda: verify_proof(proof, [key.verifier])) == (
        "wrong_proof",
        f"event 0 is not what the record of {ORIGIN} holds there",
        "it was changed, or the proof belongs to another event",
    )
    for raw, said in ((b"{", "the proof holds no event"), (b"[]", "the event is not in canonical form (RFC 8785)")):
        changed = proof.replace(base64.b64encode(b'{"seq":0}').decode(), base64.b64encode(raw).decode())
        assert tell(lambda made=changed: verify_proof(made, []))[:2] == ("malformed_proof", said)


def test_a_library_that_is_too_old_for_post_quantum_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SigningKey(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
    note = sign_checkpoint(HEAD, key, ORIGIN)
    assert check_checkpoint(note, [key.verifier]).statement.size == 1
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    assert tell(lambda: check_checkpoint(note, [key.verifier])) == (
        "no_post_quantum",
        "this version of `cryptography` does not know ML-DSA-44",
        "install a newer one, or give Ed25519 keys alone",
    )


def test_an_export_that_is_none() -> None:
    heading = f'{{"format":"soar-audit-export-1","keys":[],"root":"{EMPTY_ROOT.hex()}","size":0}}'
    assert verify_export([heading]).is_sound
    for lines, said in (
        ([], "line 1 is not JSON"),
        (["{}"], "line 1 is not the heading of a `soar-audit-export-1`"),
        ([heading, "[]"], "line 2 is not in canonical form (RFC 8785)"),
        ([heading, "{}"], "line 2 is neither an event nor a checkpoint"),
        ([heading, '{"event":{"at":"now","seq":0},"leaf":""}'], "line 2 names no moment"),
    ):
        assert tell(lambda given=lines: verify_export(given)) == ("malformed_export", said, "export again")


def test_a_request_that_a_witness_refuses(key: SigningKey, tmp_path: Path) -> None:
    witness = Witness(COSIGNER, [key.verifier], {})
    note = sign_checkpoint(HEAD, key, ORIGIN)

    def ask(request: Request) -> Told:
        return tell(lambda: witness.sign(request, 7))

    assert tell(lambda: parse_request("x"))[:2] == ("malformed_request", "this is no request to a witness")
    assert ask(Request(0, (), sign_checkpoint(HEAD, STRANGER, STRANGER.name)))[1:] == (
        "this witness does not know stranger.example",
        "start it with the record's public key",
    )
    assert ask(Request(0, (), sign_checkpoint(HEAD, replace(STRANGER, name=ORIGIN), ORIGIN)))[:2] == (
        "unknown_signer",
        "no known key has signed this",
    )
    assert ask(Request(2, (), note))[:2] == ("malformed_request", "the old size is above the new one")
    assert ask(Request(1, (), note)) == (
        "witness_stale",
        "the newest checkpoint that was signed has 0 events",
        "prove the growth from it",
    )
    assert ask(Request(0, (bytes(32),), note)) == (
        "witness_contradicted",
        "the checkpoint of 1 events did not grow out of that of 0",
        "the record was changed, or a second one is told; compare both with `soar audit verify`",
    )
    (tmp_path / "witness.json").write_text("[]")
    code, said, hint = tell(lambda: load_notes(tmp_path / "witness.json"))
    assert (code, hint) == (
        "witness_state",
        "restore it from a backup; a witness that forgets can be told another story",
    )
    assert said.startswith(f"{tmp_path / 'witness.json'} does not hold what a witness has signed: ")


def test_what_a_witness_keeps_can_be_read_and_compared_by_people(tmp_path: Path) -> None:
    save_notes(tmp_path / "witness.json", {"ö": "2", "b": "1"})
    assert (tmp_path / "witness.json").read_text("utf-8") == '{\n  "b": "1",\n  "ö": "2"\n}'


def test_files_that_an_auditor_cannot_read(tmp_path: Path) -> None:
    none, binary, empty = (tmp_path / name for name in ("none", "binary", "empty"))
    binary.write_bytes(b"\xff\n")
    empty.write_text("")
    works: tuple[Callable[[Path], object], ...] = (
        lambda file: verify_export_file(file, []),
        lambda file: verify_export_file(binary, [], [file]),
        lambda file: verify_proof_file(file, []),
    )
    for work in works:
        assert tell(lambda work=work: work(none))[:2] == ("not_found", f"there is no {none}")
        code, said, _ = tell(lambda work=work: work(binary))
        assert (code, said.partition(": ")[0]) == ("unreadable", f"{binary} cannot be read")
    assert tell(lambda: is_proof(none))[:2] == ("not_found", f"there is no {none}")
    assert tell(lambda: read_keys([str(binary)]))[:1] == ("unreadable",)
    assert tell(lambda: read_keys(["x" * 5_000]))[:1] == ("invalid",)  # no file has so long a name
    assert tell(lambda: verify_export_file(binary, [], [empty])) == (
        "malformed_anchor",
        f"{empty} holds no checkpoint",
        "give the anchor's whole file",
    )


def test_key_files_that_are_not_in_order(tmp_path: Path) -> None:
    file, make = tmp_path / "a key", "(umask 077 && head -c 32 /dev/urandom | base64 > "
    assert tell(lambda: read_key_file(file)) == (
        "key_file_missing",
        f"the key file {file} cannot be opened: No such file or directory",
        f"restore it from your backup; for a new installation make one: {make}'{file}')",
    )
    create_key_file(file, SeededRandomness())
    assert file.read_bytes() == base64.b64encode(SeededRandomness().bytes(32)) + b"\n"
    assert tell(lambda: create_key_file(file, SeededRandomness())) == (
        "key_file_exists",
        f"{file} exists already, and a key is never overwritten",
        "use that key, or name another path",
    )
    file.chmod(0o640)
    assert tell(lambda: read_key_file(file)) == (
        "key_file_insecure",
        f"the key file {file} can be read or written by others (mode 0640)",
        f"chmod 600 '{file}'",
    )
    file.chmod(0o600)
    for written in (b"x", b"!" + base64.b64encode(SeededRandomness().bytes(32))):
        file.write_bytes(written)
        assert tell(lambda: read_key_file(file)) == (
            "key_file_malformed",
            f"the key file {file} does not hold 32 bytes in base64",
            "restore it from your backup; what was encrypted or signed with it needs that very key",
        )
    for number, is_weak in ((15, True), (16, False)):
        file.write_bytes(base64.b64encode(bytes(range(number)) + bytes(32 - number)))
        if is_weak:
            assert tell(lambda: read_key_file(file)) == (
                "key_weak",
                f"the key file {file} does not hold random bytes",
                f"make a key: {make}'{file}')",
            )
        else:
            assert len(read_key_file(file)) == 32
    assert tell(lambda: read_key_file(tmp_path)) == (
        "key_file_malformed",
        f"{tmp_path} is not a file",
        "name the key file itself",
    )
