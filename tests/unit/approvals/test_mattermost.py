"""From a question to a card in Mattermost, to a vote there, and back; against a server as strict as the real one."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from soar.approvals.decide import Ballot
from soar.approvals.linking import find_link
from soar.approvals.mattermost_desk import MattermostDesk, MattermostRules, describe_mattermost
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.errors import DeniedError, InputError
from soar.model.step import Assurance
from tests.support.builders import build_approval, build_card, build_principal
from tests.support.clock import START, SteppedClock
from tests.support.mattermost import ANN, COMMAND_TOKEN, EVE, KEY, OTHER, TEAM, FakeMattermost, command
from tests.support.room import Opener, Room, open_room
from tests.support.world import WORKSPACE

ASKED = build_approval(
    id="ap_1", channel="mattermost:~soc", assurance=Assurance.CONFIRMED, confirm="web-1", comment="required_on_deny"
)


@dataclass
class Chat:
    """The room, the server, and what hears it."""

    room: Room
    server: FakeMattermost
    desk: MattermostDesk

    async def ask(self, approval: Approval = ASKED, *, is_linked: bool = True) -> None:
        if is_linked:
            await self.room.link(ANN, "u_ann")
        await self.room.ask(approval)

    async def send(self, body: bytes, *, is_form: bool = False) -> dict[str, Any]:
        """Let Mattermost send a request, and everything that follows from it happen."""
        answer: dict[str, Any] = await self.desk.receive(body, is_form=is_form)
        await self.room.delivery.deliver()
        return answer

    async def vote(self, choice: str = "approve", **typed: object) -> dict[str, Any]:
        """Press a button, and fill in the dialog."""
        assert await self.send(self.server.press(choice)) == {}
        return await self.send(self.server.submit(**typed))


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    clock = SteppedClock()
    server = FakeMattermost(clock)
    room = await open_room(describe_mattermost(TEAM, "https://soar.example"), server, clock)
    rules = MattermostRules(team=TEAM, key=Opener(KEY), token=Opener(COMMAND_TOKEN))
    yield Chat(room, server, MattermostDesk(rules, room.office, room.desk))
    await room.store.close()


async def test_a_question_becomes_a_card_once(chat: Chat) -> None:
    await chat.ask()
    assert await chat.room.delivery.deliver() == 0
    assert len(chat.server.messages) == 1
    assert "Isolate web-1?" in chat.server.shown()
    assert "AB12 · 0 of 1 yes" in chat.server.shown()


async def test_a_press_opens_a_dialog_and_decides_nothing(chat: Chat) -> None:
    await chat.ask()
    assert await chat.send(chat.server.press("approve")) == {}
    dialog = chat.server.dialogs[ANN]
    assert dialog["introduction_text"].endswith("To approve, type web\\-1")
    assert [element["name"] for element in dialog["elements"]] == ["confirm", "comment"]
    assert (await chat.room.approval()).votes == ()


async def test_a_dialog_with_the_targets_name_decides_and_the_card_says_so(chat: Chat) -> None:
    await chat.ask()
    assert await chat.vote(confirm="Web-1", comment="@all *seen*") == {}
    decided = await chat.room.approval()
    assert decided.status is ApprovalStatus.APPROVED
    (vote,) = decided.votes
    assert (vote.user, vote.via, vote.assurance) == ("u_ann", "mattermost", Assurance.CONFIRMED)
    assert "✅ approved by ann" in chat.server.shown()
    (post,) = chat.server.messages.values()
    assert post["props"]["attachments"][0]["actions"] == []
    (lines,) = chat.server.threads.values()
    assert lines[0] == "✔ ann \\(analyst\\) 09\\:00 UTC “\uff20all \\*seen\\*”"
    assert lines[1].startswith("✅ approved by ann")
    assert await chat.room.delivery.deliver() == 0


@pytest.mark.parametrize("confirm", [None, "", "web-2"])
async def test_without_the_targets_name_nothing_is_approved(chat: Chat, confirm: str | None) -> None:
    await chat.ask()
    assert await chat.vote(confirm=confirm) == {"error": "AB12 needs you to type web-1."}
    assert (await chat.room.approval()).votes == ()


async def test_a_name_that_is_shown_defanged_may_be_typed_either_way(chat: Chat) -> None:
    await chat.ask(replace(ASKED, confirm="evil.example", card=build_card(targets=("evil.example",))))
    await chat.vote(confirm="evil[.]example")
    assert (await chat.room.approval()).status is ApprovalStatus.APPROVED


async def test_a_no_needs_its_reason(chat: Chat) -> None:
    await chat.ask()
    assert await chat.vote("deny", comment="  ") == {"error": "AB12 needs a comment."}
    assert await chat.vote("deny", comment="wrong host") == {}
    assert "⛔ denied by ann: wrong host" in chat.server.shown()


async def test_a_dialog_that_was_closed_is_nothing(chat: Chat) -> None:
    await chat.ask()
    await chat.send(chat.server.press("approve"))
    assert await chat.send(chat.server.submit(cancelled=True, confirm="web-1")) == {}
    assert (await chat.room.approval()).votes == ()


async def test_a_decision_from_elsewhere_reaches_the_card(chat: Chat) -> None:
    await chat.ask()
    ballot = Ballot(VoteChoice.DENY, ASKED.digest, comment="no")
    bob, room = build_principal(id="u_bob", name="bob"), chat.room
    await room.store.write(WORKSPACE, lambda unit: room.approvals.vote(unit, "ap_1", bob, ballot, START))
    await room.delivery.deliver()
    assert "⛔ denied by bob: no" in chat.server.shown()


async def test_a_thousand_submissions_are_one_vote(chat: Chat) -> None:
    await chat.ask(replace(ASKED, quorum=2))
    await chat.send(chat.server.press("approve"))
    body = chat.server.submit(confirm="web-1")
    for _ in range(1000):
        await chat.desk.receive(body, is_form=False)
    decided = await chat.room.approval()
    assert (len(decided.votes), decided.status) == (1, ApprovalStatus.PENDING)
    assert len(await chat.room.events("approval.voted")) == 1000


async def test_who_is_not_linked_decides_nothing_and_is_told_how(chat: Chat) -> None:
    await chat.ask(is_linked=False)
    answer = await chat.send(chat.server.press("approve"))
    assert answer == {"ephemeral_text": "Your Mattermost account is not linked\\: /soar link"}
    (event,) = await chat.room.events("approval.voted")
    assert (event["outcome"], event["actor"]["id"]) == ("denied", f"mattermost:{TEAM}:{ANN}")
    assert chat.server.dialogs == {}


@pytest.mark.parametrize(
    ("marks", "membership"),
    [
        ({"is_bot": True}, {}),
        ({"roles": "system_guest"}, {}),
        ({"delete_at": 1}, {}),
        ({"remote_id": "elsewhere"}, {}),
        ({}, {"scheme_guest": True}),
        ({}, {"delete_at": 1}),
        ({}, None),
    ],
)
async def test_a_linked_account_that_became_a_guest_decides_nothing(
    chat: Chat, marks: dict[str, Any], membership: dict[str, Any] | None
) -> None:
    await chat.ask()
    chat.server.marks, chat.server.membership = marks, membership
    assert await chat.vote(confirm="web-1") == {"error": "Guests, bots and people from elsewhere decide nothing."}
    assert (await chat.room.approval()).votes == ()
    (event,) = await chat.room.events("approval.voted")
    assert event["outcome"] == "denied"


async def test_a_link_is_dead_once_its_owner_is_switched_off(chat: Chat) -> None:
    await chat.ask()
    await chat.send(chat.server.press("approve"))
    await chat.room.store.write(
        WORKSPACE, lambda unit: unit.users.update(replace(unit.users.get("u_ann"), disabled_at=START))
    )
    assert "not linked" in (await chat.send(chat.server.submit(confirm="web-1")))["error"]
    assert (await chat.room.approval()).votes == ()


async def test_what_needs_a_second_factor_is_sent_to_the_web_page(chat: Chat) -> None:
    await chat.ask(replace(ASKED, assurance=Assurance.MFA))
    assert (await chat.vote(confirm="web-1"))["error"].endswith("https://soar.example/approvals/ap_1")
    assert (await chat.room.approval()).votes == ()


Forge = Callable[[FakeMattermost], bytes]


def forge_context(server: FakeMattermost, **changes: str) -> bytes:
    context = json.loads(server.press("approve"))["context"]
    return server.press("approve", context=context | changes)


PRESSES: dict[str, Forge] = {
    "no proof": lambda server: forge_context(server, proof=""),
    "another proof": lambda server: forge_context(server, proof="0" * 64),
    "no text as a proof": lambda server: forge_context(server, proof="\u00e9"),
    "a no made a yes": lambda server: json.dumps(
        json.loads(server.press("deny"))
        | {"context": json.loads(server.press("deny"))["context"] | {"claim": _claim(server)}}
    ).encode(),
    "another question": lambda server: forge_context(server, claim="ap_2|approve|x"),
    "another channel": lambda server: server.press("approve", channel_id=OTHER),
    "another message": lambda server: server.press("approve", post_id=OTHER),
    "somebody else's trigger": lambda server: server.press("approve", trigger_id=server.trigger(EVE)),
    "no trigger": lambda server: server.press("approve", trigger_id=""),
    "a trigger that is none": lambda server: server.press("approve", trigger_id="\u00e9"),
}


def _claim(server: FakeMattermost) -> str:
    return str(json.loads(server.press("approve"))["context"]["claim"])


@pytest.mark.parametrize("forge", PRESSES.values(), ids=PRESSES)
async def test_a_press_that_is_not_proved_opens_nothing(chat: Chat, forge: Forge) -> None:
    await chat.ask()
    with pytest.raises(DeniedError) as caught:
        await chat.send(forge(chat.server))
    assert caught.value.code == "chat.signature"
    assert chat.server.dialogs == {}


async def test_a_trigger_that_mattermost_did_not_sign_opens_nothing(chat: Chat) -> None:
    await chat.ask()
    body = chat.server.press("approve")
    chat.room.clock.advance(timedelta(seconds=4))
    assert "could not be opened" in (await chat.send(body))["ephemeral_text"]
    assert chat.server.dialogs == {}
    assert chat.room.reported[0][0] == "ap_1"


@pytest.mark.parametrize(
    "changes",
    [
        {"user_id": EVE},
        {"channel_id": OTHER},
        {"state": ""},
        {"state": "ap_1|approve|x"},
        {"state": "ap_1|approve|x|99999999999|" + "0" * 64},
    ],
)
async def test_a_dialog_that_was_not_opened_for_its_sender_does_not_count(
    chat: Chat, changes: dict[str, object]
) -> None:
    await chat.ask()
    await chat.room.link(EVE, "u_bob")
    await chat.send(chat.server.press("approve"))
    with pytest.raises(DeniedError) as caught:
        await chat.send(chat.server.submit(confirm="web-1", **changes))
    assert caught.value.code == "chat.signature"
    assert (await chat.room.approval()).votes == ()


async def test_a_dialog_counts_for_ten_minutes(chat: Chat) -> None:
    await chat.ask()
    await chat.send(chat.server.press("approve"))
    body = chat.server.submit(confirm="web-1")
    chat.room.clock.advance(timedelta(minutes=10))
    with pytest.raises(DeniedError) as caught:
        await chat.send(body)
    assert caught.value.code == "chat.timestamp"


async def test_another_team_is_refused(chat: Chat) -> None:
    await chat.ask()
    await chat.send(chat.server.press("approve"))
    for body, is_form in (
        (chat.server.press("approve", team_id=OTHER), False),
        (chat.server.press("approve", team_id=""), False),
        (chat.server.submit(confirm="web-1", team_id=OTHER), False),
        (command("pending", team_id=OTHER), True),
    ):
        with pytest.raises(DeniedError) as caught:
            await chat.send(body, is_form=is_form)
        assert caught.value.code == "chat.foreign"
    assert (await chat.room.approval()).votes == ()


async def test_a_card_of_a_playbooks_own_is_none_of_ours(chat: Chat) -> None:
    """The connector signs whatever a playbook posts; without the nonce of our card that claims nothing."""
    await chat.ask()
    (post,) = chat.server.messages.values()
    (attachment,) = post["props"]["attachments"]
    claim = {"claim": "ap_1|approve|made-up"}
    forged = {**attachment, "actions": [{**attachment["actions"][0], "integration": {"url": "x", "context": claim}}]}
    forged["actions"][0]["integration"]["url"] = "https://soar.example"
    await chat.room.desk.call("edit_card", {"channel": "~soc", "message": _first(chat), "attachment": forged})
    assert await chat.send(chat.server.press("approve")) == {"ephemeral_text": "this is no card of ours"}


def _first(chat: Chat) -> str:
    return next(iter(chat.server.messages))


async def test_a_short_key_proves_nothing(chat: Chat) -> None:
    await chat.ask()
    rules = replace(chat.desk._rules, key=Opener("short"))
    with pytest.raises(DeniedError) as caught:
        await MattermostDesk(rules, chat.room.office, chat.room.desk).receive(
            chat.server.press("approve"), is_form=False
        )
    assert caught.value.code == "chat.key"


@pytest.mark.parametrize("token", ["", "x", "\u00e9", COMMAND_TOKEN.upper()])
async def test_a_command_without_mattermosts_token_is_refused(chat: Chat, token: str) -> None:
    with pytest.raises((DeniedError, InputError)):
        await chat.send(command("pending", token=token), is_form=True)


async def test_commands_are_answered_to_their_sender_alone(chat: Chat) -> None:
    await chat.ask(replace(ASKED, assurance=Assurance.LINKED))
    said = await chat.send(command("pending"), is_form=True)
    assert said["response_type"] == "ephemeral"
    assert "AB12" in said["text"]
    await chat.send(command("approve ab12 seen it"), is_form=True)
    assert "✅ approved by ann" in chat.server.shown()


async def test_a_dialog_counts_once_and_can_be_put_right_before(chat: Chat) -> None:
    await chat.ask(replace(ASKED, quorum=2))
    await chat.send(chat.server.press("approve"))
    assert (await chat.send(chat.server.submit()))["error"] == "AB12 needs you to type web-1."
    body = chat.server.submit(confirm="web-1")
    assert await chat.send(body) == {}
    await chat.send(command("takeback ab12"), is_form=True)
    assert await chat.send(body) == {"error": "it was heard before"}
    assert await chat.send(chat.server.submit(confirm="web-1", comment="altered")) == {"error": "it was heard before"}
    assert (await chat.room.approval()).votes == ()
    chat.room.clock.advance(timedelta(milliseconds=1))
    assert await chat.vote(confirm="web-1") == {}, "a dialog that was opened anew counts"
    assert len((await chat.room.approval()).votes) == 1


@pytest.mark.parametrize(
    ("text", "deed", "target"), [("link", "access.denied", ""), ("freeze all x", "approval.voted", "all x")]
)
async def test_a_command_that_comes_twice_is_carried_out_once(chat: Chat, text: str, deed: str, target: str) -> None:
    body = command(text)
    first = await chat.send(body, is_form=True)
    second = await chat.send(body, is_form=True)
    assert second["text"] == "This came before, and counts once\\. Write it anew\\."
    assert first["text"] != second["text"]
    event = (await chat.room.events(deed))[-1]
    assert (event["outcome"], event["target"]["id"], event["reason"]) == ("denied", target, "it was heard before")


async def test_what_was_heard_is_forgotten_after_a_month(chat: Chat) -> None:
    body = command("link")
    await chat.send(body, is_form=True)
    chat.room.clock.advance(timedelta(days=30))
    await chat.send(command("link"), is_form=True)
    assert "soar chat link" in (await chat.send(body, is_form=True))["text"].replace("\\", "")


async def test_an_account_is_linked_by_a_code(chat: Chat) -> None:
    said = await chat.send(command("link"), is_form=True)
    code = str(said["text"]).split()[-1]
    found = await chat.room.store.read(WORKSPACE, lambda unit: find_link(unit, code, START))
    assert (found.platform, found.team, found.account) == ("mattermost", TEAM, ANN)


async def test_a_card_is_posted_once_mattermost_is_back(chat: Chat) -> None:
    chat.server.down = 3
    await chat.ask()
    for seconds in (1, 1, 4, 8):
        assert chat.server.messages == {}
        await chat.room.advance(seconds)
    assert len(chat.server.messages) == 1


async def test_a_card_that_cannot_be_posted_goes_to_our_own_chat(chat: Chat) -> None:
    await chat.ask(replace(ASKED, channel="mattermost:~gone"))
    for _ in range(6):
        await chat.room.advance(60)
    page = await chat.room.store.read(WORKSPACE, lambda unit: unit.messages.list("#approvals", 9))
    (message,) = page.items
    assert message.text == "AB12 could not be posted in mattermost:~gone; it can be decided here"


async def test_an_edit_that_failed_is_made_up_for(chat: Chat) -> None:
    await chat.ask()
    await chat.send(chat.server.press("approve"))
    await chat.desk.receive(chat.server.submit(confirm="web-1"), is_form=False)
    chat.server.down = 1
    await chat.room.delivery.deliver()
    assert "approved" not in chat.server.shown()
    await chat.room.advance(2)
    assert "✅ approved by ann" in chat.server.shown()


@pytest.mark.parametrize(
    ("body", "is_form"),
    [
        (b"", False),
        (b"\xff", False),
        (b"[]", False),
        (b"{}", False),
        (b'{"type":"dialog_submission"}', False),
        (b"team_id=T1", True),
        (b"\xff", True),
        (b"&".join(b"a=1" for _ in range(100)), True),
        (command("x", user="ann"), True),
    ],
)
async def test_what_mattermost_never_sends_is_refused(chat: Chat, body: bytes, *, is_form: bool) -> None:
    with pytest.raises(InputError) as caught:
        await chat.send(body, is_form=is_form)
    assert caught.value.code == "chat.request"
