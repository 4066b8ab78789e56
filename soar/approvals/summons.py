"""Who is told besides where a question was asked, once it is escalated: the channels of `via`."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from soar.approvals.card import list_lines
from soar.approvals.channels import post_copy
from soar.model.approval import Approval
from soar.model.chat import PostedCard
from soar.model.ids import Ids
from soar.store import Unit

_BUILT_IN = "chat:"

Levels = Collection[int]
"""Which levels of escalation, by their place among those of the question."""


def find_reached(approval: Approval) -> Levels:
    """Return the levels that a question has reached."""
    return frozenset(place for place, level in enumerate(approval.escalations) if level.is_reached)


def find_fresh(before: Approval, after: Approval) -> Levels:
    """Return the levels that a question has reached in between."""
    return frozenset(find_reached(after)) - frozenset(find_reached(before))


def spare(unit: Unit, approval: Approval, levels: Levels) -> Approval:
    """Return a question whose levels leave out the channels that were told of it before: nobody is woken twice.

    Args:
        unit: the transaction.
        approval: the question.
        levels: those that are about to be told.
    """
    told = {approval.channel, *(card.channel for card in unit.posted_cards.of(approval.id))}
    spared = tuple(
        replace(level, via=tuple(channel for channel in level.via if channel not in told)) if place in levels else level
        for place, level in enumerate(approval.escalations)
    )
    return replace(approval, escalations=spared)


def summon(unit: Unit, approval: Approval, levels: Levels, *, ids: Ids, at: datetime) -> None:
    """Have a question told in the channels of the levels that it has reached, each in its turn.

    Where it is told already, it is not told as new: what follows there says that it was escalated.

    Args:
        unit: the transaction in which they are reached.
        approval: the question, with these levels.
        levels: which ones.
        ids: new identifiers.
        at: the moment.
    """
    said = tuple(line.key for line in list_lines(approval))
    wanted = (channel for place in sorted(levels) for channel in approval.escalations[place].via)
    for channel in dict.fromkeys(wanted):
        if channel.startswith(_BUILT_IN):
            post_copy(unit, approval, channel, ids=ids, at=at)
        elif channel != approval.channel:
            _open_card(unit, PostedCard(approval=approval.id, channel=channel, nonce="", due_at=at, told=said))


def _open_card(unit: Unit, card: PostedCard) -> None:
    """Have a card posted; where that was given up before, it is tried again."""
    if unit.posted_cards.add(card):
        return
    known = next(each for each in unit.posted_cards.of(card.approval) if each.channel == card.channel)
    if known.is_done and not known.message:
        unit.posted_cards.update(card)
