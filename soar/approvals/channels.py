"""The card and its thread in the built-in chat."""

from datetime import datetime

from soar.approvals.card import say_notice
from soar.approvals.decide import deciders, name_all
from soar.approvals.hostile import flatten
from soar.model.approval import Approval
from soar.model.ids import Ids
from soar.model.message import Message
from soar.store import Unit

AUTHOR = "soar"
"""Who speaks where we do."""

DEFAULT_CHANNEL = "#approvals"
"""Where questions go that have no other room."""


def room_of(approval: Approval) -> str:
    """Return the built-in chat's channel for an approval, such as `#soc-phishing`."""
    return approval.channel.removeprefix("chat:")


def card_key(approval: Approval) -> str:
    """Return the key under which an approval's card is posted, once."""
    return f"{approval.id}:card"


def post_card(unit: Unit, approval: Approval, *, ids: Ids, at: datetime) -> None:
    """Post the question; the page renders the card from the approval itself, the text is its plain form."""
    minutes = int((approval.expires_at - approval.asked_at).total_seconds() // 60)
    wanted = name_all(deciders(approval))
    text = _ask_facts(approval, wanted, minutes) if approval.is_question else _ask_vote(approval, wanted, minutes)
    _post(unit, approval, text, key=card_key(approval), ids=ids, at=at, shows_card=True)


def post_copy(unit: Unit, approval: Approval, channel: str, *, ids: Ids, at: datetime) -> None:
    """Show the card in another room of the built-in chat, too, once.

    Args:
        unit: the transaction.
        approval: the question.
        channel: such as `chat:#incident`; the question's own room shows it already.
        ids: new identifiers.
        at: the moment.
    """
    room = channel.removeprefix("chat:")
    if room != room_of(approval):
        said, key = say_notice(approval), f"{card_key(approval)}:{room}"
        _post(unit, approval, said, key=key, ids=ids, at=at, shows_card=True, channel=room)


def _ask_vote(approval: Approval, wanted: str, minutes: int) -> str:
    return (
        f"{approval.code}: {approval.card.question} {approval.quorum} of {wanted}, {minutes} min, then no. "
        f"!approve {approval.code} · !deny {approval.code} why"
    )


def _ask_facts(question: Approval, wanted: str, minutes: int) -> str:
    """Say who is asked and how to answer before the question itself, which may quote what an attacker wrote."""
    form = " ".join(f"{name}=…" for name in question.fields)
    return (
        f"{question.code} asks {wanted}, {minutes} min. To answer: soar approval answer {question.code} {form} "
        f"“{question.card.question}”"
    )


def post_fallback(unit: Unit, approval: Approval, failed: str, *, ids: Ids, at: datetime) -> None:
    """Show the card in our own room for questions, as the channel that failed could not."""
    unit.messages.post(
        Message(
            id=ids.new("msg"),
            channel=DEFAULT_CHANNEL,
            key=f"{approval.id}:fallback:{failed}",
            at=at,
            author=AUTHOR,
            text=flatten(f"{approval.code} could not be posted in {failed}; it can be decided here"),
            approval=approval.id,
            run=approval.run,
        )
    )


def post_line(unit: Unit, approval: Approval, text: str, *, key: str, ids: Ids, at: datetime) -> None:
    """Add a line to the card's thread; the same key is posted once."""
    _post(unit, approval, f"{approval.code} {text}", key=f"{approval.id}:{key}", ids=ids, at=at, shows_card=False)


def post_direct(unit: Unit, approval: Approval, email: str, text: str, *, key: str, ids: Ids, at: datetime) -> None:
    """Tell one person something about a question; the same key is posted once to each."""
    said, own = f"{approval.code} {text}", f"{approval.id}:{key}:{email}"
    _post(unit, approval, said, key=own, ids=ids, at=at, shows_card=False, channel=f"@{email}")


def _post(
    unit: Unit,
    approval: Approval,
    text: str,
    *,
    key: str,
    ids: Ids,
    at: datetime,
    shows_card: bool,
    channel: str | None = None,
) -> None:
    unit.messages.post(
        Message(
            id=ids.new("msg"),
            channel=channel or room_of(approval),
            key=key,
            at=at,
            author=AUTHOR,
            text=flatten(text),
            approval=approval.id if shows_card else None,
            run=approval.run,
        )
    )
