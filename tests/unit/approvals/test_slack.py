"""From a question to a card in Slack, to a vote there, and back; against a Slack as strict as its documentation."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from soar.approvals.decide import Ballot, Refusal
from soar.approvals.delivery import CardDelivery
from soar.approvals.linking import find_link, offer_link, take_link
from soar.approvals.platform import Office
from soar.approvals.service import ApprovalService
from soar.approvals.slack_desk import SlackDesk, SlackRules, describe_slack
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.chat import ChatAccount
from soar.model.errors import ConflictError, DeniedError, InputError, UnavailableError
from soar.model.secret import Secret
from soar.model.step import Assurance
from soar.policy import DEFAULT_POLICY
from soar.store import Store
from tests.support.builders import build_approval, build_card, build_principal
from tests.support.chat import make_chat_desk
from tests.support.clock import START, SteppedClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness
from tests.support.slack import APPLICATION, KEY, TEAM, FakeSlack, command, press, sign, submit
from tests.support.world import WORKSPACE, RecordingAnnouncer, open_peopled_store

ASKED = build_approval(
    id="ap_1", channel="slack:#soc", assurance=Assurance.CONFIRMED, confirm="web-1", comment="required_on_deny"
)


@dataclass
class Room:
    """A service with Slack connected, and people in both."""

    store: Store
    clock: SteppedClock
    slack: FakeSlack
    delivery: CardDelivery
    desk: SlackDesk
    approvals: ApprovalService

    async def ask(self, approval: Approval = ASKED) -> None:
        await self.store.write(WORKSPACE, lambda unit: unit.approvals.add(approval))
        await self.delivery.deliver()

    async def link(self, account: str, user: str) -> None:
        linked = ChatAccount(platform="slack", team=TEAM, account=account, user=user, linked_at=START)
        await self.store.write(WORKSPACE, lambda unit: unit.chat_accounts.link(linked))

    async def send(self, body: bytes) -> str:
        """Let Slack send a request, and everything that follows from it happen."""
        shown = await self.desk.receive(sign(body, self.clock.now()), body)
        await self.desk.backlog.work_off()
        await self.delivery.deliver()
        assert shown is None or shown["response_type"] == "ephemeral"
        return str(shown["text"]) if shown else ""

    async def approval(self) -> Approval:
        found = await self.store.read(WORKSPACE, lambda unit: unit.approvals.get("ap_1"))
        assert found is not None
        return found

    async def events(self, kind: str) -> list[Any]:
        page = await self.store.read(WORKSPACE, lambda unit: unit.audit.list(2_000, type_prefix=kind))
        return [event.document for event in reversed(page.items)]

    async def advance(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        await self.delivery.deliver()


async def open_signing_secret() -> Secret:
    return Secret(KEY)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    store = await open_peopled_store(InlineDisk())
    clock, slack = SteppedClock(), FakeSlack()
    office = Office(
        store=store,
        workspace=WORKSPACE,
        host=slack,
        clock=clock,
        ids=SeededIds(),
        randomness=SeededRandomness(3),
        announcer=RecordingAnnouncer(),
        url="https://soar.example",
        report=lambda _approval, _message: None,
    )
    approvals = ApprovalService(ids=SeededIds(), policy=DEFAULT_POLICY)
    rules = SlackRules(team=TEAM, application=APPLICATION, resolve=open_signing_secret)
    platform = describe_slack(TEAM)
    desk = SlackDesk(rules, office, make_chat_desk(platform, office, approvals))
    yield Room(store, clock, slack, CardDelivery(platform, office), desk, approvals)
    await store.close()


async def test_a_question_becomes_a_card_once(room: Room) -> None:
    await room.ask()
    assert await room.delivery.deliver() == 0
    assert list(room.slack.messages) == ["1.1"]
    assert "Isolate web-1?" in room.slack.shown()
    assert "AB12 · 0 of 1 yes" in room.slack.shown()
    assert "Before: never asked before".removeprefix("Before: ") in room.slack.shown()


async def test_a_question_for_another_chat_is_left_alone(room: Room) -> None:
    await room.ask(replace(ASKED, channel="#soc"))
    assert room.slack.calls == 0


async def test_a_press_opens_a_dialog_and_decides_nothing(room: Room) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    assert await room.send(press(room.slack.value("approve"))) == ""
    (view,) = room.slack.views
    assert view["blocks"][1]["label"]["text"] == "Type web-1"
    assert (await room.approval()).votes == ()


async def test_a_dialog_with_the_targets_name_decides_and_the_card_says_so(room: Room) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    await room.send(submit(room.slack.value("approve"), confirm="Web-1", comment="<!channel> seen"))
    decided = await room.approval()
    assert decided.status is ApprovalStatus.APPROVED
    (vote,) = decided.votes
    assert (vote.user, vote.via, vote.assurance, vote.comment) == (
        "u_ann",
        "slack",
        Assurance.CONFIRMED,
        "<!channel> seen",
    )
    assert "✅ approved by ann" in room.slack.shown()
    assert not [value for value in ("soar_approve", "soar_deny") if value in str(room.slack.messages)]
    voted, closed = room.slack.threads["1.1"]
    assert voted == "✔ ann (analyst) 09:00 UTC “&lt;!channel&gt; seen”"
    assert closed.startswith("✅ approved by ann")
    assert await room.delivery.deliver() == 0


@pytest.mark.parametrize("confirm", [None, "", "web-2", "web-1 "])
async def test_without_the_targets_name_nothing_is_approved(room: Room, confirm: str | None) -> None:
    await room.ask(replace(ASKED, quorum=2))
    await room.link("U0000001", "u_ann")
    await room.send(submit(room.slack.value("approve"), confirm=confirm))
    is_right = (confirm or "").strip() == "web-1"
    assert len((await room.approval()).votes) == int(is_right)
    assert [text for _, text in room.slack.whispers] == ([] if is_right else ["AB12 needs you to type web-1."])


async def test_a_name_that_is_shown_defanged_may_be_typed_either_way(room: Room) -> None:
    await room.link("U0000001", "u_ann")
    await room.ask(replace(ASKED, confirm="evil.example", card=build_card(targets=("evil.example",))))
    await room.send(press(room.slack.value("approve")))
    assert room.slack.views[0]["blocks"][1]["label"]["text"] == "Type evil[.]example"
    await room.send(submit(room.slack.value("approve"), confirm="evil[.]example"))
    assert (await room.approval()).status is ApprovalStatus.APPROVED


async def test_a_no_needs_its_reason(room: Room) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    await room.send(submit(room.slack.value("deny"), comment="  "))
    assert room.slack.whispers == [("U0000001", "AB12 needs a comment.")]
    await room.send(submit(room.slack.value("deny"), comment="wrong host"))
    assert "⛔ denied by ann: wrong host" in room.slack.shown()


async def test_a_decision_from_elsewhere_reaches_the_card(room: Room) -> None:
    await room.ask()
    ballot = Ballot(VoteChoice.DENY, ASKED.digest, comment="no")
    bob = build_principal(id="u_bob", name="bob")
    await room.store.write(WORKSPACE, lambda unit: room.approvals.vote(unit, "ap_1", bob, ballot, START))
    await room.delivery.deliver()
    assert "⛔ denied by bob: no" in room.slack.shown()
    assert len(room.slack.threads["1.1"]) == 2


async def test_a_thousand_presses_on_a_dialog_are_one_vote(room: Room) -> None:
    await room.ask(replace(ASKED, quorum=2))
    await room.link("U0000001", "u_ann")
    body = submit(room.slack.value("approve"), confirm="web-1")
    for _ in range(10):
        for _ in range(100):
            await room.desk.receive(sign(body, START), body)
        await room.desk.backlog.work_off()
    decided = await room.approval()
    assert (len(decided.votes), decided.status) == (1, ApprovalStatus.PENDING)
    assert len(await room.events("approval.voted")) == 1000


async def test_more_than_can_wait_is_refused_for_now(room: Room) -> None:
    await room.ask()
    body = press(room.slack.value("approve"))
    for _ in range(200):
        await room.desk.receive(sign(body, START), body)
    with pytest.raises(UnavailableError):
        await room.desk.receive(sign(body, START), body)


async def test_who_is_not_linked_decides_nothing_and_is_told_how(room: Room) -> None:
    await room.ask()
    await room.send(submit(room.slack.value("approve"), confirm="web-1"))
    assert (await room.approval()).votes == ()
    assert room.slack.whispers == [("U0000001", "Your Slack account is not linked: /soar link")]
    (event,) = await room.events("approval.voted")
    assert (event["outcome"], event["actor"]["id"]) == ("denied", f"slack:{TEAM}:U0000001")


@pytest.mark.parametrize(
    "marks", [{"is_bot": True}, {"is_restricted": True}, {"is_stranger": True}, {"deleted": True}, {"team_id": "T9"}]
)
async def test_a_linked_account_that_became_a_guest_decides_nothing(room: Room, marks: dict[str, object]) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    room.slack.marks = marks
    await room.send(submit(room.slack.value("approve"), confirm="web-1"))
    assert (await room.approval()).votes == ()
    assert room.slack.whispers == [("U0000001", "Guests, bots and people from elsewhere decide nothing.")]
    (event,) = await room.events("approval.voted")
    assert event["outcome"] == "denied"


async def test_a_link_is_dead_once_its_owner_is_switched_off(room: Room) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    await room.store.write(
        WORKSPACE, lambda unit: unit.users.update(replace(unit.users.get("u_ann"), disabled_at=START))
    )
    await room.send(submit(room.slack.value("approve"), confirm="web-1"))
    assert (await room.approval()).votes == ()


async def test_a_role_that_may_not_vote_does_not(room: Room) -> None:
    await room.ask(replace(ASKED, by=("role:viewer", "role:auditor")))
    await room.link("U0000001", "u_olga")
    await room.send(submit(room.slack.value("approve"), confirm="web-1"))
    assert (await room.approval()).votes == ()
    (event,) = await room.events("approval.voted")
    assert event["outcome"] == "denied"


async def test_what_needs_a_second_factor_is_sent_to_the_web_page(room: Room) -> None:
    await room.ask(replace(ASKED, assurance=Assurance.MFA))
    await room.link("U0000001", "u_ann")
    await room.send(submit(room.slack.value("approve"), confirm="web-1"))
    ((_, said),) = room.slack.whispers
    assert said.endswith("https://soar.example/approvals/ap_1")
    assert (await room.approval()).votes == ()


@pytest.mark.parametrize("nonce", ["", "x" * 26, "é"])
async def test_a_button_that_is_not_of_our_card_does_nothing(room: Room, nonce: str) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    for body in (press(f"ap_1|approve|{nonce}"), submit(f"ap_1|approve|{nonce}", confirm="web-1")):
        await room.send(body)
    assert (room.slack.views, (await room.approval()).votes) == ([], ())
    assert [event["outcome"] for event in await room.events("approval.voted")] == ["denied", "denied"]


@pytest.mark.parametrize("changes", [{"team": "T9", "home": "T9"}, {"home": "T9"}, {"program": "A9"}])
async def test_another_team_or_program_is_refused(room: Room, changes: dict[str, str]) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    with pytest.raises(DeniedError) as caught:
        await room.send(submit(room.slack.value("approve"), confirm="web-1", **changes))
    assert caught.value.code == "chat.foreign"


async def test_a_card_is_posted_once_slack_is_back(room: Room) -> None:
    room.slack.down = 3
    await room.ask()
    for seconds in (1, 1, 4, 8):
        assert room.slack.messages == {}
        await room.advance(seconds)
    assert list(room.slack.messages) == ["1.1"]


async def test_a_card_that_cannot_be_posted_goes_to_our_own_chat(room: Room) -> None:
    await room.ask(replace(ASKED, channel="slack:#gone"))
    for _ in range(6):
        await room.advance(60)
    page = await room.store.read(WORKSPACE, lambda unit: unit.messages.list("#approvals", 9))
    (message,) = page.items
    assert message.approval == "ap_1"
    assert message.text == "AB12 could not be posted in slack:#gone; it can be decided here"
    calls = room.slack.calls
    await room.advance(3600)
    assert room.slack.calls == calls


async def test_an_edit_that_failed_is_made_up_for(room: Room) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    body = submit(room.slack.value("approve"), confirm="web-1")
    await room.desk.receive(sign(body, START), body)
    await room.desk.backlog.work_off()
    room.slack.down = 1
    await room.delivery.deliver()
    assert "approved" not in room.slack.shown()
    await room.advance(2)
    assert "✅ approved by ann" in room.slack.shown()


async def test_an_account_is_linked_by_who_is_logged_in_and_once(room: Room) -> None:
    shown = await room.send(command("link"))
    code = shown.split()[-1]
    ann, ids = build_principal(id="u_ann", name="ann"), SeededIds()
    found = await room.store.read(WORKSPACE, lambda unit: find_link(unit, code, START))
    assert (found.team, found.account) == (TEAM, "U0000001")
    typed = f" {code[:4].lower()}-{code[4:]} "
    await room.store.write(WORKSPACE, lambda unit: take_link(unit, typed, ann, ids=ids, at=START))
    linked = await room.store.read(WORKSPACE, lambda unit: unit.chat_accounts.of("u_ann"))
    assert [account.account for account in linked] == ["U0000001"]
    (event,) = await room.events("chat.linked")
    assert event["target"]["id"] == f"slack:{TEAM}:U0000001"
    with pytest.raises(InputError):
        await room.store.write(WORKSPACE, lambda unit: take_link(unit, code, ann, ids=ids, at=START))


async def test_a_code_counts_for_ten_minutes(room: Room) -> None:
    code = await room.store.write(
        WORKSPACE, lambda unit: offer_link(unit, "slack", TEAM, "U0000001", randomness=SeededRandomness(1), at=START)
    )
    late = START + timedelta(minutes=10)
    ann = build_principal(id="u_ann", name="ann")
    with pytest.raises(InputError):
        await room.store.write(WORKSPACE, lambda unit: take_link(unit, code, ann, ids=SeededIds(), at=late))


async def test_another_command_is_answered_with_what_there_is(room: Room) -> None:
    assert "!approve ab12" in await room.send(command("help"))
    assert await room.send(command("pending")) == "Your Slack account is not linked: /soar link"
    await room.link("U0000001", "u_ann")
    assert await room.send(command("pending")) == "Nothing is open."


async def test_a_freeze_is_set_by_a_command_and_lifted_by_nobody_with_an_account_alone(room: Room) -> None:
    await room.link("U0000001", "u_carol")
    await room.link("U0000002", "u_dave")
    assert (await room.send(command("freeze crm.wipe runs wild"))).startswith(
        "Writes of the action crm.wipe are frozen"
    )
    await room.send(command("unfreeze looked"))
    assert "with a fresh login" in await room.send(command("unfreeze looked", account="U0000002"))
    (frozen,) = await room.store.read(WORKSPACE, lambda unit: unit.freezes.list())
    assert (frozen.id, frozen.lift_asked_by) == ("action:crm.wipe", "u_carol")


async def test_ask_opens_a_dialog_whose_question_reaches_the_thread(room: Room) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    value = room.slack.value("ask")
    await room.send(press(value))
    (view,) = room.slack.views
    assert (view["title"]["text"], view["private_metadata"]) == ("Ask about AB12", value)
    await room.send(submit(value, comment="who owns <it>?"))
    assert room.slack.threads["1.1"] == ["? ann 09:00 UTC asks: “who owns &lt;it&gt;?”"]
    assert (await room.approval()).votes == ()


async def test_what_goes_wrong_with_one_press_does_not_end_the_others(room: Room) -> None:
    await room.ask()
    await room.link("U0000001", "u_ann")
    reported: list[str] = []
    office = replace(room.desk._office, report=lambda approval, _message: reported.append(approval))
    approvals = BrokenOnce()
    desk = SlackDesk(room.desk._rules, office, make_chat_desk(describe_slack(TEAM), office, approvals))
    working = asyncio.create_task(desk.backlog.run())
    body = submit(room.slack.value("approve"), confirm="web-1")
    for _ in range(2):
        await desk.receive(sign(body, START), body)
    async with asyncio.timeout(5):
        await approvals.has_voted.wait()
    working.cancel()
    assert reported == ["ap_1"]


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
