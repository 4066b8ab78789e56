"""What became of an approved call, on its card in a chat, until it is taken back from there."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from soar.approvals.card import ResultKind
from soar.approvals.chat_desk import ChatSender, Unfit
from soar.approvals.claim import Wish, WishKind
from soar.approvals.decide import Ballot
from soar.approvals.delivery import CardDelivery
from soar.approvals.platform import Office
from soar.approvals.result import find_result
from soar.approvals.slack_desk import describe_slack
from soar.model.approval import Approval, VoteChoice
from soar.model.chat import ChatAccount
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.response import ResponseStatus
from tests.support.builders import build_principal
from tests.support.chat import make_chat_desk
from tests.support.clock import START
from tests.support.randomness import SeededRandomness
from tests.support.slack import TEAM, FakeSlack
from tests.support.world import WORKSPACE, World, play

LOCK = """
name: Tried
on: {manual: {}}
steps:
  - {id: calm, wait: 1m}
  - id: lock
    uses: crm.lock
    with: {user: web-1}
    undo: auto
    approve: {by: role:analyst, reason: r, channel: "slack:#soc"}
  - {id: later, wait: 1h}
"""
LOOP = """
name: Tried
on: {manual: {}}
steps:
  - id: lock
    foreach: {in: '["web-1", "web-2"]', as: host}
    uses: crm.lock
    with: {user: "${{ host }}"}
    approve: {by: role:analyst, reason: r, channel: "slack:#soc"}
"""
ANN = ChatSender(TEAM, "UANN")
OLGA = ChatSender(TEAM, "UOLGA")


@dataclass
class Chat:
    """A world whose questions are shown in Slack."""

    world: World
    slack: FakeSlack

    @property
    def office(self) -> Office:
        world = self.world
        return Office(
            store=world.store,
            workspace=WORKSPACE,
            host=self.slack,
            clock=world.clock,
            ids=world.ids,
            randomness=SeededRandomness(3),
            announcer=world.announcer,
            url="https://soar.example",
            report=lambda _approval, message: pytest.fail(message),
        )

    async def deliver(self, seconds: float = 0) -> int:
        await self.world.clock.sleep(seconds)
        return await CardDelivery(describe_slack(TEAM), self.office).deliver()

    async def want(self, sender: ChatSender, kind: WishKind, text: str, nonce: str = "") -> Unfit | None:
        """Fill in one of the card's dialogs."""
        asked = await self.world.approval()
        (card,) = await self.world.read(lambda unit: unit.posted_cards.of(asked.id))
        desk = make_chat_desk(describe_slack(TEAM), self.office, self.world.approvals)
        outcome = await desk.grant(sender, Wish(asked.id, kind, nonce or card.nonce), text)
        await self.world.settle()
        return outcome

    @property
    def said(self) -> list[str]:
        return self.slack.threads.get("1.1", [])


async def ask(world: World, text: str = LOCK, *answers: ActionAnswer) -> tuple[Chat, Approval]:
    """Link two accounts, start a run, and have its question shown."""
    world.host.script("crm.lock", *(answers or (ActionAnswer(output={"ticket": "T-1"}),)))
    world.host.script("crm.unlock", ActionAnswer(output={}))
    chat = Chat(world, FakeSlack())
    for sender, user in ((ANN, "u_ann"), (OLGA, "u_olga")):
        account = ChatAccount(platform="slack", team=TEAM, account=sender.account, user=user, linked_at=START)
        await world.write(lambda unit, account=account: unit.chat_accounts.link(account))
    await world.start(text)
    await world.settle()
    await world.pass_time(timedelta(minutes=1))
    assert await chat.deliver() == 1
    return chat, await world.pending()


async def result_of(world: World, asked: Approval) -> ResultKind | None:
    found = await world.approval(asked.run)
    result = await world.read(lambda unit: find_result(unit, found))
    return result.kind if result else None


def test_a_card_says_when_the_action_is_done_and_takes_it_back() -> None:
    async def scenario(world: World) -> None:
        chat, asked = await ask(world)
        assert await result_of(world, asked) is None
        await world.vote("bob", confirm="web-1")
        assert await chat.deliver() == 1
        assert chat.said[-1] == "✔ done 09:01:00 UTC (0.0 s)"
        assert chat.said[-1] in chat.slack.shown()
        assert "Undo…" in chat.slack.shown()
        assert await chat.deliver(3600) == 0
        assert await chat.want(ANN, WishKind.UNDO, "the wrong\nhost") is None
        (held,) = await world.held()
        assert held.status is ResponseStatus.LIFTED
        assert await chat.deliver() == 1
        assert chat.said[-1].startswith("↩ taken back 10:0")
        assert "Undo…" not in chat.slack.shown()
        again = await chat.want(ANN, WishKind.UNDO, "once more")
        assert again is not None
        assert again.reason.endswith("holds nothing that could be undone there.")
        assert await chat.deliver(3600) == 0
        (event,) = await world.audit("response.lift_requested")
        assert (event["actor"]["id"], event["actor"]["via"], event["reason"]) == ("u_ann", "slack", "the wrong host")

    play(scenario)


def test_a_command_takes_back_a_step_for_whoever_may() -> None:
    async def scenario(world: World) -> None:
        chat, asked = await ask(world)
        desk = make_chat_desk(describe_slack(TEAM), chat.office, world.approvals)
        await world.vote("bob", confirm="web-1")
        assert await desk.obey(OLGA, f"!undo {asked.run} lock") == f"You may not undo what {asked.run} holds."
        nothing = f"{asked.run} holds nothing that could be undone there."
        assert await desk.obey(ANN, f"!undo {asked.run} later") == nothing
        assert await desk.obey(ANN, f"/soar undo {asked.run} lock") == f"Undoing 1 of {asked.run}: crm.lock."
        assert await desk.obey(ANN, f"!undo {asked.run}") == f"{asked.run} holds nothing that could be undone."
        await world.settle()
        (held,) = await world.held()
        assert held.status is ResponseStatus.LIFTED

    play(scenario)


def test_a_card_says_why_the_action_failed() -> None:
    async def scenario(world: World) -> None:
        failed = ActionAnswer(code=ActionCode.INVALID, message="<!channel> no such user http://evil.example")
        chat, asked = await ask(world, LOCK, failed)
        await world.vote("bob", confirm="web-1")
        await chat.deliver()
        assert await result_of(world, asked) is ResultKind.FAILED
        said = "✖ failed 09:01:00 UTC: &lt;!channel&gt; no such user hxxp[:]//evil[.]example"
        assert chat.said[-1] == said
        assert "Undo…" not in chat.slack.shown()

    play(scenario)


def test_what_is_under_way_is_looked_at_ever_more_seldom_and_no_card_is_edited_for_nothing() -> None:
    async def scenario(world: World) -> None:
        chat, asked = await ask(world)
        await world.stop()  # nobody drives the run on
        ballot = Ballot(VoteChoice.APPROVE, asked.digest, confirm="web-1")
        bob = build_principal(id="u_bob", name="bob", roles=frozenset({"analyst"}))
        now = world.clock.now()
        await world.write(lambda unit: world.approvals.vote(unit, asked.id, bob, ballot, now))
        assert await result_of(world, asked) is ResultKind.UNDERWAY
        assert await chat.deliver() == 1
        calls = chat.slack.calls
        for _ in range(20):
            assert await chat.deliver(10) == 0
        assert chat.slack.calls == calls
        (card,) = await world.read(lambda unit: unit.posted_cards.of(asked.id))
        assert timedelta(seconds=30) < card.due_at - world.clock.now() <= timedelta(minutes=1)
        after = await world.restart()
        await after.settle()
        chat.world = after
        assert await chat.deliver(60) == 1
        assert chat.said[-1].startswith("✔ done")
        await after.stop()

    play(scenario)


def test_of_several_calls_the_card_says_how_many_failed() -> None:
    async def scenario(world: World) -> None:
        failed = ActionAnswer(code=ActionCode.INVALID, message="no such user")
        chat, asked = await ask(world, LOOP, ActionAnswer(output={"ticket": "T-1"}), failed)
        await world.vote("bob", confirm=asked.confirm)
        await chat.deliver()
        assert chat.said[-1] == "✖ failed 09:01:00 UTC: 1 of 2: no such user"

    play(scenario)


def test_a_question_is_asked_from_the_card_and_the_time_runs_on() -> None:
    async def scenario(world: World) -> None:
        chat, asked = await ask(world)
        assert await chat.want(ANN, WishKind.ASK, "who owns it?") is None
        (inquiry,) = (await world.pending()).course.inquiries
        assert (inquiry.user, inquiry.text) == ("u_ann", "who owns it?")
        assert (await world.pending()).expires_at == asked.expires_at
        await chat.deliver()
        assert "? ann 09:01 UTC asks: “who owns it?”" in chat.said
        empty = await chat.want(ANN, WishKind.ASK, " ")
        assert empty is not None
        assert empty.reason.startswith("What do you want to know?")

    play(scenario)


@pytest.mark.parametrize(
    ("kind", "event"), [(WishKind.ASK, "approval.inquired"), (WishKind.UNDO, "response.lift_requested")]
)
def test_who_may_not_ask_or_undo_does_not_and_the_audit_has_it(kind: WishKind, event: str) -> None:
    async def scenario(world: World) -> None:
        chat, _ = await ask(world)
        for sender, nonce in ((OLGA, ""), (ChatSender(TEAM, "UEVE"), ""), (ANN, "x" * 26)):
            assert await chat.want(sender, kind, "why", nonce) is not None
        chat.slack.marks = {"is_restricted": True}
        assert await chat.want(ANN, kind, "why") is not None
        assert [each["outcome"] for each in await world.audit(event)] == ["denied"] * 4
        assert (await world.pending()).course.inquiries == ()

    play(scenario)
