"""From a question to a card in Teams, to a vote there, and back; against a Teams as strict as its documentation."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from soar.approvals.decide import Ballot
from soar.approvals.faces.teams import render_dialog
from soar.approvals.linking import find_link
from soar.approvals.teams_desk import TeamsDesk, TeamsRules, describe_teams
from soar.federation.bot_token import BotTokens
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.errors import DeniedError, InputError, UnavailableError
from soar.model.step import Assurance
from tests.support.builders import build_approval, build_card, build_principal
from tests.support.clock import START, SteppedClock
from tests.support.room import Room, open_room
from tests.support.teams import (
    ANN,
    APPLICATION,
    TENANT,
    FakeTeams,
    act,
    check_card,
    list_texts,
    prove,
)
from tests.support.world import WORKSPACE

ASKED = build_approval(
    id="ap_1", channel="teams:SOC", assurance=Assurance.CONFIRMED, confirm="web-1", comment="required_on_deny"
)
CARD, TEXT = "application/vnd.microsoft.card.adaptive", "application/vnd.microsoft.activity.message"


@dataclass
class Chat:
    """The room, Teams, and what hears it."""

    room: Room
    server: FakeTeams
    desk: TeamsDesk

    async def ask(self, approval: Approval = ASKED, *, is_linked: bool = True) -> None:
        if is_linked:
            await self.room.link(ANN, "u_ann")
        await self.room.ask(approval)

    async def send(self, body: bytes) -> dict[str, Any]:
        """Let Teams send a request, and everything that follows from it happen; return the answer, empty for none."""
        answer: dict[str, Any] | None = await self.desk.receive(prove(self.room.clock.now()), body)
        await self.desk.backlog.work_off()
        await self.room.delivery.deliver()
        return answer or {}

    async def press(self, title: str = "Approve") -> dict[str, Any]:
        """Press a button, and return the second card."""
        answer = await self.send(self.server.press(title))
        assert (answer["statusCode"], answer["type"]) == (200, CARD)
        check_card(answer["value"])
        card: dict[str, Any] = answer["value"]
        return card

    async def vote(self, title: str = "Approve", **typed: str) -> dict[str, Any]:
        """Press a button, fill in the second card, and return what came of it."""
        card = await self.press(title)
        return await self.send(self.server.press(title, card, typed))


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    clock, server = SteppedClock(), FakeTeams()
    room = await open_room(describe_teams(TENANT), server, clock)
    tokens = BotTokens(APPLICATION, egress=server.egress, clock=clock)
    yield Chat(room, server, TeamsDesk(TeamsRules(tenant=TENANT, verify=tokens.verify), room.office, room.desk))
    await room.store.close()


async def test_a_question_becomes_a_card_once(chat: Chat) -> None:
    await chat.ask()
    assert await chat.room.delivery.deliver() == 0
    assert len(chat.server.messages) == 1
    assert "Isolate web-1?" in chat.server.shown()
    assert "AB12 · 0 of 1 yes" in chat.server.shown()


@pytest.mark.parametrize("choice", VoteChoice)
def test_what_is_documented_of_cards_finds_what_is_wrong_with_one(choice: VoteChoice) -> None:
    card = render_dialog(ASKED, choice, "n" * 26)
    check_card(card)
    for wrong in ({"type": "RichTextBlock"}, {"type": "TextBlock", "text": "*"}, {"type": "TextRun", "text": 1}):
        with pytest.raises((AssertionError, KeyError)):
            check_card(card | {"body": [wrong]})


async def test_a_press_shows_a_second_card_and_decides_nothing(chat: Chat) -> None:
    await chat.ask()
    card = await chat.press()
    assert "To approve, type web-1" in list_texts(card)
    assert [block["id"] for block in card["body"] if "id" in block] == ["confirm", "comment"]
    assert (await chat.room.approval()).votes == ()
    back = await chat.send(chat.server.press("Back", card))
    assert "AB12 · 0 of 1 yes" in list_texts(back["value"])


async def test_the_second_card_with_the_targets_name_decides_and_the_first_says_so(chat: Chat) -> None:
    await chat.ask()
    answer = await chat.vote(confirm="Web-1", comment="<at>all</at> seen")
    assert "✅ approved by ann" in list_texts(answer["value"])
    decided = await chat.room.approval()
    assert decided.status is ApprovalStatus.APPROVED
    (vote,) = decided.votes
    assert (vote.user, vote.via, vote.assurance) == ("u_ann", "teams", Assurance.CONFIRMED)
    assert "✅ approved by ann" in chat.server.shown()
    assert "Action.Execute" not in str(chat.server.messages)
    (lines,) = chat.server.threads.values()
    assert lines[0] == "✔ ann (analyst) 09:00 UTC “<at>all</at> seen”"
    assert lines[1].startswith("✅ approved by ann")
    assert await chat.room.delivery.deliver() == 0


@pytest.mark.parametrize("typed", [{}, {"confirm": ""}, {"confirm": "web-2"}])
async def test_without_the_targets_name_nothing_is_approved(chat: Chat, typed: dict[str, str]) -> None:
    await chat.ask()
    answer = await chat.vote(**typed)
    assert (answer["type"], answer["value"]) == (TEXT, "AB12 needs you to type web-1.")
    assert (await chat.room.approval()).votes == ()


async def test_a_name_that_is_shown_defanged_may_be_typed_either_way(chat: Chat) -> None:
    await chat.ask(replace(ASKED, confirm="evil.example", card=build_card(targets=("evil.example",))))
    await chat.vote(confirm="evil[.]example")
    assert (await chat.room.approval()).status is ApprovalStatus.APPROVED


async def test_a_no_needs_its_reason(chat: Chat) -> None:
    await chat.ask()
    assert (await chat.vote("Deny", comment="  "))["value"] == "AB12 needs a comment."
    await chat.vote("Deny", comment="wrong host")
    assert "⛔ denied by ann: wrong host" in chat.server.shown()


async def test_a_decision_from_elsewhere_reaches_the_card(chat: Chat) -> None:
    await chat.ask()
    ballot = Ballot(VoteChoice.DENY, ASKED.digest, comment="no")
    bob, room = build_principal(id="u_bob", name="bob"), chat.room
    await room.store.write(WORKSPACE, lambda unit: room.approvals.vote(unit, "ap_1", bob, ballot, START))
    await room.delivery.deliver()
    assert "⛔ denied by bob: no" in chat.server.shown()


async def test_a_thousand_presses_on_the_second_card_are_one_vote(chat: Chat) -> None:
    await chat.ask(replace(ASKED, quorum=2))
    body, headers = chat.server.press("Approve", await chat.press(), {"confirm": "web-1"}), prove(START)
    for _ in range(1000):
        await chat.desk.receive(headers, body)
    decided = await chat.room.approval()
    assert (len(decided.votes), decided.status) == (1, ApprovalStatus.PENDING)
    assert len(await chat.room.events("approval.voted")) == 1000


async def test_who_is_not_linked_decides_nothing_and_is_told_how(chat: Chat) -> None:
    await chat.ask(is_linked=False)
    answer = await chat.send(chat.server.press("Approve"))
    assert answer["type"] == TEXT
    assert answer["value"].startswith("Your Teams account is not linked: write `link` to the bot")
    (event,) = await chat.room.events("approval.voted")
    assert (event["outcome"], event["actor"]["id"]) == ("denied", f"teams:{TENANT}:{ANN}")


@pytest.mark.parametrize(
    "marks", [{"userRole": "guest"}, {"userRole": "anonymous"}, {"tenantId": "x"}, {"aadObjectId": "x"}, None]
)
async def test_a_linked_account_that_became_a_guest_decides_nothing(chat: Chat, marks: dict[str, Any] | None) -> None:
    await chat.ask()
    chat.server.marks = marks
    answer = await chat.vote(confirm="web-1")
    assert answer["value"] == "Guests, bots and people from elsewhere decide nothing."
    assert (await chat.room.approval()).votes == ()
    (event,) = await chat.room.events("approval.voted")
    assert event["outcome"] == "denied"


async def test_a_link_is_dead_once_its_owner_is_switched_off(chat: Chat) -> None:
    await chat.ask()
    card = await chat.press()
    await chat.room.store.write(
        WORKSPACE, lambda unit: unit.users.update(replace(unit.users.get("u_ann"), disabled_at=START))
    )
    answer = await chat.send(chat.server.press("Approve", card, {"confirm": "web-1"}))
    assert "not linked" in answer["value"]
    assert (await chat.room.approval()).votes == ()


async def test_what_needs_a_second_factor_is_sent_to_the_web_page(chat: Chat) -> None:
    await chat.ask(replace(ASKED, assurance=Assurance.MFA))
    assert (await chat.vote(confirm="web-1"))["value"].endswith("https://soar.example/approvals/ap_1")
    assert (await chat.room.approval()).votes == ()


async def test_a_button_that_is_not_of_our_card_does_nothing(chat: Chat) -> None:
    await chat.ask()
    card = await chat.press()
    forged = {"claim": "ap_1|approve|" + "x" * 26, "confirm": "web-1"}
    for body in (chat.server.press("Approve", None, forged), chat.server.press("Approve", card, forged)):
        assert (await chat.send(body))["value"] == "this is no card of ours"
    assert (await chat.room.approval()).votes == ()
    assert [event["outcome"] for event in await chat.room.events("approval.voted")] == ["denied", "denied"]


@pytest.mark.parametrize(
    "changes",
    [
        {"replyToId": "7"},
        {"conversation": {"id": "19:other@thread.tacv2"}},
        {"channelData": {"tenant": {"id": "x"}}},
        {"from": {"id": "28:bot"}},
    ],
)
async def test_another_message_channel_or_tenant_or_a_bot_is_refused(chat: Chat, changes: dict[str, object]) -> None:
    await chat.ask()
    card = await chat.press()
    for body in (
        chat.server.press("Approve", **changes),
        chat.server.press("Approve", card, {"confirm": "web-1"}, **changes),
    ):
        with pytest.raises(DeniedError) as caught:
            await chat.send(body)
        assert caught.value.code == "chat.foreign"
    assert (await chat.room.approval()).votes == ()


@pytest.mark.parametrize("changes", [{"serviceUrl": "https://evil.example/"}, {"channelId": "webchat"}])
async def test_an_activity_that_the_token_does_not_vouch_for_is_refused(chat: Chat, changes: dict[str, object]) -> None:
    await chat.ask()
    with pytest.raises(DeniedError) as caught:
        await chat.send(chat.server.press("Approve", **changes))
    assert caught.value.code == "chat.signature"


async def test_a_key_that_may_not_speak_for_teams_is_refused(chat: Chat) -> None:
    await chat.ask()
    chat.server.endorsements = ("webchat",)
    with pytest.raises(DeniedError) as caught:
        await chat.send(chat.server.press("Approve"))
    assert caught.value.code == "chat.signature"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic x"}, {"authorization": "Bearer x"}])
async def test_a_request_without_a_token_is_refused(chat: Chat, headers: dict[str, str]) -> None:
    with pytest.raises(DeniedError) as caught:
        await chat.desk.receive(headers, act("message", text="pending"))
    assert caught.value.code == "chat.signature"


async def test_without_a_tenant_nothing_is_heard(chat: Chat) -> None:
    desk = TeamsDesk(replace(chat.desk._rules, tenant=""), chat.room.office, chat.room.desk)
    with pytest.raises(DeniedError):
        await desk.receive(prove(START), act("message", channelData={"tenant": {"id": ""}}))


@pytest.mark.parametrize(
    "text", ["<at>soar</at> pending", "<at id='0'>soar</at>&nbsp;pending\n", "!pending", "pending"]
)
async def test_commands_are_answered_in_the_personal_chat(chat: Chat, text: str) -> None:
    await chat.ask(replace(ASKED, assurance=Assurance.LINKED))
    assert await chat.send(act("message", text=text)) == {}
    ((account, said),) = chat.server.whispers
    assert account == ANN
    assert "AB12" in said


async def test_a_command_decides(chat: Chat) -> None:
    await chat.ask(replace(ASKED, assurance=Assurance.LINKED))
    await chat.send(act("message", text="<at>soar</at> approve ab12 seen it"))
    assert "✅ approved by ann" in chat.server.shown()


async def test_more_than_can_wait_is_refused_for_now(chat: Chat) -> None:
    headers, body = prove(START), act("message", text="pending")
    for _ in range(200):
        await chat.desk.receive(headers, body)
    with pytest.raises(UnavailableError):
        await chat.desk.receive(headers, body)


async def test_an_account_is_linked_by_a_code(chat: Chat) -> None:
    await chat.send(act("message", text="link"))
    ((_, said),) = chat.server.whispers
    found = await chat.room.store.read(WORKSPACE, lambda unit: find_link(unit, said.split()[-1], START))
    assert (found.platform, found.team, found.account) == ("teams", TENANT, ANN)


@pytest.mark.parametrize(
    "body",
    [
        act("conversationUpdate"),
        act("invoke", name="other/fetch", value={}),
        act("invoke", name="adaptiveCard/action", value={"action": {"verb": "another"}}),
        act("message", value={"x": 1}),
    ],
)
async def test_what_asks_for_nothing_is_nothing(chat: Chat, body: bytes) -> None:
    assert await chat.send(body) == {}
    assert chat.server.whispers == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        act("message", channelData={}),
        act("invoke", name="adaptiveCard/action", value={"action": {"verb": "soar_vote", "data": {"claim": "x"}}}),
    ],
)
async def test_what_teams_never_sends_is_refused(chat: Chat, body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        await chat.send(body)
    assert caught.value.code == "chat.request"


async def test_a_card_is_posted_once_teams_is_back(chat: Chat) -> None:
    chat.server.down = 3
    await chat.ask()
    for seconds in (1, 1, 4, 8):
        assert chat.server.messages == {}
        await chat.room.advance(seconds)
    assert len(chat.server.messages) == 1


@pytest.mark.parametrize("channel", ["Gone", "Unknown"])
async def test_a_card_that_cannot_be_posted_goes_to_our_own_chat(chat: Chat, channel: str) -> None:
    await chat.ask(replace(ASKED, channel=f"teams:{channel}"))
    for _ in range(6):
        await chat.room.advance(60)
    page = await chat.room.store.read(WORKSPACE, lambda unit: unit.messages.list("#approvals", 9))
    (message,) = page.items
    assert message.text == f"AB12 could not be posted in teams:{channel}; it can be decided here"


async def test_an_edit_that_failed_is_made_up_for(chat: Chat) -> None:
    await chat.ask()
    body = chat.server.press("Approve", await chat.press(), {"confirm": "web-1"})
    await chat.desk.receive(prove(START), body)
    chat.server.down = 1
    await chat.room.delivery.deliver()
    assert "approved" not in chat.server.shown()
    await chat.room.advance(2)
    assert "✅ approved by ann" in chat.server.shown()


async def test_a_request_is_dead_once_its_token_is(chat: Chat) -> None:
    await chat.ask()
    headers, body = prove(START), chat.server.press("Approve")
    chat.room.clock.advance(timedelta(hours=1, minutes=5))
    with pytest.raises(DeniedError) as caught:
        await chat.desk.receive(headers, body)
    assert caught.value.code == "chat.signature"
