from datetime import timedelta

import pytest

from soar.model.errors import ConflictError
from tests.contract.works import Works
from tests.support.builders import build_alert, build_list, build_list_entry
from tests.support.clock import START

HOUR = timedelta(hours=1)


async def test_a_list_and_its_entries_come_back_as_they_were(write: Works, read: Works) -> None:
    lasting = build_list_entry(id="le_2", value="a'; DROP TABLE lists; --\x00", expires_at=None)
    await write(
        lambda unit: (
            unit.lists.add(build_list()),
            unit.lists.add_entry(build_list_entry()),
            unit.lists.add_entry(lasting),
        )
    )
    assert await read(lambda unit: unit.lists.get("vip")) == build_list()
    assert await read(lambda unit: unit.lists.get("none")) is None
    assert await read(lambda unit: unit.lists.page("vip", 9, None, START).items) == (lasting, build_list_entry())


async def test_a_name_and_a_value_are_taken_once(write: Works) -> None:
    await write(lambda unit: (unit.lists.add(build_list()), unit.lists.add_entry(build_list_entry())))
    with pytest.raises(ConflictError, match="vip"):
        await write(lambda unit: unit.lists.add(build_list(created_by="user:other")))
    with pytest.raises(ConflictError, match=r"192\.0\.2\.0/24"):
        await write(lambda unit: unit.lists.add_entry(build_list_entry(id="le_2")))
    await write(lambda unit: unit.lists.add_entry(build_list_entry(id="le_2", list="other")))


async def test_entries_are_found_by_any_of_several_values_until_they_expire(write: Works, read: Works) -> None:
    ending = build_list_entry(expires_at=START + HOUR)
    other = build_list_entry(id="le_2", value="b")
    await write(lambda unit: [unit.lists.add_entry(entry) for entry in (ending, other)])
    sought = [ending.value, "b", "c"]
    last = START + HOUR - timedelta(microseconds=1)
    assert set(await read(lambda unit: unit.lists.find("vip", sought, last))) == {ending, other}
    assert await read(lambda unit: unit.lists.find("vip", sought, START + HOUR)) == (other,)
    assert await read(lambda unit: unit.lists.find("none", sought, START)) == ()
    assert await read(lambda unit: unit.lists.find("vip", [], START)) == ()


async def test_entries_are_paged_newest_first_and_counted_while_they_last(write: Works, read: Works) -> None:
    entries = [build_list_entry(id=f"le_{number}", value=str(number)) for number in range(3)]
    expired = build_list_entry(id="le_old", value="old", expires_at=START)
    await write(lambda unit: [unit.lists.add_entry(entry) for entry in (*entries, expired)])
    first = await read(lambda unit: unit.lists.page("vip", 2, None, START))
    rest = await read(lambda unit: unit.lists.page("vip", 2, first.next, START))
    assert [entry.id for entry in (*first.items, *rest.items)] == ["le_2", "le_1", "le_0"]
    assert rest.next is None
    assert await read(lambda unit: unit.lists.counts(START)) == {"vip": 3}


async def test_lists_are_told_by_name(write: Works, read: Works) -> None:
    await write(lambda unit: [unit.lists.add(build_list(name=name)) for name in ("b", "a")])
    assert [found.name for found in await read(lambda unit: unit.lists.all())] == ["a", "b"]


async def test_only_the_named_entry_is_removed_and_only_expired_ones_are_pruned(write: Works, read: Works) -> None:
    kept = build_list_entry(id="le_1", value="kept")
    gone = build_list_entry(id="le_2", value="gone")
    expired = build_list_entry(id="le_3", value="expired", expires_at=START)
    elsewhere = build_list_entry(id="le_4", list="other", value="expired", expires_at=START)
    await write(lambda unit: [unit.lists.add_entry(entry) for entry in (kept, gone, expired, elsewhere)])
    await write(lambda unit: (unit.lists.remove_entry("vip", "gone"), unit.lists.prune("vip", START)))
    before = START - HOUR
    assert await read(lambda unit: unit.lists.page("vip", 9, None, before).items) == (kept,)
    assert await read(lambda unit: unit.lists.page("other", 9, None, before).items) == (elsewhere,)


async def test_a_raised_alert_is_found_by_what_it_is_about(write: Works, read: Works) -> None:
    raised = build_alert(id="al_1", source="soar", kind="k", fingerprint="f")
    newer = build_alert(id="al_2", source="soar", kind="k", fingerprint="f", received_at=START + HOUR)
    received = build_alert(id="al_3", source="siem", kind="k", fingerprint="f", received_at=START + 2 * HOUR)
    await write(lambda unit: [unit.alerts.add(alert) for alert in (raised, newer, received)])
    assert await read(lambda unit: unit.alerts.find_raised("k", "f", START)) == newer
    assert await read(lambda unit: unit.alerts.find_raised("k", "f", START + 2 * HOUR)) is None
    assert await read(lambda unit: unit.alerts.find_raised("other", "f", START)) is None
    assert await read(lambda unit: unit.alerts.find_raised("k", "other", START)) is None
