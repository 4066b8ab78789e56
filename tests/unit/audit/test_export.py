import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.export import export_lines, read_anchor, verify_export
from soar.audit.keeper import checkpoint_head
from soar.audit.note import SigningKey
from soar.model.audit import AuditRecord
from soar.model.errors import InputError
from soar.store import Store, Unit
from tests.support.clock import START

ORIGIN = "soar.example/audit"
Write = Callable[..., AuditRecord]


def export(unit: Unit, key: SigningKey) -> list[str]:
    head = unit.audit.head()
    return list(export_lines(unit.audit.range(0, head.size), unit.audit.checkpoints(), [key.verifier], head=head))


@pytest.fixture
async def lines(store: Store, write_event: Write, key: SigningKey) -> list[str]:
    def work(unit: Unit) -> None:
        for _ in range(3):
            write_event(unit, "größer ≥")
            checkpoint_head(unit, key=key, origin=ORIGIN, at=START)

    await store.write("w", work)
    return await store.read("w", lambda unit: export(unit, key))


def test_an_export_is_a_heading_events_and_checkpoints(lines: list[str]) -> None:
    kinds = [sorted(json.loads(line)) for line in lines]
    assert kinds == [["format", "keys", "root", "size"], *[["event", "leaf"]] * 3, *[["note"]] * 3]
    assert not any("\n" in line for line in lines)


def test_an_export_is_checked_elsewhere(lines: list[str], key: SigningKey) -> None:
    for form in (lines, [f"{line}\n" for line in lines]):
        assert verify_export(form, [key.verifier]).summary == "✔ 3 events, 1 chain, 3 checkpoints"


def test_without_keys_of_ones_own_the_exports_are_taken(lines: list[str]) -> None:
    assert verify_export(lines).checkpoints == 3


def test_an_export_signed_by_somebody_else_is_not_sound(lines: list[str]) -> None:
    other = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert not verify_export(lines, [other.verifier]).is_sound


def test_a_missing_line_is_found(lines: list[str], key: SigningKey) -> None:
    for index in range(1, 4):
        assert not verify_export(lines[:index] + lines[index + 1 :], [key.verifier]).is_sound


def test_lost_checkpoints_and_the_events_after_them_are_told_by_the_heading(lines: list[str]) -> None:
    report = verify_export(lines[:3])
    assert report.summary == "✖ the heading speaks of 3 events and 2 follow, or they differ"
    assert [fault.sequence for fault in report.faults] == [2]


@pytest.mark.parametrize("index", range(7))
def test_a_line_in_another_form_is_refused_with_its_number(index: int, lines: list[str]) -> None:
    spaced = json.dumps(json.loads(lines[index]), ensure_ascii=False)
    with pytest.raises(InputError, match=f"line {index + 1} is not in canonical form") as caught:
        verify_export([*lines[:index], spaced, *lines[index + 1 :]])
    assert [(fault.pointer, fault.message) for fault in caught.value.faults] == [(f"/{index}", caught.value.message)]


@pytest.mark.parametrize("line", ["", "[]", "7", "nonsense", '{"a":1,"a":1}', "[" * 5_000, '{"a":"\\ud800"}', "NaN"])
def test_a_line_that_is_no_document_is_refused(line: str, lines: list[str]) -> None:
    with pytest.raises(InputError, match="line 2 is not"):
        verify_export([lines[0], line])


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        '{"event":{"at":"2026-01-01T00:00:00Z","seq":0},"leaf":"","more":1}',
        '{"event":{"seq":0},"leaf":""}',
        '{"note":1}',
        '{"more":1,"note":""}',
    ],
)
def test_a_document_that_is_neither_event_nor_checkpoint_is_refused(line: str, lines: list[str]) -> None:
    with pytest.raises(InputError, match="line 2 is neither"):
        verify_export([lines[0], line])


def test_an_event_at_no_moment_is_refused(lines: list[str]) -> None:
    with pytest.raises(InputError, match="line 2 names no moment"):
        verify_export([lines[0], '{"event":{"at":"yesterday","seq":0},"leaf":""}'])


def test_checkpoints_that_were_kept_elsewhere_count_too(lines: list[str], key: SigningKey) -> None:
    notes = [json.loads(line)["note"] for line in lines[4:]]
    kept = "".join(f"{note}\n" for note in notes)
    assert read_anchor(f"half a no\n\n{kept}") == tuple(notes)
    report = verify_export(lines[:4], [key.verifier], notes)
    assert (report.checkpoints, report.remarks) == (3, ("3 anchored statements agree",))
    heading = lines[0].replace('"size":3', '"size":1')
    cut = verify_export([heading, *lines[1:2]], [key.verifier], notes)
    assert "a signed checkpoint counts 3: 2 are missing" in cut.summary
    strange = verify_export(lines, [key.verifier], [notes[0].replace("\n1\n", "\n2\n")])
    assert (
        strange.faults[0].message
        == "checkpoint 1 of the anchors does not count: the signature of soar.example/audit is wrong"
    )


def test_an_event_after_a_checkpoint_is_refused(lines: list[str]) -> None:
    with pytest.raises(InputError, match="line 4 is an event after a checkpoint"):
        verify_export([lines[0], lines[1], lines[4], lines[2]])


@pytest.mark.parametrize(
    "heading",
    ["{}", '{"format":"soar-audit-export-2","keys":[],"root":"","size":0}', '{"format":"soar-audit-export-1"}'],
)
def test_another_heading_is_refused(heading: str) -> None:
    with pytest.raises(InputError, match="line 1 is not the heading"):
        verify_export([heading])


def test_nothing_is_no_export() -> None:
    with pytest.raises(InputError, match="line 1 is not JSON"):
        verify_export([])


def is_refused(lines: list[str], key: SigningKey) -> bool:
    try:
        return not verify_export(lines, [key.verifier]).is_sound
    except InputError:
        return True


@pytest.mark.parametrize("index", range(4))
def test_any_changed_character_of_heading_or_event_is_found(index: int, lines: list[str], key: SigningKey) -> None:
    line = lines[index]
    for position in range(0, len(line), 5):
        other = "1" if line[position] != "1" else "2"
        changed = f"{line[:position]}{other}{line[position + 1 :]}"
        assert is_refused([*lines[:index], changed, *lines[index + 1 :]], key), changed
