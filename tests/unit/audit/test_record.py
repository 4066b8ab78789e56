import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from soar.audit.record import LONGEST_REASON, record
from soar.audit.tree import compute_root, fold_root, make_compact
from soar.model.audit import AuditRecord
from soar.model.canonical import canonicalize
from soar.model.errors import InputError
from soar.store import Store, Unit
from tests.support.builders import build_audit_event
from tests.support.clock import START

Write = Callable[..., AuditRecord]


async def test_an_event_is_written_in_the_documented_shape(store: Store, write_event: Write) -> None:
    written = await store.write("w", lambda unit: write_event(unit, "seen it"))
    assert str(written.document["id"]).startswith("ev_")
    assert written.document == {
        "seq": 0,
        "id": written.document["id"],
        "at": "2026-03-01T09:00:00Z",
        "type": "approval.voted",
        "outcome": "success",
        "actor": {
            "kind": "user",
            "id": "u_carol",
            "name": "carol",
            "roles": ["analyst", "soc-lead"],
            "via": "web",
            "ip": None,
            "session": None,
            "assurance": None,
        },
        "target": {"kind": "approval", "id": "ap_1"},
        "reason": "seen it",
        "before": {"votes": 1},
        "after": {"votes": 2},
        "digest": "sha256:4be1",
        "context": {"run": "r_1"},
        "workspace": "w",
        "prev": "sha256:" + "0" * 64,
    }
    assert written.leaf == hashlib.sha256(b"\x00" + canonicalize(dict(written.document))).hexdigest()


async def test_grants_are_written_where_somebody_holds_any(store: Store) -> None:
    event = build_audit_event()
    granted = replace(event, actor=replace(event.actor, grants=("viewer@team=$own", "analyst@source=siem")))
    written = await store.write("w", lambda unit: record(unit, granted, at=START, id="ev_1"))
    assert written.document["actor"]["grants"] == ["analyst@source=siem", "viewer@team=$own"]
    assert written.leaf == hashlib.sha256(b"\x00" + canonicalize(dict(written.document))).hexdigest()


async def test_events_of_all_workspaces_make_one_chain_and_one_tree(store: Store, write_event: Write) -> None:
    for number in range(9):
        await store.write(f"w{number % 2}", write_event)
    records = await store.read("w0", lambda unit: unit.audit.range(0, 100))
    head = await store.read("w0", lambda unit: unit.audit.head())
    assert [entry.sequence for entry in records] == list(range(9))
    assert [entry.document["prev"] for entry in records[1:]] == [f"sha256:{entry.leaf}" for entry in records[:-1]]
    assert (head.size, head.last) == (9, records[-1].leaf)
    leaves = [bytes.fromhex(entry.leaf) for entry in records]
    assert fold_root([bytes.fromhex(subtree) for subtree in head.range]) == compute_root(leaves)


async def test_what_is_rolled_back_leaves_no_event_and_no_gap(store: Store, write_event: Write) -> None:
    def fail(unit: Unit) -> None:
        write_event(unit)
        raise InputError("changed my mind")

    await store.write("w", write_event)
    with pytest.raises(InputError, match="changed my mind"):
        await store.write("w", fail)
    written = await store.write("w", write_event)
    assert written.sequence == 1


async def test_a_thousand_events_fit_one_transaction(store: Store, write_event: Write) -> None:
    await store.write("w", lambda unit: [write_event(unit) for _ in range(1_000)])
    head, leaves = await store.read("w", lambda unit: (unit.audit.head(), unit.audit.leaves(0, 2_000)))
    assert head.size == len(leaves) == 1_000
    assert [*map(bytes.fromhex, head.range)] == [*make_compact(map(bytes.fromhex, leaves))]


async def test_a_long_reason_is_cut_and_says_so(store: Store, write_event: Write) -> None:
    exact = await store.write("w", lambda unit: write_event(unit, "x" * LONGEST_REASON))
    longer = await store.write("w", lambda unit: write_event(unit, "x" * (LONGEST_REASON + 1)))
    assert exact.document["reason"] == "x" * LONGEST_REASON
    assert longer.document["reason"] == "x" * (LONGEST_REASON - 1) + "…"


async def test_hostile_text_is_kept_as_evidence(store: Store, write_event: Write) -> None:
    hostile = "\x1b[31m\u202e</script>${{ secrets.x }}\x00"
    written = await store.write("w", lambda unit: write_event(unit, hostile))
    (stored,) = await store.read("w", lambda unit: unit.audit.range(0, 1))
    assert stored == written
    assert stored.document["reason"] == hostile


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
async def test_what_has_no_canonical_form_stops_the_change(store: Store, value: float | str) -> None:
    event = replace(build_audit_event(), after={"value": value})
    with pytest.raises(InputError, match="cannot record") as caught:
        await store.write("w", lambda unit: record(unit, event, at=START, id="ev_1"))
    assert caught.value.code == "not_recordable"
    head = await store.read("w", lambda unit: unit.audit.head())
    assert head.size == 0


async def test_moments_are_written_in_utc(store: Store) -> None:
    local = START.astimezone(timezone(timedelta(hours=2)))
    written = await store.write("w", lambda unit: record(unit, build_audit_event(), at=local, id="ev_1"))
    assert written.document["at"] == "2026-03-01T09:00:00Z"
