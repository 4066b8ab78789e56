from collections.abc import Callable
from datetime import timedelta

import pytest

from soar.audit.query import parse_query
from soar.model.audit import AuditRecord
from soar.model.audit_query import Tally
from soar.model.values import print_timestamp
from soar.store import Store, Unit
from tests.contract.works import Works
from tests.support.clock import START

HOSTILE = "x' OR 1=1; DROP TABLE audit; -- \x00 %_*\\ \u202e\U0010ffff"


def build(sequence: int, type_: str, *, days: int = 0, outcome: str = "success", **parts: object) -> AuditRecord:
    at = START + timedelta(days=days)
    document = {
        "seq": sequence,
        "id": f"ev_{sequence}",
        "at": print_timestamp(at),
        "type": type_,
        "outcome": outcome,
        "actor": {"kind": "user", "id": "u_carol", "name": "Carol", "roles": ["soc-lead"], "via": "chat", "ip": "::1"},
        "target": {"kind": "approval", "id": "ap_1", "code": "AB12"},
        **parts,
    }
    return AuditRecord(sequence=sequence, at=at, document=document, leaf=f"leaf-{sequence}")


VOTE = build(0, "approval.voted", reason="Seen it; files are RENAMING on srv-files-01", context={"run": "run_1"})
BEGUN = build(
    1,
    "action.started",
    days=1,
    actor={"kind": "playbook", "id": "isolate-host", "name": "Isolate a host"},
    target={"kind": "action", "id": "edr.isolate", "connection": "edr", "targets": ["srv-files-01", "srv-files-02"]},
    context={"run": "run_1", "step": "steps[0]", "effect": "write", "approval": None, "playbook": "isolate-host"},
)
ENDED = build(
    2, "action.finished", days=2, outcome="failure", target={"kind": "step", "id": "steps[0]", "run": "run_1"}
)
LOGIN = build(
    3,
    "session.started",
    days=3,
    outcome="denied",
    actor={"kind": "stranger", "id": "203.0.113.9"},
    target={"kind": "user", "id": "", "name": HOSTILE},
)
ODD = build(4, "approvalXvoted", days=4, actor=None, target="odd", context=[], reason="Straße \uff21\uff22\uff23")


def append(*records: AuditRecord) -> Callable[[Unit], None]:
    def work(unit: Unit) -> None:
        for record in records:
            head = unit.audit.head()
            unit.audit.append(record, type(head)(record.sequence + 1, record.leaf, ()))
        unit.audit_index.advance(100)

    return work


async def test_events_are_found_once_they_are_looked_at_and_each_is_once(write: Works, read: Works) -> None:
    async def find() -> list[int]:
        page = await read(lambda unit: unit.audit.list(9, query=parse_query("actor:carol")))
        return [record.sequence for record in page.items]

    def record(unit: Unit) -> None:
        for event in (VOTE, BEGUN, ENDED):
            unit.audit.append(event, type(unit.audit.head())(event.sequence + 1, event.leaf, ()))

    await write(record)
    assert await find() == []
    assert [await write(lambda unit: unit.audit_index.advance(2)) for _ in range(3)] == [2, 1, 0]
    assert await find() == [2, 0]


@pytest.fixture
async def find(write: Works, read: Works) -> Callable[[str], object]:
    await write(append(VOTE, BEGUN, ENDED, LOGIN, ODD))

    async def search(text: str) -> list[int]:
        page = await read(lambda unit: unit.audit.list(10, query=parse_query(text)))
        return [record.sequence for record in page.items]

    return search


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [4, 3, 2, 1, 0]),
        ("actor:carol", [2, 0]),
        ("ACTOR:u_CAROL", [2, 0]),
        ("actor:carol,isolate-host", [2, 1, 0]),
        ("type:approval.*", [0]),
        ("type:approval.voted", [0]),
        ("type:approval", []),
        ("type:a*", [4, 2, 1, 0]),
        ('type:"a*"', []),
        ("type:%", []),
        ("type:action.%", []),
        ("-outcome:success", [3, 2]),
        ("outcome:success -actor:carol", [4, 1]),
        ("-type:a*", [3]),
        ("host:srv-files-01", [1]),
        ("host:srv-*", [1]),
        ("target:AB12", [0]),
        ("connection:edr action:edr.isolate effect:write", [1]),
        ("effect:*", [1]),
        ("approval:*", [0]),
        ("-approval:* effect:*", [1]),
        ("run:run_1", [2, 1, 0]),
        ("role:soc-lead via:chat ip:::1", [2, 0]),
        ("kind:step", [2]),
        ("step:steps[0]", [1]),
        ("id:ev_3", [3]),
        ("renaming", [0]),
        ('"files are renaming"', [0]),
        ('"renaming files"', [0]),
        ("srv-files-01", [1, 0]),
        ("renam*", [0]),
        ("renam", []),
        ("srv-fi*", [1, 0]),
        ("-renaming srv-files-01", [1]),
        ("strasse abc", [4]),
        ("after:2026-03-03", [4, 3, 2]),
        ("before:2026-03-02", [0]),
        ("after:2026-03-02T09:00:00Z before:2026-03-03T09:00:00Z", [1]),
        ("after:2026-03-02T09:00:00.001Z before:2026-03-03T09:00:00Z", []),
        ("day:2026-03-01", [0]),
        ("drop table", [3]),
        ("run_1' OR 1=1", []),
    ],
)
async def test_a_query_finds_exactly_what_it_asks_for(find: Callable, text: str, expected: list[int]) -> None:
    assert await find(text) == expected


async def test_hostile_text_is_found_as_it_is_and_does_nothing(find: Callable) -> None:
    quoted = HOSTILE.replace("\\", "\\\\")
    assert await find(f'target:"{quoted}"') == [3]
    assert await find(f'target:"{quoted[:-1]}"') == []
    assert await find("") == [4, 3, 2, 1, 0]


async def test_a_query_is_walked_by_its_cursor(read: Works, find: Callable) -> None:
    query = parse_query("run:run_1")
    first = await read(lambda unit: unit.audit.list(2, query=query))
    rest = await read(lambda unit: unit.audit.list(2, first.next, query=query))
    assert [record.sequence for record in (*first.items, *rest.items)] == [2, 1, 0]
    assert (len(first.items), rest.next) == (2, None)


async def test_a_workspace_finds_its_own_events_alone(store: Store) -> None:
    await store.write("north", append(VOTE))
    await store.write("south", append(build(1, "approval.voted", reason="renaming")))

    async def find(workspace: str, text: str) -> list[int]:
        page = await store.read(workspace, lambda unit: unit.audit.list(9, query=parse_query(text)))
        return [record.sequence for record in page.items]

    assert (await find("north", "renaming"), await find("south", "renaming")) == ([0], [1])
    assert (await find("north", "-files"), await find("south", "-files")) == ([], [1])
    assert (await store.read("south", lambda unit: unit.audit.facets(parse_query("")))).counted == 1


async def test_facets_count_what_matches(read: Works, find: Callable) -> None:
    every = await read(lambda unit: unit.audit.facets(parse_query("")))
    assert (every.counted, every.is_complete) == (5, True)
    assert every.outcomes == (Tally("success", 3), Tally("denied", 1), Tally("failure", 1))
    assert every.actors[0] == Tally("Carol", 2)
    assert every.days == tuple(Tally(f"2026-03-0{day}", 1) for day in (5, 4, 3, 2, 1))
    some = await read(lambda unit: unit.audit.facets(parse_query("run:run_1 -outcome:failure")))
    assert (some.counted, some.outcomes) == (2, (Tally("success", 2),))
    assert some.types == (Tally("action.started", 1), Tally("approval.voted", 1))


async def test_facets_are_bounded_and_say_so(
    write: Works, read: Works, monkeypatch: pytest.MonkeyPatch, find: Callable
) -> None:
    monkeypatch.setattr("soar.store.audit_search.MOST_COUNTED", 3)
    monkeypatch.setattr("soar.store.audit_search.MOST_VALUES", 2)
    found = await read(lambda unit: unit.audit.facets(parse_query("")))
    assert (found.counted, found.is_complete) == (3, False)
    assert (len(found.types), found.days) == (2, (Tally("2026-03-05", 1), Tally("2026-03-04", 1)))


async def test_an_event_with_endless_texts_is_kept_and_found_by_its_first_words(write: Works, find: Callable) -> None:
    words = " ".join(f"w{number}" for number in range(100_000))
    deep: object = "bottom"
    for _ in range(200):
        deep = [deep]
    await write(append(build(5, "x" * 5_000, reason=words, before={"odd": "\ud800" * 900, "deep": deep})))
    assert await find("w0 w400") == [5]
    assert await find("w99999") == []
    assert await find("type:" + "x" * 400) == [5]


async def test_events_of_many_blocks_and_two_workspaces_are_told_apart(store: Store) -> None:
    def place(sequence: int) -> str:
        return "other" if sequence % 5 == 0 else "default"

    def run_of(sequence: int) -> str:
        return f"run_{sequence % 7}"

    for sequence in range(150):
        event = build(sequence, "action.started", context={"run": run_of(sequence)})
        await store.write(place(sequence), lambda unit, event=event: _record(unit, event))
    while await store.write("default", lambda unit: unit.audit_index.advance(13)):
        pass
    for workspace in ("default", "other"):
        ours = [sequence for sequence in range(149, -1, -1) if place(sequence) == workspace]
        for text, holds in (
            ("run:run_3", lambda sequence: run_of(sequence) == "run_3"),
            ("-run:run_3", lambda sequence: run_of(sequence) != "run_3"),
            ("run:run_3,run_4 type:action.*", lambda sequence: run_of(sequence) in {"run_3", "run_4"}),
            ("id:ev_64", lambda sequence: sequence == 64),
        ):
            query = parse_query(text)
            page = await store.read(workspace, lambda unit, query=query: unit.audit.list(200, query=query))
            assert [record.sequence for record in page.items] == [each for each in ours if holds(each)], text
            counted = await store.read(workspace, lambda unit, query=query: unit.audit.facets(query))
            assert counted.outcomes == ((Tally("success", len(page.items)),) if page.items else ())


def _record(unit: Unit, event: AuditRecord) -> None:
    unit.audit.append(event, type(unit.audit.head())(event.sequence + 1, event.leaf, ()))
