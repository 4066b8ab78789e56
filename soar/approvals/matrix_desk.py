"""Hears what people do in Matrix: commands, and reactions where they are allowed; each once, and while it is new."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from soar.approvals.chat_desk import ChatDesk, ChatSender, find_decision
from soar.approvals.claim import Claim
from soar.approvals.commands import Command, Verb, parse_command
from soar.approvals.faces.matrix import render
from soar.approvals.matrix_event import EDITED, Event, Origin, Reacted, Redacted, Said, Sealed, read_event
from soar.approvals.platform import Office, Platform
from soar.approvals.replays import MEMORY, REPLAYED
from soar.model.approval import Approval, ApprovalStatus
from soar.model.catalog import Effect
from soar.model.chat import HeardEvent, PostedCard
from soar.model.errors import SoarError
from soar.model.poll import Item
from soar.model.process import ActionAnswer
from soar.model.step import Assurance
from soar.store import Unit

FRESH = timedelta(minutes=5)
"""How long after it was sent something counts; before, for clocks that are wrong."""
_FOREIGN = "people of other homeservers decide nothing"
_UNREADABLE = "I cannot read encrypted messages. Commands count where messages are not encrypted."
_WRITTEN = "I have written to you in a room of our own."


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRules:
    """What is pinned.

    Attributes:
        user: our own Matrix id.
        has_reactions: whether reactions are votes.
    """

    user: str
    has_reactions: bool


def describe_matrix(user: str) -> Platform:
    """Return what is particular about Matrix, for a bot with this Matrix id."""
    _, _, server = user.partition(":")
    return Platform(connection="matrix", title="Matrix", team=server, link_command="!link", render=render)


class MatrixDesk:
    """Takes commands, reactions and their removal.

    What was heard is remembered together with how far we have listened, and then acted on: something that a crash cuts
    off is lost, and nothing is done twice, whatever the homeserver sends again.

    Args:
        rules: what is pinned.
        office: what it works with.
        desk: counts votes and answers commands.
    """

    def __init__(self, rules: MatrixRules, office: Office, desk: ChatDesk) -> None:
        self._rules = rules
        self._office = office
        self._desk = desk
        self._platform = desk.platform
        self._store, self._workspace = office.store, office.workspace

    async def receive(self, _source: str, items: Sequence[Item], keep: Callable[[Unit], None]) -> None:
        """Take what is new in the rooms.

        Args:
            items: events, each with the id of its room.
            keep: puts down how far we have listened, in the transaction that remembers what was heard.

        Raises:
            ConflictError: another process listens by now; nothing was done.
            UnavailableError: nothing can be stored now; nothing was done.
        """
        read = [event for item in items if (event := read_event(item.document)) is not None]
        heard = [event for event in _drop_taken_back(read) if event.origin.account != self._rules.user]
        fresh = await self._store.write(self._workspace, lambda unit: self._remember(unit, heard, keep))
        for event in fresh:
            try:
                await self._work(event)
            except SoarError as error:  # its sender sees that nothing came of it, and tries again
                self._office.report("", error.message)

    def _remember(self, unit: Unit, heard: Sequence[Event], keep: Callable[[Unit], None]) -> list[Event]:
        """Return what concerns us and was not heard before."""
        keep(unit)
        unit.heard_events.forget(self._office.clock.now() - MEMORY)
        return [event for event in heard if self._concerns(unit, event) and self._is_new(unit, event)]

    def _concerns(self, unit: Unit, event: Event) -> bool:
        match event:
            case Said():
                return parse_command(event.text) is not None
            case Reacted():
                is_on_card = unit.posted_cards.find_message(event.origin.room, event.message) is not None
                return self._rules.has_reactions and is_on_card
            case Redacted():
                return self._find_reaction(unit, event) is not None
            case Sealed():
                return True
            case _:
                assert_never(event)

    def _is_new(self, unit: Unit, event: Event) -> bool:
        origin = event.origin
        id_ = f"sealed {origin.room}" if isinstance(event, Sealed) else origin.event
        kept = HeardEvent(
            platform=self._platform.connection, id=id_, account=origin.account, at=self._office.clock.now()
        )
        is_new = unit.heard_events.add(kept)
        about = _find_subject(unit, event)
        if not is_new and about is not None:
            self._desk.note_refusal(unit, _identify(origin), about, REPLAYED)
        return is_new

    async def _work(self, event: Event) -> None:
        match event:
            case Said():
                flaw = await self._store.write(self._workspace, lambda unit: self._find_flaw(unit, event, event.flaw))
                await (self._tell_flaw(event, flaw) if flaw else self._obey(event))
            case Reacted():
                if not await self._store.write(self._workspace, lambda unit: self._find_flaw(unit, event)):
                    await self._count(event)
            case Redacted():  # however old: what is taken back decides nothing
                await self._take_back(event)
            case Sealed():
                await self._desk.call("post", {"channel": event.origin.room, "text": _UNREADABLE})
            case _:
                assert_never(event)

    def _find_flaw(self, unit: Unit, event: Said | Reacted, flaw: str = "") -> str:
        """Return why something does not count, whoever it is from, and put that down; empty if nothing is wrong."""
        origin, now = event.origin, self._office.clock.now()
        account = unit.chat_accounts.find(self._platform.connection, self._platform.team, origin.account)
        if origin.server != self._platform.team:
            flaw = _FOREIGN
        elif not flaw and abs(now - origin.at) > FRESH:
            flaw = "it is more than five minutes old"
        elif not flaw and account is not None and origin.at < account.linked_at:
            flaw = "it is older than the link of this account"
        about = _find_subject(unit, event)
        if flaw and about is not None:
            self._desk.note_refusal(unit, _identify(origin), about, flaw)
        return flaw

    async def _tell_flaw(self, event: Said, flaw: str) -> None:
        """Say why a command does not count; strangers and other programs are not answered, so that none answers us."""
        is_deciding = find_decision(parse_command(event.text)) is not None
        if event.flaw in ("", EDITED) and flaw != _FOREIGN and is_deciding:
            await self._answer(event.origin.room, event.thread, f"That does not count: {flaw}. Write it anew.")

    async def _obey(self, event: Said) -> None:
        sender = _identify(event.origin)
        said = await self._desk.obey(sender, event.text)
        if said is None:
            return
        command = parse_command(event.text)
        if isinstance(command, Command) and command.verb is Verb.LINK:
            whispered = await self._whisper(event.origin.room, sender, said)
            said = _WRITTEN if whispered.code is None else f"I could not write to you: {whispered.message}"
        await self._answer(event.origin.room, event.thread, said)

    async def _count(self, event: Reacted) -> None:
        card, approval = await self._store.read(
            self._workspace, lambda unit: _find_question(unit, event.origin.room, event.message)
        )
        if card is None or approval is None:
            return
        sender = _identify(event.origin)
        if approval.card.effect is not Effect.WRITE or approval.assurance is not Assurance.LINKED:
            reason = f"A reaction is not enough for {approval.code}: !{event.choice.value} {approval.code}"
            await self._refuse(sender, approval, reason)
            await self._whisper(event.origin.room, sender, reason)
            return
        claim = Claim(approval.id, event.choice, card.nonce)
        unfit = await self._desk.vote(sender, claim, confirm="", comment="")
        if unfit is not None:
            await self._whisper(event.origin.room, sender, unfit.reason)
            return
        await self._store.write(self._workspace, lambda unit: self._tie(unit, event, approval))

    def _tie(self, unit: Unit, event: Reacted, approval: Approval) -> None:
        """Remember that a reaction was a vote."""
        heard = unit.heard_events.get(self._platform.connection, event.origin.event)
        if heard is not None:
            unit.heard_events.update(replace(heard, approval=approval.id))

    async def _take_back(self, event: Redacted) -> None:
        found = await self._store.read(self._workspace, lambda unit: self._find_reaction(unit, event))
        if found is None:
            return
        card, approval = found
        said = await self._desk.obey(_identify(event.origin), f"!{Verb.TAKE_BACK} {approval.code}")
        if said is not None:
            await self._answer(card.place, card.message, said)

    def _find_reaction(self, unit: Unit, event: Redacted) -> tuple[PostedCard, Approval] | None:
        """Return the open question that a reaction was its sender's vote on, if it is they who take it away."""
        heard = unit.heard_events.get(self._platform.connection, event.target)
        if heard is None or not heard.approval or heard.account != event.origin.account:
            return None
        cards, approval = unit.posted_cards.of(heard.approval), unit.approvals.get(heard.approval)
        card = next((each for each in cards if each.channel.startswith(self._platform.prefix)), None)
        if card is None or approval is None or approval.status is not ApprovalStatus.PENDING:
            return None
        return card, approval

    async def _refuse(self, sender: ChatSender, approval: Approval, reason: str) -> None:
        await self._store.write(
            self._workspace, lambda unit: self._desk.note_refusal(unit, sender, approval.id, reason)
        )

    async def _whisper(self, room: str, sender: ChatSender, text: str) -> ActionAnswer:
        return await self._desk.call("whisper", {"channel": room, "user": sender.account, "text": text})

    async def _answer(self, room: str, thread: str, text: str) -> None:
        await self._desk.call("post", {"channel": room, "thread": thread, "text": text})


def _drop_taken_back(events: Sequence[Event]) -> list[Event]:
    """Return events without the reactions that their senders have taken away meanwhile."""
    taken = {(event.origin.account, event.target) for event in events if isinstance(event, Redacted)}
    return [
        event
        for event in events
        if not (isinstance(event, Reacted) and (event.origin.account, event.origin.event) in taken)
    ]


def _identify(origin: Origin) -> ChatSender:
    return ChatSender(origin.server, origin.account)


def _find_subject(unit: Unit, event: Event) -> str | None:
    """Return the question that something would decide; None if it would decide none."""
    match event:
        case Said():
            return find_decision(parse_command(event.text))
        case Reacted():
            card = unit.posted_cards.find_message(event.origin.room, event.message)
            return card.approval if card else None
        case _:
            return None


def _find_question(unit: Unit, room: str, message: str) -> tuple[PostedCard | None, Approval | None]:
    card = unit.posted_cards.find_message(room, message)
    return card, unit.approvals.get(card.approval) if card else None
