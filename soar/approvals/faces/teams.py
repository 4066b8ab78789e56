"""The card as an Adaptive Card 1.4 for Teams: https://adaptivecards.io/explorer/.

Texts that somebody else wrote stand in runs of a `RichTextBlock`, which read no Markdown; nothing is a template.
"""

from soar.approvals.card import Button, ButtonKind, Fact, ShownCard
from soar.approvals.faces.plain import say_more
from soar.model.approval import VoteChoice
from soar.model.values import JsonValue

LARGEST = 28 * 1024
"""Bytes of a message with a card: https://learn.microsoft.com/microsoftteams/limits-specifications-teams."""
VERB = "soar_vote"
"""What an invoke activity names."""


def render(card: ShownCard, nonce: str) -> dict[str, JsonValue]:
    """Return the card.

    Args:
        card: what to show.
        nonce: what the card's buttons carry beside the approval's id.
    """
    more = say_more(card) if card.more_evidence else ""
    above = (card.tally, card.outcome, card.runs)
    below = (more, card.asked, card.who, card.until, *card.events)
    body: list[JsonValue] = [
        _text(_run(card.question, weight="Bolder", size="Large")),
        *(_text(_run(text, subtle=True)) for text in above if text),
        *map(_fact, (*card.facts, *card.evidence)),
        *(_text(_run(text, subtle=True)) for text in below if text),
    ]
    actions: list[JsonValue] = [_action(button, card, nonce) for button in card.buttons]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": card.notice,
        "body": body,
        "actions": actions,
    }


def _fact(fact: Fact) -> JsonValue:
    return _text(_run(f"{fact.label}: ", weight="Bolder"), _run(fact.text, is_quoted=fact.is_quoted))


def _text(*runs: JsonValue) -> JsonValue:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(
    text: str, *, weight: str = "Default", size: str = "Default", subtle: bool = False, is_quoted: bool = False
) -> JsonValue:
    return {
        "type": "TextRun",
        "text": text,
        "weight": weight,
        "size": size,
        "isSubtle": subtle,
        "fontType": "Monospace" if is_quoted else "Default",
    }


def _action(button: Button, card: ShownCard, nonce: str) -> JsonValue:
    if button.kind is ButtonKind.LINK:
        return {"type": "Action.OpenUrl", "title": button.label, "url": button.url}
    choice = VoteChoice.APPROVE if button.kind is ButtonKind.APPROVE else VoteChoice.DENY
    data: JsonValue = {"approval": card.approval, "vote": choice.value, "nonce": nonce}
    style = "positive" if choice is VoteChoice.APPROVE else "destructive"
    return {"type": "Action.Execute", "title": button.label, "verb": VERB, "data": data, "style": style}
