"""The card as a Matrix room message: https://spec.matrix.org/v1.15/client-server-api/#mroommessage-msgtypes.

Texts are escaped into the few tags that we write. Every event names whom it mentions, which is nobody: without that,
clients look for names in the text.
"""

from html import escape

from soar.approvals.card import Button, Fact, ShownCard
from soar.approvals.faces.plain import render as render_plain
from soar.approvals.faces.plain import say_more
from soar.model.values import JsonValue

LARGEST = 65_536
"""Bytes of a whole event: https://spec.matrix.org/v1.15/client-server-api/#size-limits."""


def render(card: ShownCard, *, replaces: str | None = None) -> dict[str, JsonValue]:
    """Return a message's content.

    Args:
        card: what to show.
        replaces: id of the event that showed the card first, to edit it; None for the first.
    """
    content: dict[str, JsonValue] = {
        "msgtype": "m.notice",
        "body": render_plain(card),
        "format": "org.matrix.custom.html",
        "formatted_body": _write_html(card),
        "m.mentions": {},
    }
    if replaces is None:
        return content
    return {
        "msgtype": "m.notice",
        "body": f"* {card.notice}",
        "m.mentions": {},
        "m.new_content": content,
        "m.relates_to": {"rel_type": "m.replace", "event_id": replaces},
    }


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
