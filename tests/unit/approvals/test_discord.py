"""From a question to a card in Discord, to a vote there, and back; against a Discord as strict as its documentation."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from soar.approvals.decide import Ballot, Refusal
from soar.approvals.discord_desk import DiscordDesk, DiscordRules, describe_discord
from soar.approvals.linking import find_link
from soar.approvals.service import ApprovalService
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.errors import ConflictError, DeniedError, UnavailableError
from soar.model.step import Assurance
from soar.policy import DEFAULT_POLICY
from tests.support.builders import build_approval, build_card, build_principal
from tests.support.chat import make_chat_desk
from tests.support.clock import START, SteppedClock
from tests.support.discord import (
    ANN,
    APPLICATION,
    GUILD,
    PUBLIC_KEY,
    FakeDiscord,
    check_modal,
    interact,
    ping,
    sign,
)
from tests.support.ids import SeededIds
from tests.support.room import Room, open_room
from tests.support.world import WORKSPACE

ASKED = build_approval(
    id="ap_1", channel="discord:#soc", assurance=Assurance.CONFIRMED, confirm="web-1", comment="required_on_deny"
)
RULES = DiscordRules(guild=GUILD, application=APPLICATION, public_key=PUBLIC_KEY)
LATER = {"type": 5, "data": {"flags": 64}}


@dataclass
class Chat:
    """The room, Discord, and what hears it."""

    room: Room
    server: FakeDiscord
    desk: DiscordDesk

    async def ask(self, approval: Approval = ASKED, *, is_linked: bool = True) -> None:
        if is_linked:
            await self.room.link(ANN, "u_ann")
        await self.room.ask(approval)

    async def send(self, body: bytes) -> dict[str, Any]:
        """Let Discord send a request, and everything that follows from it happen."""
        answer: dict[str, Any] = await self.desk.receive(sign(body, self.room.clock.now()), body)
        await self.desk.backlog.work_off()
        await self.room.delivery.deliver()
        return answer

    async def press(self, choice: str = "approve") -> dict[str, Any]:
        """Press a button, and return the dialog that opens."""
        answer = await self.send(self.server.press(self.server.value(choice)))
        assert answer["type"] == 9
        check_modal(answer["data"])
        modal: dict[str, Any] = answer["data"]
        return modal

    async def vote(self, choice: str = "approve", **typed: str) -> str:
        """Press a button, fill in the dialog, and return what came of it."""
        modal = await self.press(choice)
        assert await self.send(self.server.submit(modal, typed)) == LATER
        return self.server.answers["t1"]


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    clock, server = SteppedClock(), FakeDiscord()
    room = await open_room(describe_discord(GUILD), server, clock)
    yield Chat(room, server, DiscordDesk(RULES, room.office, room.desk))
    await room.store.close()


async def test_discord_is_told_that_we_are_there(chat: Chat) -> None:
    assert await chat.send(ping()) == {"type": 1}
    with pytest.raises(DeniedError):
        await chat.send(ping(application="9"))


async def test_a_question_becomes_a_card_once(chat: Chat) -> None:
    await chat.ask()
    assert await chat.room.delivery.deliver() == 0
    assert len(chat.server.messages) == 1
    assert "Isolate web-1?" in chat.server.shown()
    assert "AB12 · 0 of 1 yes" in chat.server.shown()


async def test_a_press_opens_a_dialog_and_decides_nothing(chat: Chat) -> None:
    await chat.ask()
    modal = await chat.press()
    assert modal["components"][1]["content"] == "To approve, type `web-1`"
    assert [part["component"]["custom_id"] for part in modal["components"][2:]] == ["confirm", "comment"]
    assert (await chat.room.approval()).votes == ()


async def test_a_dialog_with_the_targets_name_decides_and_the_card_says_so(chat: Chat) -> None:
    await chat.ask()
    assert await chat.vote(confirm="Web-1", comment="<@&1> **seen**") == "Your vote counts."
    decided = await chat.room.approval()
    assert decided.status is ApprovalStatus.APPROVED
    (vote,) = decided.votes
    assert (vote.user, vote.via, vote.assurance) == ("u_ann", "discord", Assurance.CONFIRMED)
    assert "✅ approved by ann" in chat.server.shown()
    assert "custom_id" not in str(chat.server.messages)
    (lines,) = chat.server.threads.values()
    assert lines[0] == "✔ ann \\(analyst\\) 09\\:00 UTC “\\<\uff20\\&1\\> \\*\\*seen\\*\\*”"
    assert lines[1].startswith("✅ approved by ann")
    assert await chat.room.delivery.deliver() == 0


@pytest.mark.parametrize("typed", [{}, {"confirm": ""}, {"confirm": "web-2"}])
async def test_without_the_targets_name_nothing_is_approved(chat: Chat, typed: Mapping[str, str]) -> None:
    await chat.ask()
    assert await chat.vote(**typed) == "AB12 needs you to type web-1."
    assert (await chat.room.approval()).votes == ()


async def test_a_name_that_is_shown_defanged_may_be_typed_either_way(chat: Chat) -> None:
    await chat.ask(replace(ASKED, confirm="evil.example", card=build_card(targets=("evil.example",))))
    await chat.vote(confirm="evil[.]example")
    assert (await chat.room.approval()).status is ApprovalStatus.APPROVED


async def test_a_no_needs_its_reason(chat: Chat) -> None:
    await chat.ask()
    assert await chat.vote("deny", comment="  ") == "AB12 needs a comment."
    assert await chat.vote("deny", comment="wrong host") == "Your vote counts."
    assert "⛔ denied by ann: wrong host" in chat.server.shown()


async def test_a_decision_from_elsewhere_reaches_the_card(chat: Chat) -> None:
    await chat.ask()
    ballot = Ballot(VoteChoice.DENY, ASKED.digest, comment="no")
    bob, room = build_principal(id="u_bob", name="bob"), chat.room
    await room.store.write(WORKSPACE, lambda unit: room.approvals.vote(unit, "ap_1", bob, ballot, START))
    await room.delivery.deliver()
    assert "⛔ denied by bob: no" in chat.server.shown()


async def test_a_thousand_submissions_are_one_vote(chat: Chat) -> None:
    await chat.ask(replace(ASKED, quorum=2))
    body = chat.server.submit(await chat.press(), {"confirm": "web-1"})
    for _ in range(10):
        for _ in range(100):
            await chat.desk.receive(sign(body, START), body)
        await chat.desk.backlog.work_off()
    decided = await chat.room.approval()
    assert (len(decided.votes), decided.status) == (1, ApprovalStatus.PENDING)
    assert len(await chat.room.events("approval.voted")) == 1000


async def test_more_than_can_wait_is_refused_for_now(chat: Chat) -> None:
    body = chat.server.command("pending")
    for _ in range(200):
        await chat.desk.receive(sign(body, START), body)
    with pytest.raises(UnavailableError):
        await chat.desk.receive(sign(body, START), body)


async def test_who_is_not_linked_decides_nothing_and_is_told_how(chat: Chat) -> None:
    await chat.ask(is_linked=False)
    answer = await chat.send(chat.server.press(chat.server.value("approve")))
    assert (answer["type"], answer["data"]["flags"]) == (4, 64)
    assert answer["data"]["content"] == "`Your Discord account is not linked: /soar link`"
    (event,) = await chat.room.events("approval.voted")
    assert (event["outcome"], event["actor"]["id"]) == ("denied", f"discord:{GUILD}:{ANN}")


@pytest.mark.parametrize(
    ("user", "marks"),
    [
        ({"bot": True}, {}),
        ({"system": True}, {}),
        ({}, {"pending": True}),
        ({}, {"flags": 16}),
        ({}, None),
    ],
)
async def test_a_linked_account_that_became_a_guest_decides_nothing(
    chat: Chat, user: dict[str, Any], marks: dict[str, Any] | None
) -> None:
    await chat.ask()
    chat.server.user, chat.server.marks = user, marks
    assert await chat.vote(confirm="web-1") == "Guests, bots and people from elsewhere decide nothing."
    assert (await chat.room.approval()).votes == ()
    (event,) = await chat.room.events("approval.voted")
    assert event["outcome"] == "denied"


async def test_a_link_is_dead_once_its_owner_is_switched_off(chat: Chat) -> None:
    await chat.ask()
    modal = await chat.press()
    await chat.room.store.write(
        WORKSPACE, lambda unit: unit.users.update(replace(unit.users.get("u_ann"), disabled_at=START))
    )
    await chat.send(chat.server.submit(modal, {"confirm": "web-1"}))
    assert "not linked" in chat.server.answers["t1"]
    assert (await chat.room.approval()).votes == ()


async def test_what_needs_a_second_factor_is_sent_to_the_web_page(chat: Chat) -> None:
    await chat.ask(replace(ASKED, assurance=Assurance.MFA))
    assert (await chat.vote(confirm="web-1")).endswith("https://soar.example/approvals/ap_1")
    assert (await chat.room.approval()).votes == ()


@pytest.mark.parametrize("nonce", ["", "x" * 26, "é"])
async def test_a_button_that_is_not_of_our_card_does_nothing(chat: Chat, nonce: str) -> None:
    await chat.ask()
    answer = await chat.send(chat.server.press(f"ap_1|approve|{nonce}"))
    assert answer["data"]["content"] == "`this is no card of ours`"
    modal = await chat.press() | {"custom_id": f"ap_1|approve|{nonce}"}
    await chat.send(chat.server.submit(modal, {"confirm": "web-1"}))
    assert (await chat.room.approval()).votes == ()
    assert [event["outcome"] for event in await chat.room.events("approval.voted")] == ["denied", "denied"]


@pytest.mark.parametrize("changes", [{"message": {"id": "6"}}, {"channel_id": "6"}])
async def test_our_button_on_another_message_does_nothing(chat: Chat, changes: dict[str, object]) -> None:
    await chat.ask()
    with pytest.raises(DeniedError) as caught:
        await chat.send(chat.server.press(chat.server.value("approve"), **changes))
    assert caught.value.code == "chat.foreign"


@pytest.mark.parametrize("changes", [{"guild_id": "9"}, {"guild_id": ""}, {"application_id": "9"}, {"member": None}])
async def test_another_server_or_program_is_refused(chat: Chat, changes: dict[str, object]) -> None:
    await chat.ask()
    modal = await chat.press()
    for body in (
        chat.server.press(chat.server.value("approve"), **changes),
        chat.server.submit(modal, {"confirm": "web-1"}, **changes),
        chat.server.command("pending", **changes),
    ):
        with pytest.raises(DeniedError) as caught:
            await chat.send(body)
        assert caught.value.code == "chat.foreign"
    assert (await chat.room.approval()).votes == ()


@pytest.mark.parametrize("rules", [replace(RULES, guild=""), replace(RULES, application="")])
async def test_without_pins_nothing_is_heard(chat: Chat, rules: DiscordRules) -> None:
    body = interact(2, data={"name": "soar"}, guild_id=rules.guild)
    with pytest.raises(DeniedError):
        await DiscordDesk(rules, chat.room.office, chat.room.desk).receive(sign(body, START), body)


async def test_commands_are_answered_to_their_sender_alone(chat: Chat) -> None:
    await chat.ask(replace(ASKED, assurance=Assurance.LINKED))
    assert await chat.send(chat.server.command("pending")) == LATER
    assert "AB12" in chat.server.answers["t1"]
    await chat.send(chat.server.command("approve ab12 seen it"))
    assert "✅ approved by ann" in chat.server.shown()


async def test_an_account_is_linked_by_a_code(chat: Chat) -> None:
    await chat.send(chat.server.command("link"))
    code = chat.server.answers["t1"].split()[-1]
    found = await chat.room.store.read(WORKSPACE, lambda unit: find_link(unit, code, START))
    assert (found.platform, found.team, found.account) == ("discord", GUILD, ANN)


async def test_a_card_is_posted_once_discord_is_back(chat: Chat) -> None:
    chat.server.down = 3
    await chat.ask()
    for seconds in (1, 1, 4, 8):
        assert chat.server.messages == {}
        await chat.room.advance(seconds)
    assert len(chat.server.messages) == 1


async def test_a_card_that_cannot_be_posted_goes_to_our_own_chat(chat: Chat) -> None:
    await chat.ask(replace(ASKED, channel="discord:#gone"))
    for _ in range(6):
        await chat.room.advance(60)
    page = await chat.room.store.read(WORKSPACE, lambda unit: unit.messages.list("#approvals", 9))
    (message,) = page.items
    assert message.text == "AB12 could not be posted in discord:#gone; it can be decided here"


async def test_an_edit_that_failed_is_made_up_for(chat: Chat) -> None:
    await chat.ask()
    body = chat.server.submit(await chat.press(), {"confirm": "web-1"})
    await chat.desk.receive(sign(body, START), body)
    await chat.desk.backlog.work_off()
    chat.server.down = 1
    await chat.room.delivery.deliver()
    assert "approved" not in chat.server.shown()
    await chat.room.advance(2)
    assert "✅ approved by ann" in chat.server.shown()


async def test_an_interaction_that_is_too_old_to_answer_counts_all_the_same(chat: Chat) -> None:
    await chat.ask()
    body = chat.server.submit(await chat.press(), {"confirm": "web-1"})
    chat.server.deferred.clear()
    await chat.send(body)
    assert (await chat.room.approval()).status is ApprovalStatus.APPROVED
    assert "t1" not in str(chat.room.reported)


async def test_what_goes_wrong_with_one_press_does_not_end_the_others(chat: Chat) -> None:
    await chat.ask()
    modal, approvals = await chat.press(), BrokenOnce()
    second = make_chat_desk(describe_discord(GUILD), chat.room.office, approvals)
    desk = DiscordDesk(RULES, chat.room.office, second)
    working = asyncio.create_task(desk.backlog.run())
    body = chat.server.submit(modal, {"confirm": "web-1"})
    for _ in range(2):
        await desk.receive(sign(body, START), body)
    async with asyncio.timeout(5):
        await approvals.has_voted.wait()
    working.cancel()
    assert [approval for approval, _ in chat.room.reported] == ["ap_1"]


class BrokenOnce(ApprovalService):
    """Counts votes, but for the first, which another process has just outrun."""

    def __init__(self) -> None:
        super().__init__(ids=SeededIds(), policy=DEFAULT_POLICY)
        self.has_voted = asyncio.Event()
        self._is_broken = True

    def vote(self, *arguments: Any, **more: Any) -> Approval | Refusal:  # noqa: ANN401 -- whatever it takes
        if self._is_broken:
            self._is_broken = False
            raise ConflictError("the approval is no longer at version 1")
        self.has_voted.set()
        return super().vote(*arguments, **more)


async def test_an_old_request_is_refused(chat: Chat) -> None:
    await chat.ask()
    body = chat.server.submit(await chat.press(), {"confirm": "web-1"})
    with pytest.raises(DeniedError) as caught:
        await chat.desk.receive(sign(body, START - timedelta(minutes=6)), body)
    assert caught.value.code == "chat.timestamp"
