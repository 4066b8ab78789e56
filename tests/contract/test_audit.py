import asyncio
from collections.abc import Callable

import pytest

from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.errors import BugError, ConflictError, InputError, NotFoundError
from soar.store import Store, Unit
from tests.contract.works import Works
from tests.support.clock import START


def build_record(sequence: int, **document: object) -> AuditRecord:
    plain = {"seq": sequence, "type": "approval.voted", "actor": {"kind": "user", "id": "u_1", "name": "ada"}}
    target = {"target": {"kind": "approval", "id": "ap_1"}}
    return AuditRecord(sequence=sequence, at=START, document={**plain, **target, **document}, leaf=f"leaf-{sequence}")


def build_head(size: int) -> AuditHead:
    return AuditHead(size, f"leaf-{size - 1}", tuple(f"hash-{number}" for number in range(size)))


def append(*records: AuditRecord) -> Callable[[Unit], None]:
    def work(unit: Unit) -> None:
        for record in records:
            unit.audit.append(record, build_head(record.sequence + 1))

    return work


async def test_an_empty_record_has_a_head_of_zeros(read: Works) -> None:
    assert await read(lambda unit: unit.audit.head()) == AuditHead(0, 64 * "0", ())


async def test_events_are_appended_and_the_head_moves(write: Works, read: Works) -> None:
    await write(append(build_record(0), build_record(1, reason="\ud800", number=2**70)))
    assert await read(lambda unit: unit.audit.head()) == build_head(2)
    found = await read(lambda unit: unit.audit.range(0, 2))
    assert found == (build_record(0), build_record(1, reason="\ud800", number=2**70))


@pytest.mark.parametrize("sequence", [0, 1, 3])
async def test_an_event_out_of_its_place_is_refused(write: Works, read: Works, sequence: int) -> None:
    await write(append(build_record(0), build_record(1)))
    with pytest.raises(ConflictError):
        await write(append(build_record(sequence)))
    assert await read(lambda unit: unit.audit.head()) == build_head(2)
    assert len(await read(lambda unit: unit.audit.range(0, 10))) == 2


async def test_an_event_is_never_replaced_even_if_the_head_was_turned_back(write: Works, read: Works) -> None:
    await write(append(build_record(0), build_record(1)))

    def turn_back_and_append(unit: Unit) -> None:
        unit._connection.exec_driver_sql("UPDATE audit_head SET size = 1")
        unit.audit.append(build_record(1, reason="forged"), build_head(2))

    with pytest.raises(ConflictError):
        await write(turn_back_and_append)
    assert await read(lambda unit: unit.audit.range(1, 2)) == (build_record(1),)


async def test_works_in_one_transaction_go_on_where_the_last_one_ended(write: Works, read: Works) -> None:
    def append_and_fail(unit: Unit) -> None:
        append(build_record(1, reason="undone"), build_record(2))(unit)
        raise NotFoundError("nobody")

    works = (append(build_record(0)), append_and_fail, append(build_record(1)))
    ended = await asyncio.gather(*map(write, works), return_exceptions=True)
    assert [type(end) for end in ended] == [type(None), NotFoundError, type(None)]
    assert await read(lambda unit: unit.audit.head()) == build_head(2)
    assert await read(lambda unit: unit.audit.range(0, 9)) == (build_record(0), build_record(1))


async def test_a_work_reads_the_events_that_its_transaction_has_not_written_yet(write: Works, read: Works) -> None:
    def look(unit: Unit) -> tuple[object, ...]:
        append(build_record(1))(unit)
        found = unit.audit.get(1), unit.audit.leaves(0, 9), unit.audit.list(9).items
        append(build_record(2))(unit)
        return *found, unit.audit.range(2, 9)

    _, found = await asyncio.gather(write(append(build_record(0))), write(look))
    assert found == (
        build_record(1),
        ("leaf-0", "leaf-1"),
        (build_record(1), build_record(0)),
        (build_record(2),),
    )
    assert await read(lambda unit: unit.audit.leaves(0, 9)) == ("leaf-0", "leaf-1", "leaf-2")


async def test_a_work_that_has_read_and_is_undone_takes_no_event_of_others_along(write: Works, read: Works) -> None:
    def read_and_fail(unit: Unit) -> None:
        append(build_record(1, reason="undone"))(unit)
        assert len(unit.audit.range(0, 9)) == 2
        raise NotFoundError("nobody")

    works = (append(build_record(0)), read_and_fail, append(build_record(1)))
    ended = await asyncio.gather(*map(write, works), return_exceptions=True)
    assert [type(end) for end in ended] == [type(None), NotFoundError, type(None)]
    assert await read(lambda unit: unit.audit.range(0, 9)) == (build_record(0), build_record(1))


async def test_an_event_that_cannot_be_written_undoes_its_own_work_alone(write: Works, read: Works) -> None:
    endless: list[object] = []
    for _ in range(300):
        endless = [endless]
    works = (append(build_record(0)), append(build_record(1, after={"endless": endless})), append(build_record(1)))
    ended = await asyncio.gather(*map(write, works), return_exceptions=True)
    assert [type(end) for end in ended] == [type(None), InputError, type(None)]
    assert await read(lambda unit: unit.audit.range(0, 9)) == (build_record(0), build_record(1))


async def test_a_first_event_that_is_undone_leaves_the_record_as_it_was(write: Works, read: Works) -> None:
    await write(append(build_record(0)))

    def append_and_fail(unit: Unit) -> None:
        append(build_record(1, reason="undone"))(unit)
        raise NotFoundError("nobody")

    works = (append_and_fail, append(build_record(1)))
    await asyncio.gather(*map(write, works), return_exceptions=True)
    assert await read(lambda unit: unit.audit.head()) == build_head(2)
    assert await read(lambda unit: unit.audit.range(1, 9)) == (build_record(1),)


async def test_a_head_that_somebody_else_has_moved_undoes_all_that_share_the_transaction(
    write: Works, read: Works
) -> None:
    def move_behind_its_back(unit: Unit) -> None:
        append(build_record(0))(unit)
        unit._connection.exec_driver_sql("UPDATE audit_head SET size = 7")

    with pytest.raises(ConflictError, match="does not end before event 0"):
        await write(move_behind_its_back)
    assert (await read(lambda unit: unit.audit.head())).size == 0
    assert await read(lambda unit: unit.audit.range(0, 9)) == ()


async def test_a_head_that_does_not_end_with_the_event_is_a_bug(write: Works, read: Works) -> None:
    with pytest.raises(BugError):
        await write(lambda unit: unit.audit.append(build_record(0), build_head(2)))
    assert (await read(lambda unit: unit.audit.head())).size == 0


async def test_the_chain_is_one_for_all_workspaces_and_each_lists_its_own(store: Store) -> None:
    await store.write("north", append(build_record(0)))
    await store.write("south", append(build_record(1)))
    await store.write("north", append(build_record(2)))
    assert [found.sequence for found in await store.read("south", lambda unit: unit.audit.range(0, 3))] == [0, 1, 2]
    assert [found.sequence for found in await store.read("south", lambda unit: unit.audit.range(1, 2))] == [1]
    north = await store.read("north", lambda unit: unit.audit.list(10))
    south = await store.read("south", lambda unit: unit.audit.list(10))
    assert [found.sequence for found in north.items] == [2, 0]
    assert [found.sequence for found in south.items] == [1]


async def test_events_are_searched_by_type_actor_and_target(write: Works, read: Works) -> None:
    await write(
        append(
            build_record(0),
            build_record(1, type="approval.asked", actor={"kind": "system", "id": "engine"}),
            build_record(2, type="run.started", target={"kind": "run", "id": "run_1"}),
            build_record(3, type="approvalXvoted", actor=None, target="odd"),
        )
    )

    async def found(**filters: str) -> list[int]:
        page = await read(lambda unit: unit.audit.list(10, **filters))
        return [record.sequence for record in page.items]

    assert await found() == [3, 2, 1, 0]
    assert await found(type_prefix="approval.") == [1, 0]
    assert await found(type_prefix="approval%") == []
    assert await found(actor="u_1") == [2, 0]
    assert await found(actor="ada") == [2, 0]
    assert await found(target="run_1") == [2]
    assert await found(type_prefix="approval.", actor="engine", target="ap_1") == [1]


async def test_a_search_is_walked_by_its_cursor(write: Works, read: Works) -> None:
    await write(append(*(build_record(number) for number in range(5))))
    first = await read(lambda unit: unit.audit.list(3, actor="ada"))
    rest = await read(lambda unit: unit.audit.list(3, first.next, actor="ada"))
    assert [record.sequence for record in (*first.items, *rest.items)] == [4, 3, 2, 1, 0]


async def test_checkpoints_are_kept_by_size(write: Works, read: Works) -> None:
    assert await read(lambda unit: unit.audit.latest_checkpoint()) is None
    small = Checkpoint(size=2, root="root-2", at=START, note="note\n— key sig\n")
    large = Checkpoint(size=10, root="root-10", at=START, note="note")
    await write(lambda unit: (unit.audit.add_checkpoint(large), unit.audit.add_checkpoint(small)))
    assert await read(lambda unit: unit.audit.latest_checkpoint()) == large
    assert await read(lambda unit: unit.audit.checkpoints()) == (small, large)
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.audit.add_checkpoint(small))


async def test_an_event_about_something_with_an_endless_name_is_kept_and_found(write: Works, read: Works) -> None:
    name = "".join(chr(0x4E00 + number) for number in range(5_000))
    record = build_record(0, target={"kind": "user", "id": name}, actor={"kind": "user", "id": name, "name": name})
    await write(append(record))
    for filters in ({"target": name}, {"actor": name}):
        assert (await read(lambda unit, f=filters: unit.audit.list(9, **f))).items == (record,)
    assert (await read(lambda unit: unit.audit.list(9, target=name[1:]))).items == ()
