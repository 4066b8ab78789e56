"""The chats of a served installation, as whoever sends to it sees them: one vote, written in each one's way."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.api.limits import make_limits
from soar.approvals.claim import Claim, write_claim
from soar.approvals.faces.mattermost import CALLBACK
from soar.approvals.faces.teams import DECIDE
from soar.approvals.matrix_desk import MatrixDesk, MatrixRules, describe_matrix
from soar.approvals.mattermost_request import Press, Sender, write_state
from soar.approvals.platform import Office
from soar.approvals.slack_desk import SlackDesk, SlackRules, describe_slack
from soar.approvals.slack_socket import SlackSocket
from soar.model.approval import VoteChoice
from soar.model.poll import Item
from soar.model.process import ActionAnswer
from soar.model.secret import Secret
from soar.store import Unit
from tests.support import discord, matrix, mattermost, slack, teams
from tests.support.chat import make_chat_desk
from tests.support.identity_provider import make_key
from tests.support.service import WORKSPACE, Face
from tests.support.slack_socket import FakeSocketMode
from tests.support.world import RecordingAnnouncer

LONG_AGO = timedelta(minutes=70)
"""Longer than anything that a chat proves itself with counts."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}


class Proof(StrEnum):
    """With what a request claims to be the chat's own."""

    GENUINE = "genuine"
    MISSING = "missing"
    FOREIGN = "signed by somebody else"
    ALTERED = "altered after it was signed"


@dataclass(frozen=True)
class Ballot:
    """A yes to a question, in a chat.

    Attributes:
        code: by which commands name the question.
        place: where the card is.
        message: which one it is.
    """

    approval: str
    code: str
    nonce: str
    team: str
    account: str
    place: str
    message: str
    at: datetime
    proof: Proof = Proof.GENUINE

    @property
    def claim(self) -> str:
        return write_claim(self.approval, VoteChoice.APPROVE, self.nonce)

    @property
    def opposite(self) -> str:
        return write_claim(self.approval, VoteChoice.DENY, self.nonce)

    @property
    def written(self) -> str:
        """What is signed: of an altered one, something else than what is sent."""
        return self.opposite if self.proof is Proof.ALTERED else self.claim


@dataclass(frozen=True)
class Sent:
    """A request as it goes over the wire."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Channel(ABC):
    """One chat.

    Attributes:
        connection: how a channel there begins.
        is_signed: whether each request proves itself; otherwise the connection over which it comes does.
        accounts: of ann, and of a stranger who calls themselves ann.
        places: where cards are, and another place.
    """

    name: ClassVar[str]
    connection: ClassVar[str]
    is_signed: ClassVar[bool] = True
    team: ClassVar[str]
    accounts: ClassVar[tuple[str, str]]
    places: ClassVar[tuple[str, str]]
    message: ClassVar[str] = "5000"

    def __init__(self, face: Face) -> None:
        self.face = face
        self.admit(is_full=True)

    def admit(self, *, is_full: bool, team: str = "") -> None:
        """Say what the chat tells of everybody who is in it."""
        output = {"team": team or self.team, "is_full": is_full}
        self.face.host.script(f"{self.connection}.member", ActionAnswer(output=output))

    @abstractmethod
    def write(self, ballot: Ballot) -> Sent:
        """Return a request with a vote, which has an id of its own."""

    @abstractmethod
    async def send(self, sent: Sent) -> int:
        """Send a request, and return the status of the answer, or 0 where there is none."""


class SlackHttp(Channel):
    """Slack's requests to us."""

    name, connection, team = "slack over http", "slack", slack.TEAM
    accounts, places = ("U0000001", "U0000009"), (slack.CHANNEL, "C9")

    def write(self, ballot: Ballot) -> Sent:
        def fill(claim: str) -> bytes:
            return slack.submit(claim, account=ballot.account, team=ballot.team, home=ballot.team, trigger=trigger)

        trigger = slack.number()
        key = "another" if ballot.proof is Proof.FOREIGN else slack.KEY
        signed = {} if ballot.proof is Proof.MISSING else slack.sign(fill(ballot.written), ballot.at, key)
        return Sent(fill(ballot.claim), _FORM | signed)

    async def send(self, sent: Sent) -> int:
        answer = await self.face.stranger.send("POST", "/chat/slack", sent.body, sent.headers)
        await self.face.services.desks.find_slack().backlog.work_off()
        return answer.status


class Mattermost(Channel):
    """Mattermost's requests to us; what proves a dialog is what we have put into it."""

    name, connection, team = "mattermost", "mattermost", mattermost.TEAM
    accounts, places = (mattermost.ANN, mattermost.EVE), (mattermost.CHANNEL, mattermost.OTHER)

    def write(self, ballot: Ballot) -> Sent:
        key = Secret("another key, as long as ours is" if ballot.proof is Proof.FOREIGN else mattermost.KEY)
        sender = Sender(ballot.team, ballot.place, ballot.account)
        choice = VoteChoice.DENY if ballot.proof is Proof.ALTERED else VoteChoice.APPROVE
        press = Press(sender, ballot.message, Claim(ballot.approval, choice, ballot.nonce), slack.number(), "")
        state = write_state(key, press, ballot.at).replace(ballot.opposite, ballot.claim)
        sent = {
            "type": "dialog_submission",
            "callback_id": CALLBACK,
            "state": "" if ballot.proof is Proof.MISSING else state,
            "user_id": ballot.account,
            "user_name": "ann",
            "channel_id": ballot.place,
            "team_id": ballot.team,
            "submission": {},
        }
        return Sent(json.dumps(sent).encode(), _JSON)

    async def send(self, sent: Sent) -> int:
        return (await self.face.stranger.send("POST", "/chat/mattermost", sent.body, sent.headers)).status


class Discord(Channel):
    """Discord's requests to us."""

    name, connection, team = "discord", "discord", discord.GUILD
    accounts, places = (discord.ANN, "4499"), (discord.CHANNEL, "3399")

    def write(self, ballot: Ballot) -> Sent:
        data = {"custom_id": ballot.claim, "components": []}
        body = discord.interact(
            5, account=ballot.account, data=data, guild_id=ballot.team, message={"id": ballot.message}
        )
        key = Ed25519PrivateKey.from_private_bytes(b"x" * 32) if ballot.proof is Proof.FOREIGN else discord.KEY
        written = body.replace(ballot.claim.encode(), ballot.written.encode())
        signed = {} if ballot.proof is Proof.MISSING else discord.sign(written, ballot.at, key)
        return Sent(body, _JSON | signed)

    async def send(self, sent: Sent) -> int:
        answer = await self.face.stranger.send("POST", "/chat/discord", sent.body, sent.headers)
        await self.face.services.desks.find_discord().backlog.work_off()
        return answer.status


class Teams(Channel):
    """Teams' requests to us; its token proves who sends, and nothing of what."""

    name, connection, team = "teams", "teams", teams.TENANT
    accounts, places = (teams.ANN, teams.ANN.replace("a", "e")), (teams.CHANNEL, "19:other@thread.tacv2")

    def write(self, ballot: Ballot) -> Sent:
        action = {"type": "Action.Execute", "verb": DECIDE, "data": {"claim": ballot.claim}}
        body = teams.act(
            "invoke",
            name="adaptiveCard/action",
            value={"action": action, "trigger": "manual"},
            replyToId=ballot.message,
            conversation={"id": f"{ballot.place};messageid={ballot.message}"},
            channelData={"tenant": {"id": ballot.team}},
            **{"from": {"id": "29:x", "name": "ann", "aadObjectId": ballot.account}},
        )
        key = make_key("RS256", "another") if ballot.proof is Proof.FOREIGN else None
        token = teams.make_token(ballot.at, key=key)
        if ballot.proof is Proof.ALTERED:
            head, _, tail = token.split(".")
            token = f"{head}.{teams.make_token(ballot.at, jti='x').split('.')[1]}.{tail}"
        return Sent(body, _JSON if ballot.proof is Proof.MISSING else _JSON | {"authorization": f"Bearer {token}"})

    async def send(self, sent: Sent) -> int:
        return (await self.face.stranger.send("POST", "/chat/teams", sent.body, sent.headers)).status


class SlackOverSocket(Channel):
    """Slack's messages over the WebSocket that we open."""

    name, connection, team, is_signed = "slack over a socket", "slack", slack.TEAM, False
    accounts, places = SlackHttp.accounts, SlackHttp.places

    def __init__(self, face: Face, mode: FakeSocketMode) -> None:
        super().__init__(face)
        self._mode = mode
        face.host.script("slack.open_socket", lambda _: ActionAnswer(output={"url": mode.hand_out()}))
        platform, office = describe_slack(slack.TEAM), make_office(face)
        rules = SlackRules(team=slack.TEAM, application=slack.APPLICATION, resolve=None)
        self._desk = SlackDesk(rules, office, make_chat_desk(platform, office, face.services.approvals))
        self._socket = SlackSocket(
            platform, office, self._desk, mode, may_record=make_limits(face.clock).may_record_denial
        )

    def write(self, ballot: Ballot) -> Sent:
        return Sent(slack.submit(ballot.claim, account=ballot.account, team=ballot.team, home=ballot.team))

    async def send(self, sent: Sent) -> int:
        listening = asyncio.create_task(self._socket.listen())
        await self._mode.await_connections(self._mode.handed_out + 1)
        await self._mode.deliver("interactive", json.loads(parse_qs(sent.body.decode())["payload"][0]))
        await self._mode.say({"type": "disconnect", "reason": "refresh_requested"})
        await listening
        await self._desk.backlog.work_off()
        return 0


class Matrix(Channel):
    """What a homeserver tells us; votes are commands."""

    name, connection, team, is_signed = "matrix", "matrix", matrix.SERVER, False
    accounts, places = (matrix.ALICE, matrix.BOB), (matrix.ROOM, matrix.OTHER)

    def __init__(self, face: Face) -> None:
        super().__init__(face)
        self._homeserver = matrix.FakeMatrix(face.clock)
        office = make_office(face)
        desk = make_chat_desk(describe_matrix(matrix.BOT), office, face.services.approvals)
        self._desk = MatrixDesk(MatrixRules(user=matrix.BOT, has_reactions=True), office, desk)
        face.host.script("matrix.post", ActionAnswer(output={"channel": matrix.ROOM, "message": "$post"}))

    def write(self, ballot: Ballot) -> Sent:
        account = ballot.account.replace(matrix.SERVER, ballot.team)
        said = self._homeserver.say(account, f"!approve {ballot.code}", room=ballot.place)
        stamp = int(ballot.at.timestamp() * 1000)
        return Sent(json.dumps({**self._homeserver.find(said), "origin_server_ts": stamp}).encode())

    async def send(self, sent: Sent) -> int:
        event: dict[str, Any] = json.loads(sent.body)
        await self._desk.receive("chat:matrix", [Item(key=event["event_id"], document=event)], _keep_nothing)
        return 0


def make_office(face: Face) -> Office:
    """Return what whoever hears a chat works with, beside those that an installation has."""
    return Office(
        store=face.store,
        workspace=WORKSPACE,
        host=face.host,
        clock=face.clock,
        ids=face.services.ids,
        randomness=face.services.randomness,
        announcer=RecordingAnnouncer(),
        url=face.services.url,
        report=lambda _approval, _message: None,
    )


def _keep_nothing(_unit: Unit) -> None:
    """Put down nothing: how far we have listened is not what is tried here."""
