"""Forged votes in every chat: replayed, altered, unsigned, old, by guests, strangers and look-alikes, across channels.

None counts, and every one is in the audit. The built-in chat and the web page are in `test_forgeries.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from soar.approvals.conduct import Conduct
from soar.model.approval import Approval
from soar.model.chat import ChatAccount, PostedCard
from soar.model.identity import Principal
from tests.support.builders import build_approval, build_principal
from tests.support.chat_channels import (
    LONG_AGO,
    Ballot,
    Channel,
    Discord,
    Matrix,
    Mattermost,
    Proof,
    SlackHttp,
    SlackOverSocket,
    Teams,
)
from tests.support.service import WORKSPACE, Face
from tests.support.slack_socket import open_socket_mode

HTTP = {channel.connection: channel for channel in (SlackHttp, Mattermost, Discord, Teams)}
CLICKS = 20  # a thousand per chat are in its own tests
ELSEWHERE = {"slack": "T9", "mattermost": "x".ljust(26, "0"), "discord": "9", "teams": "another", "matrix": "evil.test"}


class Hall:
    """A chat in which a question is asked, and one elsewhere; ann's account is linked."""

    def __init__(self, face: Face, channel: Channel, number: int) -> None:
        self.face, self.channel = face, channel
        self.asked, self.other, self.code = f"ap_{number}", f"ap_{number}_other", f"AB{number:02}"

    async def open(self) -> None:
        await self._ask(self.asked, self.code, self.channel.connection)
        await self._ask(self.other, f"CD{self.code}", "other")
        ann = await self.face.read(lambda unit: unit.users.get("u_ann"))
        assert ann is not None
        await self.face.write(lambda unit: unit.users.update(replace(ann, disabled_at=None)))
        self.channel.admit(is_full=True)
        await self.link("u_ann")
        self.face.clock.advance(timedelta(seconds=1))

    async def _ask(self, id_: str, code: str, connection: str) -> None:
        at, channel = self.face.clock.now(), f"{connection}:#soc"
        asked = build_approval(
            id=id_, code=code, channel=channel, quorum=2, asked_at=at, expires_at=at + timedelta(days=1)
        )
        card = PostedCard(
            approval=id_,
            channel=channel,
            nonce=id_.ljust(26, "n"),
            due_at=at,
            place=self.channel.places[0],
            message=self.channel.message,
            version=1,
        )
        await self.face.write(lambda unit: (unit.approvals.add(asked), unit.posted_cards.add(card)))

    async def link(self, user: str) -> None:
        linked = ChatAccount(
            platform=self.channel.connection,
            team=self.channel.team,
            account=self.channel.accounts[0],
            user=user,
            linked_at=self.face.clock.now(),
        )
        await self.face.write(lambda unit: unit.chat_accounts.link(linked))

    @property
    def ballot(self) -> Ballot:
        """What ann would send now."""
        return Ballot(
            approval=self.asked,
            code=self.code,
            nonce=self.asked.ljust(26, "n"),
            team=self.channel.team,
            account=self.channel.accounts[0],
            place=self.channel.places[0],
            message=self.channel.message,
            at=self.face.clock.now(),
        )

    async def count(self) -> int:
        """Return how many votes there are."""
        found = [
            await self.face.read(lambda unit, id_=id_: unit.approvals.get(id_)) for id_ in (self.asked, self.other)
        ]
        return sum(len(asked.votes) for asked in found if asked is not None)

    async def refusals(self) -> int:
        events = [*await self.face.events("access.denied"), *await self.face.events("approval.voted")]
        return len([event for event in events if event["outcome"] == "denied"])

    async def try_it(self, ballot: Ballot) -> None:
        await self.channel.send(self.channel.write(ballot))

    async def take_back(self) -> None:
        conduct = Conduct(approvals=self.face.services.approvals, ids=self.face.services.ids)
        ann: Principal = build_principal(id="u_ann", name="ann", workspace=WORKSPACE)
        at = self.face.clock.now()
        taken = await self.face.write(lambda unit: conduct.take_back(unit, self.asked, ann, at))
        assert isinstance(taken, Approval)


Forge = Callable[[Hall], Awaitable[None]]


async def replay(hall: Hall) -> None:
    """What was counted, and taken back since, is sent again while it is fresh."""
    sent = hall.channel.write(hall.ballot)
    await hall.channel.send(sent)
    assert await hall.count() == 1
    await hall.take_back()
    await hall.channel.send(sent)


async def forge_by_guest(hall: Hall) -> None:
    hall.channel.admit(is_full=False)
    await hall.try_it(hall.ballot)


async def forge_by_visitor(hall: Hall) -> None:
    hall.channel.admit(is_full=True, team="elsewhere")
    await hall.try_it(hall.ballot)


async def forge_from_elsewhere(hall: Hall) -> None:
    await hall.try_it(replace(hall.ballot, team=ELSEWHERE[hall.channel.connection]))


async def forge_by_namesake(hall: Hall) -> None:
    """Somebody else's account, which is shown under ann's name."""
    await hall.try_it(replace(hall.ballot, account=hall.channel.accounts[1]))


async def forge_after_unlinking(hall: Hall) -> None:
    linked = await hall.face.read(lambda unit: unit.chat_accounts.of("u_ann"))
    await hall.face.write(lambda unit: unit.chat_accounts.unlink(linked[0]))
    await hall.try_it(hall.ballot)


async def forge_before_linking(hall: Hall) -> None:
    """What was refused while nobody was behind the account is sent again once somebody is."""
    sent, linked = hall.channel.write(hall.ballot), await hall.face.read(lambda unit: unit.chat_accounts.of("u_ann"))
    await hall.face.write(lambda unit: unit.chat_accounts.unlink(linked[0]))
    await hall.channel.send(sent)
    await hall.link("u_bob")
    await hall.channel.send(sent)


async def forge_by_disabled(hall: Hall) -> None:
    user = await hall.face.read(lambda unit: unit.users.get("u_ann"))
    assert user is not None
    gone = replace(user, disabled_at=hall.face.clock.now())
    await hall.face.write(lambda unit: unit.users.update(gone))
    await hall.try_it(hall.ballot)


async def forge_card(hall: Hall) -> None:
    await hall.try_it(replace(hall.ballot, nonce="x" * 26))


async def forge_across_questions(hall: Hall) -> None:
    """The button of one card, for another question, whose card is in another chat."""
    await hall.try_it(replace(hall.ballot, approval=hall.other))


async def forge_across_channels(hall: Hall) -> None:
    """A card that is in another chat, with its own nonce."""
    await hall.try_it(replace(hall.ballot, approval=hall.other, nonce=hall.other.ljust(26, "n")))


async def forge_old(hall: Hall) -> None:
    sent = hall.channel.write(hall.ballot)
    hall.face.clock.advance(LONG_AGO)
    await hall.channel.send(sent)


async def forge_from_another_site(hall: Hall) -> None:
    """A form that a page of somebody else's has ann's browser send, with her login."""
    sent, ann = hall.channel.write(replace(hall.ballot, proof=Proof.MISSING)), await hall.face.log_in("ann")
    await hall.channel.send(replace(sent, headers={**sent.headers, **ann.headers, "Origin": "https://evil.test"}))


def forge_proof(proof: Proof) -> Forge:
    async def forge(hall: Hall) -> None:
        await hall.try_it(replace(hall.ballot, proof=proof))

    return forge


FORGERIES: dict[str, Forge] = {
    "replayed": replay,
    "by a guest or a bot": forge_by_guest,
    "by a visitor": forge_by_visitor,
    "from another workspace": forge_from_elsewhere,
    "renamed": forge_by_namesake,
    "unlinked": forge_after_unlinking,
    "unlinked when it was sent": forge_before_linking,
    "switched off": forge_by_disabled,
    "old": forge_old,
    "unsigned": forge_proof(Proof.MISSING),
    "signed by somebody else": forge_proof(Proof.FOREIGN),
    "altered": forge_proof(Proof.ALTERED),
    "by a page of another site": forge_from_another_site,
    "another card": forge_card,
    "another question": forge_across_questions,
    "cross-channel": forge_across_channels,
}
SIGNED = {"unsigned", "signed by somebody else", "altered", "by a page of another site"}
"""What can be tried where each request proves itself; elsewhere the connection does, which is ours."""
PRESSED = {"another card", "another question", "cross-channel"}
"""What can be tried where votes are presses on a card; commands name their question, wherever its card is."""
KINDS: dict[str, set[str]] = {
    **{name: {*FORGERIES} for name in HTTP},
    "slack over a socket": {*FORGERIES} - SIGNED - {"old"},  # what comes is what happens now
    "matrix": {*FORGERIES} - SIGNED - PRESSED,
}


@asynccontextmanager
async def open_channel(face: Face, name: str) -> AsyncIterator[Channel]:
    if name != "slack over a socket":
        yield Matrix(face) if name == "matrix" else HTTP[name](face)
        return
    async with open_socket_mode() as mode:
        yield SlackOverSocket(face, mode)


@pytest.mark.parametrize("name", KINDS)
async def test_no_forged_vote_in_a_chat_counts_and_every_one_is_in_the_audit(face: Face, name: str) -> None:
    async with open_channel(face, name) as channel:
        for number, kind in enumerate(sorted(KINDS[name])):
            hall = Hall(face, channel, number)
            await hall.open()
            before = await hall.refusals()
            await FORGERIES[kind](hall)
            assert await hall.count() == 0, kind
            assert await hall.refusals() > before, kind
        await click_often(face, channel)


async def click_often(face: Face, channel: Channel) -> None:
    """Whoever presses again and again has voted once, and what is genuine counts at all."""
    hall = Hall(face, channel, len(FORGERIES))
    await hall.open()
    before = await hall.refusals()
    for _ in range(CLICKS):
        await hall.try_it(hall.ballot)
    assert (await hall.count(), await hall.refusals() - before) == (1, CLICKS - 1)


async def test_nothing_that_only_looks_at_a_chats_address_is_heard(face: Face) -> None:
    for number, (connection, make) in enumerate(HTTP.items()):
        hall = Hall(face, make(face), number)
        await hall.open()
        sent = hall.channel.write(hall.ballot)
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            for body in (sent.body, None):
                answer = await face.stranger.send(method, f"/chat/{connection}", body, sent.headers)
                assert answer.status == 405
            answer = await face.stranger.send(method, f"/chat/{connection}?{quote(sent.body)}", headers=sent.headers)
            assert answer.status == 405
        assert await hall.count() == 0
