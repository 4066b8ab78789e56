"""The card as a page, which wakes somebody: a line, and a link to the page on which it is decided."""

from soar.approvals.card import Line, ShownCard
from soar.model.values import JsonValue


def render(card: ShownCard, _nonce: str) -> dict[str, JsonValue]:
    """Return what a page says, and what names it there."""
    asked = " · ".join(part for part in (f"{card.tally}: {card.question}", card.until) if part)
    return {"key": card.approval, "text": asked, "link": _find_link(card)}


def render_line(card: ShownCard, line: Line) -> dict[str, JsonValue]:
    """Return what is added to a page, or said at its end."""
    return {"text": f"{card.code}: {line.text} · {card.question}", "link": _find_link(card)}


def _find_link(card: ShownCard) -> str:
    return next((button.url for button in card.buttons if button.url), "")
