"""The card as a mail: plain text with one link. Nothing in it can be pressed or answered."""

from soar.approvals.card import Line, ShownCard
from soar.approvals.faces.plain import render as render_plain
from soar.model.values import JsonValue

_SUBJECT = 150
_FOOT = "This is decided on that page, after logging in. An answer to this mail is read by nobody."


def render(card: ShownCard, _nonce: str) -> dict[str, JsonValue]:
    """Return the subject and text of the first mail; it has no buttons to carry a nonce."""
    return {"subject": _write_subject(card), "text": f"{render_plain(card)}\n\n{_FOOT}"}


def render_line(card: ShownCard, line: Line) -> dict[str, JsonValue]:
    """Return the subject and text of a mail that follows: what has happened, and how the card looks since."""
    return {"subject": f"Re: {_write_subject(card)}", "text": f"{line.text}\n\n{render_plain(card)}"}


def _write_subject(card: ShownCard) -> str:
    """Return what stays the same in every mail about a question, so that they stand together."""
    return f"[soar] {card.code}: {card.question}"[:_SUBJECT]
