from soar.app.messages import StoredMessages
from soar.model.message import Message
from soar.store import Store
from tests.support.builders import build_action_call
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
