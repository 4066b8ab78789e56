"""Lists as connectors see them, over a real store."""

from datetime import timedelta

import pytest

from soar.app.lists import StoredLists
from soar.model.errors import ActionCode, ActionError, BugError
from soar.sdk.lists import Added
from soar.store import Store
from tests.support.builders import build_action_call, build_list, build_run
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds

DAY = timedelta(days=1)


@pytest.fixture
async def lists(store: Store, clock: SteppedClock) -> StoredLists:
    await store.write("default", lambda unit: (unit.runs.add(build_run()), unit.lists.add(build_list())))
    return StoredLists(store=store, call=build_action_call(), clock=clock, ids=SeededIds())


async def test_a_run_adds_an_entry_in_its_own_name(lists: StoredLists, store: Store) -> None:
    added = await lists.add("vip", "192.0.2.0/24", key="key-1", note="theirs", lasts=DAY)
    assert added.is_new
    entry = await lists.find("vip", "192.0.2.7")
    assert entry is not None
    assert (entry.id, entry.added_by, entry.added_at) == (added.id, "run:run_000000000001", START)
    assert entry.expires_at == START + DAY
    (event,) = (await store.read("default", lambda unit: unit.audit.list(9, type_prefix="list."))).items
    assert event.document["context"] == {"run": "run_000000000001", "step": "steps/0"}
    actor = event.document["actor"]
    assert isinstance(actor, dict)
    assert (actor["kind"], actor["id"], actor["via"]) == ("playbook", "triage", "engine")


async def test_the_same_key_is_the_same_entry_also_later(lists: StoredLists, clock: SteppedClock) -> None:
    first = await lists.add("vip", "a", key="key-1", note="", lasts=DAY)
    clock.advance(timedelta(minutes=1))
    assert await lists.add("vip", "a", key="key-1", note="", lasts=DAY) == first
    entry = await lists.find("vip", "a")
    assert entry is not None
    assert entry.expires_at == START + DAY


async def test_another_key_is_told_that_it_came_second_and_takes_nothing_back(lists: StoredLists) -> None:
    first = await lists.add("vip", "a", key="key-1", note="", lasts=None)
    second = await lists.add("vip", "a", key="key-2", note="", lasts=DAY)
    assert second == Added(second.id, is_new=False)
    assert second.id != first.id
    assert await lists.remove("vip", "a", only=second.id) is False
    assert await lists.remove("vip", "a", only=first.id) is True
    assert await lists.find("vip", "a") is None


async def test_what_the_service_refuses_is_told_as_an_action_tells_it(lists: StoredLists) -> None:
    for attempt, code in (
        (lists.find("vpi", "a"), ActionCode.NOT_FOUND),
        (lists.add("vpi", "a", key="k", note="", lasts=None), ActionCode.NOT_FOUND),
        (lists.remove("vpi", "a", only=None), ActionCode.NOT_FOUND),
        (lists.add("vip", " ", key="k", note="", lasts=None), ActionCode.INVALID),
    ):
        with pytest.raises(ActionError) as caught:
            await attempt
        assert caught.value.action_code is code
        assert caught.value.hint


async def test_a_call_of_no_run_is_a_fault_of_ours(store: Store, clock: SteppedClock) -> None:
    stray = StoredLists(store=store, call=build_action_call(run="run_none"), clock=clock, ids=SeededIds())
    with pytest.raises(BugError, match="run_none"):
        await stray.remove("vip", "a", only=None)
