"""The card as a Matrix room message: https://spec.matrix.org/v1.15/client-server-api/#mroommessage-msgtypes.

Texts are escaped into the few tags that we write. The connector makes an event of them that mentions nobody.
"""

from html import escape

from soar.approvals.card import Button, Fact, ShownCard
from soar.approvals.faces.plain import render as render_plain
from soar.approvals.faces.plain import say_more
from soar.model.values import JsonValue


def render(card: ShownCard, _nonce: str) -> dict[str, JsonValue]:
    """Return the arguments of the connector's `post_card` and `edit_card`; a card has no buttons to carry its nonce."""
    return {"text": render_plain(card), "html": _write_html(card), "notice": card.notice}


def _write_html(card: ShownCard) -> str:
    more = say_more(card) if card.more_evidence else ""
    above = "".join(f"<p>{escape(text)}</p>" for text in (card.tally, card.outcome, card.runs) if text)
    facts = "".join(f"<p>{_fact(fact)}</p>" for fact in card.facts)
    evidence = "".join(f"<li>{_fact(fact)}</li>" for fact in card.evidence)
    below = "".join(f"<p>{escape(text)}</p>" for text in (more, card.asked, card.who, card.until, *card.events) if text)
    links = " ".join(_link(button) for button in card.buttons if button.url)
    return f"<h4>{escape(card.question)}</h4>{above}{facts}<ul>{evidence}</ul>{below}<p>{links}</p>"


def _fact(fact: Fact) -> str:
    text = escape(fact.text)
    return f"<b>{escape(fact.label)}:</b> {f'<code>{text}</code>' if fact.is_quoted else text}"


def _link(button: Button) -> str:
    return f'<a href="{escape(button.url)}">{escape(button.label)}</a>'
