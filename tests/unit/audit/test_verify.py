import base64
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import text

from soar.audit.checkpoint import compute_head_root, sign_checkpoint
from soar.audit.keeper import checkpoint_head, verify_unit
from soar.audit.leaf import hash_document
from soar.audit.note import SigningKey, sign_line, sign_note
from soar.audit.record import advance_head, write_document
from soar.audit.verify import Report, verify_records
from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.store import Store, Unit
from tests.support.builders import build_audit_event
from tests.support.clock import START

ORIGIN = "soar.example/audit"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
EMPTY = AuditHead(0, "0" * 64, ())
SIZE = 12
Write = Callable[..., AuditRecord]
Records = list[AuditRecord]


def chain(documents: Sequence[dict[str, Any]]) -> tuple[Records, AuditHead]:
    """Number, chain and hash documents as an honest writer, or a forger with the whole database, would."""
    records, head = [], EMPTY
    for document in documents:
        placed = {**document, "seq": head.size, "prev": f"sha256:{head.last}"}
        leaf = hash_document(placed)
        records.append(AuditRecord(sequence=head.size, at=START, document=placed, leaf=leaf.hex()))
        head = advance_head(head, leaf)
    return records, head


def make_documents(count: int) -> list[dict[str, Any]]:
    return [
        write_document(build_audit_event(), sequence=0, id=f"ev_{index}", at=START, workspace="w", previous="")
        for index in range(count)
    ]


def sign(head: AuditHead) -> Checkpoint:
    root = compute_head_root(head).hex()
    return Checkpoint(size=head.size, root=root, at=START, note=sign_checkpoint(head, KEY, ORIGIN))


RECORDS, HEAD = chain(make_documents(SIZE))
MIDDLE = sign(chain(make_documents(SIZE // 2))[1])
END = sign(HEAD)


def verify(records: Sequence[AuditRecord], head: AuditHead | None = HEAD) -> Report:
    return verify_records(records, [MIDDLE, END], [KEY.verifier], head=head)


def list_paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        return [found for key in value for found in list_paths(value[key], (*path, key))]
    return [path]


def change_at(document: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    changed = deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


PLAIN = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.just({"x": [1]})
INDEXES = st.integers(0, SIZE - 1)


def test_an_untouched_record_is_sound() -> None:
    report = verify(RECORDS)
    assert report.is_sound
    assert report.summary == "✔ 12 events, 1 chain, 2 checkpoints"
    assert report.root == END.root


def test_an_empty_record_is_sound() -> None:
    assert verify_records([], [], [], head=EMPTY).is_sound


def test_one_of_each_is_said_in_the_singular() -> None:
    records, head = chain(make_documents(1))
    assert verify_records(records, [sign(head)], [KEY.verifier]).summary == "✔ 1 event, 1 chain, 1 checkpoint"


def test_a_sound_record_says_how_far_it_is_vouched_for() -> None:
    witness = SigningKey("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)), is_cosigner=True)
    text = MIDDLE.note.rpartition("\n\n")[0] + "\n"
    witnessed = MIDDLE.note + sign_line(text, witness, 7)
    keys = [KEY.verifier, witness.verifier]
    report = verify_records(RECORDS, [MIDDLE], keys, notes=[witnessed], anchored=[MIDDLE.note])
    assert (report.is_sound, report.checkpoints) == (True, 1)
    assert report.remarks == (
        "the last 6 events came after the newest checkpoint",
        "1 anchored statement agrees",
        "witness.example vouches for the first 6 events",
    )
    assert verify_records(RECORDS, [END], keys, anchored=[MIDDLE.note, END.note]).remarks == (
        "2 anchored statements agree",
    )
    assert verify_records(RECORDS, [], keys).remarks == ()


def test_notes_that_do_not_count_are_told_with_their_place() -> None:
    broken = MIDDLE.note.replace("\n6\n", "\n7\n")
    report = verify_records(RECORDS, [], [KEY.verifier], notes=[END.note, broken], anchored=["x"])
    assert [(fault.sequence, fault.message) for fault in report.faults] == [
        (None, f"checkpoint 2 of the record does not count: the signature of {ORIGIN} is wrong"),
        (None, "checkpoint 1 of the anchors does not count: this is no signed note"),
    ]
    assert report.remarks == ()


@given(index=INDEXES, data=st.data(), value=PLAIN)
def test_any_change_of_any_field_of_a_document_is_found_at_that_event(
    index: int, data: st.DataObject, value: object
) -> None:
    document = dict(RECORDS[index].document)
    path = data.draw(st.sampled_from(list_paths(document)))
    changed = change_at(document, path, value)
    assume(hash_document(changed).hex() != RECORDS[index].leaf)  # else the value drawn is the one that stood there
    report = verify([*RECORDS[:index], replace(RECORDS[index], document=changed), *RECORDS[index + 1 :]])
    assert [fault.sequence for fault in report.faults] == [index]
    assert report.size == index


@given(index=INDEXES, name=st.sampled_from(["added", "Reason", ""]))
def test_an_added_or_removed_field_is_found(index: int, name: str) -> None:
    added = {**RECORDS[index].document, name: None}
    removed = {key: value for key, value in RECORDS[index].document.items() if key != "reason"}
    for document in (added, removed):
        report = verify([*RECORDS[:index], replace(RECORDS[index], document=document), *RECORDS[index + 1 :]])
        assert report.faults[0].sequence == index


@pytest.mark.parametrize(
    "changes", [{"sequence": 4}, {"sequence": 99}, {"at": START + timedelta(microseconds=1)}, {"leaf": "00" * 32}]
)
def test_a_changed_column_is_found(changes: dict[str, Any]) -> None:
    report = verify([*RECORDS[:5], replace(RECORDS[5], **changes), *RECORDS[6:]])
    assert report.faults[0].sequence == 5


@given(index=INDEXES)
def test_a_deleted_event_is_found(index: int) -> None:
    report = verify([*RECORDS[:index], *RECORDS[index + 1 :]])
    assert report.faults[0].sequence == index


@given(pair=st.tuples(INDEXES, INDEXES).filter(lambda pair: pair[0] < pair[1]))
def test_two_swapped_events_are_found(pair: tuple[int, int]) -> None:
    one, other = pair
    swapped = list(RECORDS)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert verify(swapped).faults[0].sequence == one


@given(index=INDEXES, to=INDEXES)
def test_an_event_that_stands_twice_is_found(index: int, to: int) -> None:
    assert not verify([*RECORDS[:to], RECORDS[index], *RECORDS[to:]]).is_sound


@given(size=st.integers(0, SIZE - 1))
def test_a_record_cut_short_is_found_by_its_checkpoint_even_with_a_forged_head(size: int) -> None:
    records, head = chain(make_documents(size))
    report = verify(records, head)
    assert report.faults[0].sequence == size
    assert f"{SIZE - size} {'is' if SIZE - size == 1 else 'are'} missing" in report.faults[0].message


@given(index=INDEXES, act=st.sampled_from(["change", "delete", "insert"]))
def test_a_forger_who_rehashes_everything_is_found_by_the_checkpoints(index: int, act: str) -> None:
    documents = make_documents(SIZE)
    match act:
        case "change":
            documents[index] = {**documents[index], "outcome": "denied"}
        case "delete":
            del documents[index]
        case _:
            documents.insert(index, {**documents[index], "id": "ev_forged"})
    records, head = chain(documents)
    report = verify(records, head)
    assert not report.is_sound
    assert report.checkpoints == (1 if index >= SIZE // 2 else 0)
    assert verify_records(records, [], [KEY.verifier], head=head).is_sound  # so it takes a checkpoint out of reach


@given(index=st.integers(0, SIZE - 2))
def test_a_forger_who_rehashes_one_event_is_found_at_the_next(index: int) -> None:
    document = {**RECORDS[index].document, "outcome": "denied"}
    forged = replace(RECORDS[index], document=document, leaf=hash_document(document).hex())
    report = verify_records([*RECORDS[:index], forged, *RECORDS[index + 1 :]], [], [])
    assert report.faults[0].sequence == index + 1
    assert "does not follow the event before it" in report.faults[0].message


def test_a_signed_emptiness_with_another_root_is_a_contradiction() -> None:
    empty = sign(EMPTY)
    assert verify_records(RECORDS, [empty], [KEY.verifier]).is_sound
    root = "11" * 32
    body = f"{ORIGIN}\n0\n{base64.b64encode(bytes.fromhex(root)).decode()}\n"
    report = verify_records(RECORDS, [replace(empty, root=root, note=sign_note(body, KEY))], [KEY.verifier])
    assert (report.size, report.is_sound) == (0, False)


def test_the_first_fault_is_told_in_words() -> None:
    changed = replace(RECORDS[8], document={**RECORDS[8].document, "outcome": "denied"})
    report = verify([*RECORDS[:8], changed, *RECORDS[9:]])
    assert report.summary == "✖ event 8 was changed (hash differs); the 6 events before event 6 are sound, as signed"
    gap = verify([*RECORDS[:3], *RECORDS[4:]])
    assert gap.summary == "✖ event 3 is missing: event 4 stands in its place; nothing before it is signed"


def test_a_rewritten_past_is_told_in_words() -> None:
    documents = make_documents(SIZE)
    documents[7] = {**documents[7], "outcome": "denied"}
    report = verify(*chain(documents))
    assert report.summary == (
        "✖ the first 12 events are not those that were signed: something from event 6 on was changed, removed or "
        "put in; the 6 events before event 6 are sound, as signed"
    )


def test_a_document_without_canonical_form_is_a_changed_one() -> None:
    broken = replace(RECORDS[2], document={**RECORDS[2].document, "reason": "\ud800"})
    assert verify([*RECORDS[:2], broken]).faults[0].message.startswith("event 2 was changed (its content has no")


def test_a_stored_head_that_differs_is_found() -> None:
    for head in (replace(HEAD, last="00" * 32), replace(HEAD, range=("00" * 32,) * 2), EMPTY):
        assert "the stored head" in verify(RECORDS, head).faults[0].message


def test_a_checkpoint_counts_only_with_a_good_signature_of_a_known_key() -> None:
    stranger = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    unknown = verify_records(RECORDS, [END], [stranger.verifier])
    assert unknown.checkpoints == 0
    assert unknown.faults[0].message == "the checkpoint of 12 events does not count: no known key has signed this"
    broken = replace(END, note=END.note.replace(f"\n{SIZE}\n", "\n13\n"))
    assert "is wrong" in verify_records(RECORDS, [broken], [KEY.verifier]).faults[0].message


@pytest.mark.parametrize("changes", [{"size": 11}, {"root": "00" * 32}])
def test_a_checkpoint_whose_columns_were_changed_is_found(changes: dict[str, Any]) -> None:
    report = verify_records(RECORDS, [replace(END, **changes)], [KEY.verifier])
    assert "its note differs" in report.faults[0].message


async def fill(store: Store, write_event: Write) -> None:
    def work(unit: Unit) -> None:
        for _ in range(5):
            write_event(unit)
        checkpoint_head(unit, key=KEY, origin=ORIGIN, at=START)

    await store.write("w", work)
    await store.write("other", write_event)


async def test_the_stored_record_is_sound(store: Store, write_event: Write) -> None:
    await fill(store, write_event)
    report = await store.read("w", lambda unit: verify_unit(unit, [KEY.verifier]))
    assert report.summary == "✔ 6 events, 1 chain, 1 checkpoint"


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE audit SET document = replace(document, 'carol', 'mallory') WHERE sequence = 3", 3),
        ("UPDATE audit SET leaf = 'no hash' WHERE sequence = 2", 2),
        ("DELETE FROM audit WHERE sequence = 0", 0),
        ("DELETE FROM audit WHERE sequence = 5", 5),
        ("UPDATE audit SET sequence = 77 WHERE sequence = 4", 4),
        ("UPDATE audit_head SET size = 5", 5),
    ],
)
async def test_what_is_done_to_the_database_by_hand_is_found(
    store: Store, write_event: Write, statement: str, first: int
) -> None:
    await fill(store, write_event)
    changed = await store.write("w", lambda unit: unit._connection.execute(text(statement)).rowcount)
    assert changed == 1
    report = await store.read("w", lambda unit: verify_unit(unit, [KEY.verifier]))
    assert report.faults[0].sequence == first


async def test_a_record_longer_than_a_batch_is_read_whole(store: Store, write_event: Write) -> None:
    await store.write("w", lambda unit: [write_event(unit) for _ in range(1_001)])
    report = await store.read("w", lambda unit: verify_unit(unit, []))
    assert (report.size, report.is_sound) == (1_001, True)
