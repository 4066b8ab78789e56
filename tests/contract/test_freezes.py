"""What is frozen, and the writes that caps count, in every store."""

import asyncio
from datetime import timedelta

import pytest

from soar.model.catalog import Effect
from soar.model.errors import ConflictError, NotFoundError
from soar.model.freeze import FreezeKind
from soar.store import Unit
from tests.contract.works import Works
from tests.support.builders import build_deed, build_freeze, build_run
from tests.support.clock import START

LATER = START + timedelta(hours=1)
ACTION = build_freeze(id="action:crm.lock", kind=FreezeKind.ACTION, name="crm.lock")


async def test_freezes_are_kept_changed_and_lifted(write: Works, read: Works) -> None:
    everything = build_freeze()
    await write(lambda unit: [unit.freezes.add(freeze) for freeze in (ACTION, everything)])
    assert await read(lambda unit: unit.freezes.list()) == (ACTION, everything)
    asked = build_freeze(lift_asked_at=LATER, lift_asked_by="u_2")
    await write(lambda unit: unit.freezes.update(asked))
    assert await read(lambda unit: unit.freezes.get("everything")) == asked
    await write(lambda unit: unit.freezes.remove("everything"))
    assert await read(lambda unit: unit.freezes.list()) == (ACTION,)
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.freezes.add(ACTION))
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.freezes.update(everything))


async def test_what_stops_a_write_is_found(write: Works, read: Works) -> None:
    await write(lambda unit: unit.freezes.add(ACTION))
    assert await read(lambda unit: unit.freezes.find("crm.lock", "crm")) == ACTION
    assert await read(lambda unit: unit.freezes.find("crm.note", "crm")) is None


async def test_what_is_frozen_on_the_way_counts_at_once_and_what_is_undone_does_not(write: Works) -> None:
    def look(unit: Unit) -> object:
        return unit.freezes.find("crm.lock", "crm")

    def freeze_and_fail(unit: Unit) -> None:
        unit.freezes.add(ACTION)
        assert look(unit) == ACTION
        raise NotFoundError("it is undone")

    def freeze(unit: Unit) -> list[object]:
        unit.freezes.add(ACTION)
        frozen = look(unit)
        unit.freezes.update(build_freeze(id=ACTION.id, kind=FreezeKind.ACTION, name="crm.note"))
        changed = look(unit)
        unit.freezes.update(ACTION)
        unit.freezes.remove(ACTION.id)
        return [frozen, changed, look(unit)]

    works = (look, freeze_and_fail, look, freeze, look)
    found = await asyncio.gather(*map(write, works), return_exceptions=True)
    assert [found[0], type(found[1]), *found[2:]] == [None, NotFoundError, None, [ACTION, None, None], None]


async def test_writes_are_counted_by_what_a_cap_names_and_once_a_step(write: Works, read: Works) -> None:
    first = build_deed(targets=("a", "b"), size=2)
    deeds = (
        first,
        build_deed(size=9),
        build_deed(step="steps/1", at=LATER),
        build_deed(step="steps/2", at=LATER, action="crm.lock", effect=Effect.WRITE, connection="crm"),
    )
    await write(lambda unit: [unit.deeds.add(deed) for deed in deeds])
    assert await read(lambda unit: unit.deeds.get(first.run, first.step)) == first
    before = START - timedelta(seconds=1)
    for chosen, total in (
        ({}, 4),
        ({"effect": Effect.DESTRUCTIVE}, 3),
        ({"action": "crm.lock"}, 1),
        ({"connection": "corp-defender"}, 3),
        ({"action": "crm.lock", "effect": Effect.DESTRUCTIVE, "connection": "crm"}, 0),
    ):
        assert await read(lambda unit, chosen=chosen: unit.deeds.count(before, **chosen)) == total, chosen
    assert await read(lambda unit: unit.deeds.count(START)) == 2, "a window is open at its beginning"


async def test_writes_are_listed_newest_first_and_page_by_page(write: Works, read: Works) -> None:
    deeds = [build_deed(step=f"steps/{number}", at=START + timedelta(minutes=number)) for number in range(4)]
    await write(lambda unit: [unit.deeds.add(deed) for deed in deeds])
    first = await read(lambda unit: unit.deeds.list(START, 2))
    assert first.items == (deeds[3], deeds[2])
    rest = await read(lambda unit: unit.deeds.list(START, 2, first.next))
    assert (rest.items, rest.next) == ((deeds[1],), None)


async def test_old_writes_go_except_those_that_something_can_still_ask_for(write: Works, read: Works) -> None:
    old, ended, later = START, build_run(id="run_ended", finished_at=START), START + timedelta(seconds=1)
    await write(lambda unit: [unit.runs.add(run) for run in (build_run(id="run_open"), ended)])
    deeds = {
        "of a run that goes on": build_deed(run="run_open", at=old),
        "asked about": build_deed(run=ended.id, step="steps/1", at=old, was_asked=True),
        "newer": build_deed(run=ended.id, step="steps/2", at=later),
        "old": build_deed(run=ended.id, step="steps/3", at=old),
        "oldest": build_deed(run=ended.id, step="steps/4", at=old - timedelta(days=1)),
    }
    await write(lambda unit: [unit.deeds.add(deed) for deed in deeds.values()])

    async def list_left() -> set[str]:
        page = await read(lambda unit: unit.deeds.list(START - timedelta(days=2), 9))
        return {name for name, deed in deeds.items() if deed in page.items}

    assert await write(lambda unit: unit.deeds.forget(old, 1)) == 1
    assert await list_left() == deeds.keys() - {"oldest"}
    assert await write(lambda unit: unit.deeds.forget(old, 9)) == 1
    assert await list_left() == deeds.keys() - {"oldest", "old"}
