"""Cards in chats: posted, edited after every change and followed by a line in their thread, wherever it came from.

How far each card is behind is in the store, so that nothing is forgotten by a restart. Whoever works on a card moves
its time forward first, so that no two processes do.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from soar.approvals.card import ShownCard, Surroundings, list_lines, show_card
from soar.approvals.channels import DEFAULT_CHANNEL, post_fallback
from soar.approvals.outlet import Outlet
from soar.approvals.platform import Office
from soar.approvals.record import record_approval
from soar.approvals.result import find_result
from soar.model.approval import APPROVAL_TRANSITIONS, Approval, ApprovalStatus
from soar.model.audit import Outcome
from soar.model.chat import PostedCard
from soar.model.errors import ActionCode, SoarError
from soar.model.ids import encode_crockford
from soar.model.process import ActionAnswer
from soar.model.run import Mode
from soar.model.values import JsonValue
from soar.store import Unit

_BATCH = 20
_LEASE = timedelta(minutes=1)
_MOST_TRIES = 6
_MOST_EDITS = 50
_LONGEST_WAIT = 300.0
_NONCE = 26  # of base 32: 130 random bits
_PAUSE = 1.0
_LONG_PAUSE = 60.0  # where nothing is connected, and all there is to tell is that
_FIRST_LOOK = timedelta(seconds=1)
_LAST_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Due:
    """A card that is behind, what it is to show, and to whose mail addresses it goes where its channel means people."""

    card: PostedCard
    approval: Approval
    around: Surroundings
    people: tuple[str, ...]

    @property
    def shown(self) -> ShownCard:
        """What the card is to show."""
        return show_card(self.approval, self.around)

    @property
    def recipients(self) -> dict[str, JsonValue]:
        """What a call is given of the people."""
        return {"to": list(self.people)} if self.people else {}

    @property
    def has_news(self) -> bool:
        """Whether it shows less than has happened."""
        lines = list_lines(self.approval, self.around.result)
        is_behind = self.card.version < self.approval.version or self.is_over
        return is_behind or any(line.key not in self.card.told for line in lines)

    @property
    def is_late(self) -> bool:
        """Whether it was decided before anybody was told of it here."""
        return not self.card.message and self.approval.status is not ApprovalStatus.PENDING

    @property
    def is_over(self) -> bool:
        """Whether nothing more is going to happen to it."""
        result = self.around.result
        return not APPROVAL_TRANSITIONS[self.approval.status] and not (result and result.is_open)


@dataclass(frozen=True, slots=True)
class _Told:
    """Keys of the lines that are told by now, whether a call was made for any, and the last one that failed."""

    keys: tuple[str, ...]
    is_any: bool
    failed: ActionAnswer | None


class CardDelivery:
    """Tells questions in one outlet.

    One that could not be posted six times goes to the built-in chat, and one that could not be edited fifty times is
    left as it is, as is one after which fifty tries to tell more failed where cards are not edited. The record holds
    where people were told, and where they could not be. The question can be decided elsewhere all along. An answer that
    never came may have been a post: two cards may be there, unless our keys are known there, and the first is stale.

    Args:
        outlet: which chat, or what else.
        office: what it works with.
        is_connected: whether there is such a connection; if not, once a minute is enough, and one try.
    """

    def __init__(self, outlet: Outlet, office: Office, *, is_connected: bool = True) -> None:
        self._outlet = outlet
        self._office = office
        self._pause, self._most_tries = (_PAUSE, _MOST_TRIES) if is_connected else (_LONG_PAUSE, 1)
        self._store, self._workspace = office.store, office.workspace

    @property
    def connection(self) -> str:
        """Of which outlet."""
        return self._outlet.connection

    async def run(self) -> None:
        """Deliver again and again until cancelled, every second where there is a connection."""
        while True:
            try:
                await self.deliver()
            except SoarError as error:  # what is due stays due
                self._office.report("", error.message)
            await self._office.clock.sleep(self._pause)

    async def deliver(self) -> int:
        """Show what is due, and return how many cards that were."""
        at = self._office.clock.now()
        is_due = await self._store.read(self._workspace, lambda unit: self._is_any_due(unit, at))
        if not is_due:
            return 0
        claimed = await self._store.write(self._workspace, lambda unit: self._claim(unit, at))
        due = await self._store.read(self._workspace, lambda unit: self._look_around(unit, claimed))
        news = [each for each in due if each.has_news]
        if len(news) < len(due):
            quiet = [each for each in due if not each.has_news]
            await self._store.write(self._workspace, lambda unit: _look_later(unit, quiet, at))
        for each in news:
            await self._show(each)
        return len(news)

    def _is_any_due(self, unit: Unit, at: datetime) -> bool:
        prefix = self._outlet.prefix
        return bool(unit.posted_cards.unposted(prefix, 1) or unit.posted_cards.behind(prefix, at, 1))

    def _claim(self, unit: Unit, at: datetime) -> list[PostedCard]:
        for asked in unit.posted_cards.unposted(self._outlet.prefix, _BATCH):
            unit.posted_cards.add(PostedCard(approval=asked.id, channel=asked.channel, nonce="", due_at=at))
        due = unit.posted_cards.behind(self._outlet.prefix, at, _BATCH)
        claimed = [replace(card, nonce=card.nonce or self._make_nonce(), due_at=at + _LEASE) for card in due]
        for card in claimed:
            unit.posted_cards.update(card)
        return claimed

    def _make_nonce(self) -> str:
        return encode_crockford(self._office.randomness.bytes(_NONCE), _NONCE)

    def _look_around(self, unit: Unit, cards: Sequence[PostedCard]) -> list[_Due]:
        found = [(card, unit.approvals.get(card.approval)) for card in cards]
        return [self._look_at(unit, card, asked) for card, asked in found if asked is not None]

    def _look_at(self, unit: Unit, card: PostedCard, approval: Approval) -> _Due:
        place, url = card.channel.removeprefix(self._outlet.prefix), self._office.url
        people = self._outlet.find_people(unit, approval, place, self._office.clock.now())
        return _Due(card, approval, find_surroundings(unit, approval, url), people)

    async def _show(self, due: _Due) -> None:
        if due.is_late and not self._outlet.is_edited:
            done = replace(due.card, is_done=True)
            await self._store.write(self._workspace, lambda unit: unit.posted_cards.update(done))
            return
        card, failed = await self._bring_up(due)
        if failed is not None:
            await self._put_off(due, failed)
            return
        told = await self._tell(card, due)
        shown = replace(card, told=told.keys)
        if told.failed is not None and not self._outlet.is_edited:
            await self._put_off(replace(due, card=shown), told.failed)
            return
        now, version = self._office.clock.now(), due.approval.version
        due_at = now + _find_pause(due.approval, now)
        done = replace(shown, version=version, tries=0, due_at=due_at, is_done=due.is_over)
        has_called = not due.card.message or (told.is_any and not self._outlet.is_edited)

        def keep(unit: Unit) -> None:
            unit.posted_cards.update(done)
            if has_called:
                self._record(unit, due, Outcome.SUCCESS)

        await self._store.write(self._workspace, keep)

    async def _bring_up(self, due: _Due) -> tuple[PostedCard, ActionAnswer | None]:
        """Post a card, or edit the one that is there; return where it is, and the answer if that failed."""
        card, approval = due.card, due.approval
        if card.message and not self._outlet.is_edited:
            return card, None
        message = self._outlet.render(due.shown, card.nonce)
        key = _key(due, str(approval.version) if self._outlet.is_edited else "card")
        if card.message:
            sent = {**message, "channel": card.place, "message": card.message}
            answer = await self._office.call(self._outlet, approval, "edit_card", sent, key=key)
            return card, answer if answer.code is not None else None
        sent = {**message, "channel": card.channel.removeprefix(self._outlet.prefix), **due.recipients}
        answer = await self._office.call(self._outlet, approval, "post_card", sent, key=key)
        place, stamp = _read_posted(answer)
        return replace(card, place=place, message=stamp), answer if answer.code is not None else None

    async def _tell(self, card: PostedCard, due: _Due) -> _Told:
        """Tell what has happened since, as far as it is told here; what may have arrived is not repeated."""
        told, is_any, failed = list(card.told), False, None
        for line in list_lines(due.approval, due.around.result):
            call = None if line.key in told else self._outlet.follow(due.shown, line, card)
            if call is None:
                told += [] if line.key in told else [line.key]
                continue
            sent = {**call.arguments, **due.recipients}
            answer = await self._office.call(self._outlet, due.approval, call.name, sent, key=_key(due, line.key))
            if answer.code is None or answer.code is ActionCode.UNKNOWN_OUTCOME:
                told.append(line.key)
                is_any = True
            else:
                failed = answer
                self._office.report(due.approval.id, answer.message)
        return _Told(tuple(told), is_any, failed)

    async def _put_off(self, due: _Due, answer: ActionAnswer) -> None:
        tries = due.card.tries + 1
        is_given_up = tries >= (_MOST_EDITS if due.card.message else self._most_tries)
        wait = timedelta(seconds=max(answer.retry_after or 0.0, min(2.0**tries, _LONGEST_WAIT)))
        later = replace(due.card, tries=tries, due_at=self._office.clock.now() + wait, is_done=is_given_up)
        self._office.report(due.approval.id, answer.message)

        def keep(unit: Unit) -> None:
            unit.posted_cards.update(later)
            if is_given_up:
                self._record(unit, due, Outcome.FAILURE, answer.message)
            if is_given_up and not due.card.message:
                channel, at = due.card.channel, self._office.clock.now()
                post_fallback(unit, due.approval, channel, ids=self._office.ids, at=at)

        await self._store.write(self._workspace, keep)
        if is_given_up:
            self._office.announcer.announce(self._workspace, "message", DEFAULT_CHANNEL)

    def _record(self, unit: Unit, due: _Due, outcome: Outcome, reason: str | None = None) -> None:
        """Put down that people were told in this channel, or could not be."""
        record_approval(
            unit,
            "approval.notified",
            due.approval,
            outcome,
            self._office.clock.now(),
            ids=self._office.ids,
            reason=reason,
            context={"channel": due.card.channel},
        )


def _key(due: _Due, what: str) -> str:
    """Return what is the same for every attempt to tell one thing in one channel."""
    return hashlib.sha256(f"{due.approval.id} {due.card.channel} {what}".encode()).hexdigest()


def _look_later(unit: Unit, quiet: Sequence[_Due], at: datetime) -> None:
    for due in quiet:
        unit.posted_cards.update(replace(due.card, due_at=at + _find_pause(due.approval, at)))


def _find_pause(approval: Approval, at: datetime) -> timedelta:
    """Return how long a card is left alone: the longer, the longer ago the yes; an open one's version tells of news.

    What was approved is under way then. Its run tells chats nothing, so it is asked, ever more seldom until it is over.
    """
    if approval.decided_at is None:
        return timedelta()
    return min(max((at - approval.decided_at) / 2, _FIRST_LOOK), _LAST_LOOK)


def find_surroundings(unit: Unit, approval: Approval, url: str) -> Surroundings:
    """Return what is known around a question."""
    run, revision = unit.runs.get(approval.run), unit.revisions.get(approval.revision)
    return Surroundings(
        url=url,
        asker=_name(unit, run.initiator) if run else "",
        editor=_name(unit, revision.author) if revision else "",
        mode=run.mode if run else Mode.LIVE,
        alert=(run.alert or "") if run else "",
        precedent=unit.approvals.find_precedent(approval),
        result=find_result(unit, approval),
    )


def _name(unit: Unit, principal: str) -> str:
    """Return a person's name for people; whoever else it is stays as it is."""
    kind, _, id_ = principal.partition(":")
    user = unit.users.get(id_ if kind == "user" else principal)
    return user.name if user else principal


def _read_posted(answer: ActionAnswer) -> tuple[str, str]:
    match answer.output:
        case {"channel": str(place), "message": str(stamp)}:
            return place, stamp
        case _:
            return "", ""
