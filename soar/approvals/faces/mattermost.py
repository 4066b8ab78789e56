"""The card as a Mattermost message attachment: https://developers.mattermost.com/integrate/reference/message-attachments/.

Its texts are Markdown, so every character that Markdown could read is escaped.
"""

import re

from soar.approvals.card import Button, ButtonKind, ShownCard
from soar.approvals.faces.plain import say_more
from soar.model.approval import VoteChoice
from soar.model.values import JsonValue

_READ = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$^=&\"'])")


def render(card: ShownCard, url: str, tokens: dict[ButtonKind, str]) -> dict[str, JsonValue]:
    """Return a post's text and props.

    Args:
        card: what to show.
        url: where presses are sent.
        tokens: what each deciding button proves itself with.
    """
    fields: list[JsonValue] = [
        {"title": escape(fact.label), "value": _quote(fact.text, is_quoted=fact.is_quoted), "short": False}
        for fact in (*card.facts, *card.evidence)
    ]
    more = say_more(card) if card.more_evidence else ""
    foot = "\n".join(escape(text) for text in (more, card.asked, card.who, card.until, *card.events) if text)
    actions = [_action(button, card, url, tokens[button.kind]) for button in card.buttons if not button.url]
    links = " · ".join(f"[{escape(button.label)}]({button.url})" for button in card.buttons if button.url)
    attachment: dict[str, JsonValue] = {
        "fallback": card.notice,
        "title": escape(card.question),
        "text": "\n".join(escape(text) for text in (card.tally, card.outcome, card.runs) if text),
        "fields": [*fields, {"title": "", "value": "\n".join(filter(None, (foot, links))), "short": False}],
        "actions": actions,
    }
    return {"message": "", "props": {"attachments": [attachment], "disable_group_highlight": True}}


def escape(text: str) -> str:
    """Put a backslash before each character that Markdown reads (CommonMark 0.31.2, section 2.4)."""
    return _READ.sub(r"\\\1", text)


def _quote(text: str, *, is_quoted: bool) -> str:
    return f"> {escape(text)}" if is_quoted else escape(text)


def _action(button: Button, card: ShownCard, url: str, token: str) -> JsonValue:
    choice = VoteChoice.APPROVE if button.kind is ButtonKind.APPROVE else VoteChoice.DENY
    context: JsonValue = {"approval": card.approval, "vote": choice.value, "token": token}
    return {
        "id": choice.value,  # letters and digits alone: Mattermost finds no action with another id
        "type": "button",
        "name": button.label,
        "style": "good" if choice is VoteChoice.APPROVE else "danger",
        "integration": {"url": url, "context": context},
    }
