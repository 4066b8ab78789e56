from typing import Any

import pytest

from soar.audit.leaf import hash_document
from soar.audit.record import write_document
from soar.audit.seal import ERASABLE, blank_erased, draw_salts, erase_fields, find_erased, seal_document
from soar.model.audit import Actor, AuditRecord
from soar.model.errors import InputError
from tests.support.builders import build_audit_event
from tests.support.clock import START
from tests.support.randomness import SeededRandomness


def build_document(**changes: object) -> dict[str, Any]:
    filled = {
        "actor": Actor(kind="user", id="u_carol", name="carol", ip="203.0.113.9"),
        "target": {"kind": "action", "id": "edr.isolate", "targets": ["srv-files-01"], "name": "n", "title": "t"},
        "reason": "files are renaming",
        "before": {"status": "pending"},
        "after": {"status": "approved"},
    }
    event = build_audit_event(**{**filled, **changes})
    return write_document(event, sequence=4, id="ev_4", at=START, workspace="w", previous="0" * 64)


def build_record(**changes: object) -> AuditRecord:
    document = build_document(**changes)
    salts = draw_salts(document, SeededRandomness())
    return AuditRecord(sequence=4, at=START, document=document, leaf=hash_document(document, salts).hex(), salts=salts)


def test_each_field_with_something_in_it_gets_a_salt_of_its_own() -> None:
    salts = build_record().salts
    assert tuple(salts) == ERASABLE
    assert len({*salts.values()}) == len(ERASABLE)
    assert {len(salt) for salt in salts.values()} == {32}


def test_what_says_nothing_of_anybody_gets_no_salt() -> None:
    engine = Actor(kind="playbook", id="isolate", name="Isolate a host", via="engine")
    document = build_document(actor=engine, target={"kind": "run", "id": "run_1"}, reason=None, before=None, after=None)
    assert draw_salts(document, SeededRandomness()) == {}


def test_without_salts_a_leaf_is_that_of_the_whole_event() -> None:
    document = build_document()
    assert seal_document(document, {}) == document


@pytest.mark.parametrize("path", ERASABLE)
def test_a_field_is_erased_and_the_leaf_stays(path: str) -> None:
    record = build_record()
    erased = erase_fields(record, [path])
    assert find_erased(erased.document) == (path,)
    assert path not in erased.salts
    assert hash_document(erased.document, erased.salts).hex() == record.leaf
    assert find_erased(record.document) == ()


def test_all_fields_are_erased_one_after_the_other_and_once_only() -> None:
    record = build_record()
    for path in (*ERASABLE, *ERASABLE):
        record = erase_fields(record, [path])
    assert find_erased(record.document) == ERASABLE
    assert record.salts == {}
    assert hash_document(record.document).hex() == build_record().leaf
    assert not any(word in str(record.document) for word in ("'carol'", "203.0", "srv-files", "renaming", "pending"))


@pytest.mark.parametrize("path", ERASABLE)
def test_another_field_or_another_salt_has_another_leaf(path: str) -> None:
    record = build_record()
    other = {**record.salts, path: "00" * 16}
    assert hash_document(record.document, other).hex() != record.leaf
    changed = build_document(
        actor=Actor(kind="user", id="u_carol", name="eve", ip="203.0.113.7"),
        target={"kind": "action", "id": "edr.isolate", "targets": ["x"], "name": "x", "title": "x"},
        reason="nothing",
        before={},
        after={},
    )
    outer, _, name = path.rpartition(".")
    document = {**record.document}
    document |= {outer: {**document[outer], name: changed[outer][name]}} if outer else {name: changed[name]}
    assert hash_document(document, record.salts).hex() != record.leaf


@pytest.mark.parametrize(
    "salts",
    [
        {"digest": "00" * 16},
        {"actor.id": "00" * 16},
        {"target.title": "00" * 16},
        {"reason": "00"},
        {"reason": "zz" * 16},
        {"reason": ""},
    ],
)
def test_a_salt_for_what_may_not_be_erased_or_is_not_there_is_refused(salts: dict[str, str]) -> None:
    with pytest.raises(InputError):
        hash_document(build_document(target={"kind": "run", "id": "run_1"}), salts)


def test_only_a_commitment_counts_as_erased() -> None:
    after = {"sealed": "sha256:" + "0" * 64}
    assert find_erased(build_document(after=after)) == ("after",)
    for other in ({**after, "more": 1}, {"sealed": "sha256:00"}, {"sealed": 1}, {"sealed": "x" * 71}):
        assert find_erased(build_document(after=other)) == ()


def test_for_people_erased_fields_are_empty_and_named() -> None:
    record = build_record()
    assert blank_erased(record.document) == record.document
    shown = blank_erased(erase_fields(record, ["actor.name", "reason"]).document)
    assert (shown["actor"]["name"], shown["reason"], shown["erased"]) == (None, None, ["actor.name", "reason"])
    assert shown["actor"]["id"] == "u_carol"
