"""Slack and Matrix together, in front of a world."""

from typing import TypeAlias

from soar.approvals.chat_desk import ChatDesk
from soar.approvals.claim import write_claim
from soar.approvals.delivery import CardDelivery
from soar.approvals.matrix_desk import MatrixDesk, MatrixRules, describe_matrix
from soar.approvals.platform import Office, Platform
from soar.approvals.slack_desk import SlackDesk, SlackRules, describe_slack
from soar.model.approval import Approval, VoteChoice
from soar.model.poll import Item
from tests.support import matrix, slack
from tests.support.chat import make_chat_desk
from tests.support.randomness import SeededRandomness
from tests.support.room import Opener
from tests.support.world import WORKSPACE, RecordingAnnouncer, World

Sent: TypeAlias = Item | tuple[bytes, dict[str, str]]
"""What a chat sent: an event of Matrix, or a request of Slack with its headers."""


class Chats:
    """Slack and Matrix as they are, in front of a world: the card is in Slack, and Matrix knows its code."""

    def __init__(self, world: World, server: slack.FakeSlack, homeserver: matrix.FakeMatrix) -> None:
        self._world, self._homeserver = world, homeserver
        in_slack, in_matrix = describe_slack(slack.TEAM), describe_matrix(matrix.BOT)
        office, other = self._open(server), self._open(homeserver)
        rules = SlackRules(team=slack.TEAM, application=slack.APPLICATION, resolve=Opener(slack.KEY))
        self._slack = SlackDesk(rules, office, self._seat(in_slack, office))
        self._matrix = MatrixDesk(
            MatrixRules(user=matrix.BOT, has_reactions=False), other, self._seat(in_matrix, other)
        )
        self._delivery = CardDelivery(in_slack, office)

    def _open(self, host: slack.FakeSlack | matrix.FakeMatrix) -> Office:
        world = self._world
        return Office(
            store=world.store,
            workspace=WORKSPACE,
            host=host,
            clock=world.clock,
            ids=world.ids,
            randomness=SeededRandomness(3),
            announcer=RecordingAnnouncer(),
            url="http://soar.test",
            report=lambda _approval, _message: None,
        )

    def _seat(self, platform: Platform, office: Office) -> ChatDesk:
        return make_chat_desk(platform, office, self._world.approvals)

    async def press(self, asked: Approval, name: str, typed: str) -> list[Sent]:
        """Fill in the dialog in Slack, and return the request."""
        await self._delivery.deliver()
        cards = await self._world.read(lambda unit: unit.posted_cards.of(asked.id))
        if not cards:
            return []
        (card,) = cards
        claim = write_claim(asked.id, VoteChoice.APPROVE, card.nonce)
        body = slack.submit(claim, confirm=typed, account=f"U{name.upper()}")
        sent = body, slack.sign(body, self._world.clock.now())
        await self.repeat(sent)
        return [sent]

    async def write(self, name: str, text: str) -> Sent:
        """Write a command in Matrix, which is heard twice, and return what was heard."""
        said = self._homeserver.say(f"@{name}:{matrix.SERVER}", text)
        item = Item(key=said, document=self._homeserver.find(said))
        for _ in range(2):
            await self.repeat(item)
        return item

    async def repeat(self, sent: Sent) -> None:
        """Let a chat send what it may have sent before."""
        if isinstance(sent, Item):
            await self._matrix.receive("chat:matrix", [sent], lambda _: None)
            return
        body, headers = sent
        await self._slack.receive(headers, body)
        await self._slack.backlog.work_off()
