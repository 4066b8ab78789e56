"""Entries come and go, and the record says so."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from soar.lists.service import Addition, Keeper, NewEntry, add_entry, find_entry, make_list, remove_entry
from soar.model.errors import InputError, NotFoundError
from soar.model.lists import ListEntry
from soar.model.values import JsonValue
from soar.store import Store, Unit
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.ids import SeededIds

DAY = timedelta(days=1)
KEEPER = Keeper(by="user:ada@example.test", actor=build_actor(), context={"run": "run_1"})


class Notebook:
    """A store in which lists are kept."""

    def __init__(self, store: Store) -> None:
        self.store, self.ids = store, SeededIds()

    async def make(self, name: str = "vip") -> None:
        await self.store.write("default", lambda unit: make_list(unit, name, keeper=KEEPER, ids=self.ids, at=START))

    async def add(self, value: str, *, at: timedelta = timedelta(), **more: object) -> Addition:
        new = NewEntry(**{"id": self.ids.new("le"), "list": "vip", "value": value, **more})
        return await self.store.write(
            "default", lambda unit: add_entry(unit, new, keeper=KEEPER, ids=self.ids, at=START + at)
        )

    async def remove(self, value: str, only: str | None = None) -> bool:
        def remove(unit: Unit) -> bool:
            return remove_entry(unit, "vip", value, only=only, keeper=KEEPER, ids=self.ids, at=START)

        return await self.store.write("default", remove)

    async def find(self, value: str, at: timedelta = timedelta(), name: str = "vip") -> ListEntry | None:
        return await self.store.read("default", lambda unit: find_entry(unit, name, value, START + at))

    async def events(self) -> list[Mapping[str, JsonValue]]:
        page = await self.store.read("default", lambda unit: unit.audit.list(50, type_prefix="list."))
        return [event.document for event in reversed(page.items)]


@pytest.fixture
async def notebook(store: Store) -> Notebook:
    made = Notebook(store)
    await made.make()
    return made


async def test_what_is_added_is_found_in_any_of_its_forms_and_recorded(notebook: Notebook) -> None:
    addition = await notebook.add(" 192.0.2.7/24", note="theirs", expires_at=START + DAY)
    assert addition.is_new
    assert addition.entry == ListEntry(
        id=addition.entry.id,
        list="vip",
        value="192.0.2.0/24",
        note="theirs",
        added_by="user:ada@example.test",
        added_at=START,
        expires_at=START + DAY,
    )
    assert await notebook.find("::ffff:192.0.2.9") == addition.entry
    assert await notebook.find("192.0.3.9") is None
    made, added = await notebook.events()
    assert (made["type"], made["target"]) == ("list.created", {"kind": "list", "id": "vip"})
    assert (added["type"], added["target"]) == ("list.entry_added", {"kind": "list", "id": "vip"})
    assert added["context"] == {"run": "run_1"}
    assert added["before"] is None
    assert added["after"] == {
        "id": addition.entry.id,
        "value": "192.0.2.0/24",
        "note": "theirs",
        "added_by": "user:ada@example.test",
        "expires_at": "2026-03-02T09:00:00Z",
    }


async def test_the_closest_entry_is_the_answer(notebook: Notebook) -> None:
    for value in ("192.0.0.0/8", "192.0.2.7", "192.0.2.0/24"):
        await notebook.add(value)
    assert [(await notebook.find(value)).value for value in ("192.0.2.7", "192.0.2.8", "192.9.9.9")] == [
        "192.0.2.7",
        "192.0.2.0/24",
        "192.0.0.0/8",
    ]


async def test_an_entry_ends_when_it_says_and_its_place_is_free_again(notebook: Notebook) -> None:
    first = await notebook.add("evil.example", expires_at=START + DAY)
    assert await notebook.find("evil.example", DAY - timedelta(seconds=1)) == first.entry
    assert await notebook.find("evil.example", DAY) is None
    second = await notebook.add("evil.example", at=DAY, expires_at=START + 2 * DAY)
    assert second.is_new
    assert await notebook.find("evil.example", DAY) == second.entry


async def test_expired_entries_are_tidied_away_by_the_next_addition(notebook: Notebook) -> None:
    await notebook.add("evil.example", expires_at=START + DAY)
    await notebook.add("other.example", at=DAY)
    left = await notebook.store.read("default", lambda unit: unit.lists.page("vip", 9, None, START).items)
    assert [entry.value for entry in left] == ["other.example"]


@pytest.mark.parametrize(
    ("known", "new", "is_new"),
    [
        (None, None, False),
        (None, DAY, False),
        (DAY, DAY, False),
        (2 * DAY, DAY, False),
        (DAY, 2 * DAY, True),
        (DAY, None, True),
    ],
)
async def test_what_lasts_longer_stays(
    notebook: Notebook, known: timedelta | None, new: timedelta | None, *, is_new: bool
) -> None:
    first = await notebook.add("a", note="first", expires_at=known and START + known)
    second = await notebook.add("a", note="second", expires_at=new and START + new)
    assert second.is_new is is_new
    assert second.entry.note == ("second" if is_new else "first")
    assert await notebook.find("a") == second.entry
    assert len(await notebook.events()) == 2 + is_new
    if is_new:
        before = (await notebook.events())[-1]["before"]
        assert isinstance(before, Mapping)
        assert before["id"] == first.entry.id


async def test_the_same_addition_twice_is_one(notebook: Notebook) -> None:
    first = await notebook.add("a", id="le_1", expires_at=START + DAY)
    again = await notebook.add("a", id="le_1", at=timedelta(minutes=1), expires_at=START + DAY + timedelta(minutes=1))
    assert again == first == Addition(first.entry, is_new=True)
    assert len(await notebook.events()) == 2


async def test_what_is_removed_is_gone_and_recorded_once(notebook: Notebook) -> None:
    await notebook.add("192.0.2.7", note="theirs")
    assert await notebook.remove("::ffff:192.0.2.7") is True
    assert await notebook.remove("192.0.2.7") is False
    assert await notebook.find("192.0.2.7") is None
    _, _, removed = await notebook.events()
    assert removed["type"] == "list.entry_removed"
    assert isinstance(removed["before"], Mapping)
    assert (removed["before"]["note"], removed["after"]) == ("theirs", None)


async def test_an_entry_that_only_covers_a_value_is_not_removed_with_it(notebook: Notebook) -> None:
    await notebook.add("192.0.2.0/24")
    assert await notebook.remove("192.0.2.7") is False
    assert await notebook.find("192.0.2.7") is not None


async def test_taking_back_ones_own_leaves_what_somebody_else_put_there(notebook: Notebook) -> None:
    await notebook.add("a", id="le_theirs")
    ours = await notebook.add("a", id="le_ours", expires_at=START + DAY)
    assert not ours.is_new
    assert await notebook.remove("a", only="le_ours") is False
    assert await notebook.find("a") is not None
    assert await notebook.remove("a", only="le_theirs") is True


async def test_an_unknown_list_is_an_error_and_not_an_empty_one(notebook: Notebook) -> None:
    for attempt in (
        notebook.find("a", name="vpi"),
        notebook.add("a", list="vpi"),
    ):
        with pytest.raises(NotFoundError, match="there is no list vpi") as caught:
            await attempt
        assert "soar list add" in str(caught.value.hint)
    assert len(await notebook.events()) == 1


async def test_a_list_is_made_once_and_stays_when_its_last_entry_goes(notebook: Notebook) -> None:
    await notebook.make()
    await notebook.add("a")
    await notebook.remove("a")
    assert await notebook.find("a") is None
    assert [event["type"] for event in await notebook.events()].count("list.created") == 1


@pytest.mark.parametrize("name", ["", "VIP", "-vip", "v ip", "a" * 81, "../vip", "vip\n"])
async def test_a_name_that_cannot_be_written_in_an_address_is_refused(notebook: Notebook, name: str) -> None:
    with pytest.raises(InputError) as caught:
        await notebook.make(name)
    assert caught.value.code == "list.name"


@pytest.mark.parametrize("value", ["", "  ", "x" * 1_001])
async def test_a_value_without_an_end_or_a_beginning_is_refused(notebook: Notebook, value: str) -> None:
    with pytest.raises(InputError) as caught:
        await notebook.add(value)
    assert caught.value.code == "list.value"
