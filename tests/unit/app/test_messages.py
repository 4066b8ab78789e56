from datetime import timedelta

import pytest

from soar.app.messages import StoredMessages
from soar.model.errors import ActionCode
from soar.model.message import Message
from soar.sdk import PermanentError
from soar.store import Store
from tests.support.builders import build_action_call, build_user
from tests.support.clock import START, SteppedClock
from tests.support.world import RecordingAnnouncer


def open_room(store: Store, workspace: str = "north", announcer: RecordingAnnouncer | None = None) -> StoredMessages:
    return StoredMessages(
        store=store,
        call=build_action_call(workspace=workspace, run="run_1"),
        clock=SteppedClock(),
        announcer=announcer or RecordingAnnouncer(),
    )


async def read(store: Store, workspace: str = "north") -> tuple[Message, ...]:
    return tuple((await store.read(workspace, lambda unit: unit.messages.list("#soc", 10))).items)


async def test_a_message_is_kept_with_its_run(store: Store) -> None:
    id_ = await open_room(store).post("#soc", "<b>hello</b>", "key-1")
    (message,) = await read(store)
    assert message == Message(
        id=id_, channel="#soc", key="key-1", at=START, author="soar", text="<b>hello</b>", run="run_1"
    )


async def test_the_same_key_posts_once_and_has_the_same_id(store: Store) -> None:
    first = await open_room(store).post("#soc", "hello", "key-1")
    assert await open_room(store).post("#soc", "hello again", "key-1") == first
    assert await open_room(store).post("#soc", "hello", "key-2") != first
    assert sorted(message.text for message in await read(store)) == ["hello", "hello"]


async def test_the_same_key_in_another_workspace_is_another_message(store: Store) -> None:
    north = await open_room(store).post("#soc", "hello", "key-1")
    assert await open_room(store, "south").post("#soc", "hello", "key-1") != north
    assert len(await read(store, "south")) == 1


async def test_open_pages_hear_of_it(store: Store) -> None:
    announcer = RecordingAnnouncer()
    id_ = await open_room(store, announcer=announcer).post("#soc", "hello", "key-1")
    assert [tuple(heard) for heard in announcer.heard] == [("north", "message", id_)]


PEOPLE = (
    build_user(id="u_ann", name="ann", email="ann@corp.example", roles=frozenset({"soc-lead"})),
    build_user(id="u_bob", name="bob", email="bob@corp.example", roles=frozenset({"soc-lead", "analyst"})),
    build_user(
        id="u_gone",
        name="gone",
        email="gone@corp.example",
        roles=frozenset({"soc-lead"}),
        disabled_at=START - timedelta(days=1),
    ),
)


async def settle_people(store: Store) -> None:
    await store.write("north", lambda unit: [unit.users.add(user) for user in PEOPLE])


async def list_texts(store: Store) -> dict[str, list[str]]:
    channels = await store.read("north", lambda unit: unit.messages.channels())
    return {
        channel: [m.text for m in (await store.read("north", lambda unit, c=channel: unit.messages.list(c, 10))).items]
        for channel in channels
    }


async def test_a_room_opens_with_a_message_and_each_who_is_invited_hears_once(store: Store) -> None:
    await settle_people(store)
    announcer = RecordingAnnouncer()
    room = open_room(store, announcer=announcer)
    for _ in range(2):
        await room.open_channel("#inc-1", ["role:soc-lead", "user:bob@corp.example"], "key-1")
    assert await list_texts(store) == {
        "#inc-1": ["#inc-1 is open. Invited: soc-lead, bob@corp.example."],
        "@ann@corp.example": ["You are invited to #inc-1."],
        "@bob@corp.example": ["You are invited to #inc-1."],
    }
    assert len(announcer.heard) == 3


async def test_a_room_that_is_there_stays_as_it_is_and_the_invited_hear_of_it(store: Store) -> None:
    await settle_people(store)
    await open_room(store).post("#soc", "hello", "key-1")
    await open_room(store).open_channel("#soc", ["role:analyst"], "key-2")
    assert await list_texts(store) == {"#soc": ["hello"], "@bob@corp.example": ["You are invited to #soc."]}


@pytest.mark.parametrize("name", ["nobody@corp.example", "gone@corp.example"])
async def test_who_is_not_there_cannot_be_invited_and_then_nothing_is_done(store: Store, name: str) -> None:
    await settle_people(store)
    with pytest.raises(PermanentError, match=name) as caught:
        await open_room(store).open_channel("#inc-1", ["role:soc-lead", f"user:{name}"], "key-1")
    assert caught.value.action_code is ActionCode.NOT_FOUND
    assert await list_texts(store) == {}
