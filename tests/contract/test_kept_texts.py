from datetime import timedelta

import pytest

from soar.model.errors import ConflictError
from soar.store import Unit
from tests.contract.works import Works
from tests.support.builders import (
    build_credential_version,
    build_message,
    build_publication,
    build_revision,
    build_workspace_key,
)


async def test_the_latest_version_of_a_credential_is_found(write: Works, read: Works) -> None:
    first = build_credential_version(blob=bytes(range(256)), hosts=("api.edr.test",))
    second = build_credential_version(id="cred_2", version=2)
    tenth = build_credential_version(id="cred_10", version=10)
    other = build_credential_version(id="cred_other", name="another")
    await write(lambda unit: unit.credentials.add(first))
    assert await read(lambda unit: unit.credentials.latest(first.name)) == first
    await write(lambda unit: [unit.credentials.add(version) for version in (tenth, second, other)])
    assert await read(lambda unit: unit.credentials.latest(first.name)) == tenth
    assert await read(lambda unit: unit.credentials.list()) == (other, tenth)
    assert await read(lambda unit: unit.credentials.latest("none")) is None


async def test_a_version_of_a_credential_is_taken_once(write: Works) -> None:
    await write(lambda unit: unit.credentials.add(build_credential_version()))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.credentials.add(build_credential_version(id="cred_2")))


async def test_the_key_that_was_added_last_is_current(write: Works, read: Works) -> None:
    assert await read(lambda unit: unit.credentials.current_key()) is None
    first, second = build_workspace_key(), build_workspace_key(id="wk_2", kek="kek-2")
    await write(lambda unit: (unit.credentials.add_key(first), unit.credentials.add_key(second)))
    assert await read(lambda unit: unit.credentials.current_key()) == second
    assert await read(lambda unit: unit.credentials.key(first.id)) == first
    assert await read(lambda unit: unit.credentials.key("wk_none")) is None
    assert await read(lambda unit: unit.credentials.list_keys()) == (first, second)
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.credentials.add_key(first))


async def test_a_revision_is_kept_once_and_never_changed(write: Works, read: Works) -> None:
    first = build_revision()
    await write(lambda unit: unit.revisions.put(first))
    await write(lambda unit: unit.revisions.put(build_revision(text="another", author="u_other")))
    assert await read(lambda unit: unit.revisions.get(first.digest)) == first
    assert await read(lambda unit: unit.revisions.get("sha256:none")) is None


async def test_drafts_are_kept_in_the_order_they_came_also_with_the_same_text(write: Works, read: Works) -> None:
    first = build_revision()
    again = build_revision(author="u_other")
    other = build_revision(digest="sha256:other", text="other")
    for draft in (first, again, other, build_revision(playbook="another")):
        await write(lambda unit, draft=draft: unit.drafts.add(draft))
    assert await read(lambda unit: unit.drafts.find(first.playbook, first.digest)) == (first, again)
    assert await read(lambda unit: unit.drafts.newest(first.playbook)) == other
    page = await read(lambda unit: unit.drafts.page(first.playbook, 2, None))
    rest = await read(lambda unit: unit.drafts.page(first.playbook, 2, page.next))
    assert (page.items, rest.items, rest.next) == ((other, again), (first,), None)
    assert await read(lambda unit: unit.drafts.newest("none")) is None


async def test_a_playbook_has_one_publication_the_last(write: Works, read: Works) -> None:
    first, other = build_publication(), build_publication(playbook="another")
    second = build_publication(digest="sha256:second", over="sha256:file", published_by="u_other")
    for publication in (first, other, second):
        await write(lambda unit, publication=publication: unit.publications.set(publication))
    assert await read(lambda unit: unit.publications.get("triage")) == second
    assert await read(lambda unit: unit.publications.list()) == (other, second)
    assert await read(lambda unit: unit.publications.get("none")) is None


async def test_a_message_is_posted_once(write: Works, read: Works) -> None:
    message = build_message(approval="ap_1", run="run_1", thread="msg_0", text="<b>hostile</b>\x00")
    assert await write(lambda unit: unit.messages.post(message)) is True
    assert await write(lambda unit: unit.messages.post(build_message(id="msg_2", text="again"))) is False
    assert await read(lambda unit: unit.messages.list(message.channel, 10).items) == (message,)


async def test_messages_are_listed_by_channel_newest_first(write: Works, read: Works) -> None:
    def post(unit: Unit) -> None:
        for number in range(4):
            channel = "#soc" if number % 2 else "@ada"
            unit.messages.post(build_message(id=f"msg_{number}", key=f"key-{number}", channel=channel))

    await write(post)
    first = await read(lambda unit: unit.messages.list("#soc", 1))
    rest = await read(lambda unit: unit.messages.list("#soc", 1, first.next))
    assert [message.id for message in (*first.items, *rest.items)] == ["msg_3", "msg_1"]
    assert await read(lambda unit: unit.messages.channels()) == ("#soc", "@ada")
    assert (await read(lambda unit: unit.messages.list("#none", 1))).items == ()


async def test_the_revision_that_came_last_is_found(write: Works, read: Works) -> None:
    first = build_revision()
    second = build_revision(digest="sha256:second", created_at=first.created_at + timedelta(seconds=1))
    other = build_revision(playbook="other", digest="sha256:third", created_at=first.created_at + timedelta(days=1))
    for revision in (second, first, other):
        await write(lambda unit, revision=revision: unit.revisions.put(revision))
    assert await read(lambda unit: unit.revisions.find_latest(first.playbook)) == second
    assert await read(lambda unit: unit.revisions.find_latest("none")) is None
