"""Cards in chats: posted, edited after every change and followed by a line in their thread, wherever it came from.

How far each card is behind is in the store, so that nothing is forgotten by a restart. Whoever works on a card moves
its time forward first, so that no two processes do.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from soar.approvals.card import Surroundings, list_lines, show_card
from soar.approvals.channels import DEFAULT_CHANNEL, post_fallback
from soar.approvals.platform import Office, Platform
from soar.approvals.result import find_result
from soar.model.approval import APPROVAL_TRANSITIONS, Approval
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
_FIRST_LOOK = timedelta(seconds=1)
_LAST_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Due:
    """A card that is behind, and what it is to show."""

    card: PostedCard
    approval: Approval
    around: Surroundings

    @property
    def has_news(self) -> bool:
        """Whether it shows less than has happened."""
        lines = list_lines(self.approval, self.around.result)
        is_behind = self.card.version < self.approval.version or self.is_over
        return is_behind or any(line.key not in self.card.told for line in lines)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is going to happen to it."""
        result = self.around.result
        return not APPROVAL_TRANSITIONS[self.approval.status] and not (result and result.is_open)


class CardDelivery:
    """Shows questions' cards in one chat.

    One that could not be posted six times goes to the built-in chat, and one that could not be edited fifty times is
    left as it is; the question can be decided elsewhere whatever that chat does. An answer that never came may have
    been a post, so that two cards may be there, unless the chat knows our keys; the first is then stale.

    Args:
        platform: which chat.
        office: what it works with.
    """

    def __init__(self, platform: Platform, office: Office) -> None:
        self._platform = platform
        self._office = office
        self._store, self._workspace = office.store, office.workspace

    @property
    def connection(self) -> str:
        """Of which chat."""
        return self._platform.connection

    async def run(self) -> None:
        """Deliver every second until cancelled."""
        while True:
            try:
                await self.deliver()
            except SoarError as error:  # what is due stays due
                self._office.report("", error.message)
            await self._office.clock.sleep(_PAUSE)

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
        prefix = self._platform.prefix
        return bool(unit.posted_cards.unposted(prefix, 1) or unit.posted_cards.behind(prefix, at, 1))

    def _claim(self, unit: Unit, at: datetime) -> list[PostedCard]:
        for asked in unit.posted_cards.unposted(self._platform.prefix, _BATCH):
            nonce = encode_crockford(self._office.randomness.bytes(_NONCE), _NONCE)
            unit.posted_cards.add(PostedCard(approval=asked.id, channel=asked.channel, nonce=nonce, due_at=at))
        claimed = [*unit.posted_cards.behind(self._platform.prefix, at, _BATCH)]
        for card in claimed:
            unit.posted_cards.update(replace(card, due_at=at + _LEASE))
        return claimed

    def _look_around(self, unit: Unit, cards: Sequence[PostedCard]) -> list[_Due]:
        found = [(card, unit.approvals.get(card.approval)) for card in cards]
        url = self._office.url
        return [_Due(card, asked, find_surroundings(unit, asked, url)) for card, asked in found if asked is not None]

    async def _show(self, due: _Due) -> None:
        card, approval = due.card, due.approval
        message = self._platform.render(show_card(approval, due.around), card.nonce)
        key = f"{approval.id}.{approval.version}"
        if card.message:
            sent = {**message, "channel": card.place, "message": card.message}
            answer = await self._office.call(self._platform, approval, "edit_card", sent, key=key)
            place, stamp = card.place, card.message
        else:
            sent = {**message, "channel": card.channel.removeprefix(self._platform.prefix)}
            answer = await self._office.call(self._platform, approval, "post_card", sent, key=key)
            place, stamp = _read_posted(answer)
        if answer.code is not None:
            await self._put_off(due, answer)
            return
        shown = replace(card, place=place, message=stamp)
        told = await self._tell(shown, due)
        now = self._office.clock.now()
        due_at = now + _find_pause(approval, now)
        done = replace(shown, version=approval.version, told=told, tries=0, due_at=due_at, is_done=due.is_over)
        await self._store.write(self._workspace, lambda unit: unit.posted_cards.update(done))

    async def _tell(self, card: PostedCard, due: _Due) -> tuple[str, ...]:
        """Add lines to the thread, and return the keys of those that it has; one that may be there is not repeated."""
        told, approval = list(card.told), due.approval
        for line in list_lines(approval, due.around.result):
            if line.key in told:
                continue
            sent: dict[str, JsonValue] = {"channel": card.place, "thread": card.message, "text": line.text}
            key = hashlib.sha256(f"{approval.id} {line.key}".encode()).hexdigest()
            answer = await self._office.call(self._platform, approval, "post", sent, key=key)
            if answer.code is None or answer.code is ActionCode.UNKNOWN_OUTCOME:
                told.append(line.key)
            else:
                self._office.report(approval.id, answer.message)
        return tuple(told)

    async def _put_off(self, due: _Due, answer: ActionAnswer) -> None:
        tries = due.card.tries + 1
        is_given_up = tries >= (_MOST_EDITS if due.card.message else _MOST_TRIES)
        wait = timedelta(seconds=max(answer.retry_after or 0.0, min(2.0**tries, _LONGEST_WAIT)))
        later = replace(due.card, tries=tries, due_at=self._office.clock.now() + wait, is_done=is_given_up)
        self._office.report(due.approval.id, answer.message)

        def keep(unit: Unit) -> None:
            unit.posted_cards.update(later)
            if is_given_up and not due.card.message:
                post_fallback(unit, due.approval, ids=self._office.ids, at=self._office.clock.now())

        await self._store.write(self._workspace, keep)
        if is_given_up:
            self._office.announcer.announce(self._workspace, "message", DEFAULT_CHANNEL)


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
