"""The card as a Discord message: https://discord.com/developers/docs/resources/message.

Texts stand in code spans, where Discord reads no markup; what would end a span is replaced. Nobody may be mentioned.
"""

from soar.approvals.card import Button, ButtonKind, Fact, ShownCard
from soar.approvals.faces.plain import say_more
from soar.model.approval import VoteChoice
from soar.model.values import JsonValue

LARGEST = 6000
"""Characters of an embed's texts together: https://discord.com/developers/docs/resources/message#embed-object."""
_ROW, _BUTTON = 1, 2  # types of components
_STYLES = {ButtonKind.APPROVE: 3, ButtonKind.DENY: 4, ButtonKind.LINK: 5}
_TICK = "\u02cb"  # looks like a backtick, and ends no span


def render(card: ShownCard, nonce: str) -> dict[str, JsonValue]:
    """Return a message.

    Args:
        card: what to show.
        nonce: what the card's buttons carry beside the approval's id; they are personal to the card.
    """
    above = (card.question, card.outcome, card.runs)
    more = say_more(card) if card.more_evidence else ""
    below = (more, card.asked, card.who, card.until, *card.events)
    fields: list[JsonValue] = [_field(fact) for fact in (*card.facts, *card.evidence)]
    fields += [_field(Fact("\u200b", text)) for text in below if text]  # Discord wants a name, if an unseen one
    embed: JsonValue = {
        "title": card.tally,
        "description": "\n".join(_span(text) for text in above if text),
        "fields": fields,
    }
    buttons: list[JsonValue] = [_button(button, card, nonce) for button in card.buttons]
    return {
        "content": "",
        "embeds": [embed],
        "components": [{"type": _ROW, "components": buttons}],
        "allowed_mentions": {"parse": []},
    }


def _field(fact: Fact) -> JsonValue:
    name = fact.label if fact.label == "\u200b" else _span(fact.label)
    return {"name": name, "value": _span(fact.text), "inline": False}


def _span(text: str) -> str:
    return f"`{text.replace('`', _TICK)}`" if text else "`-`"


def _button(button: Button, card: ShownCard, nonce: str) -> JsonValue:
    shown: dict[str, JsonValue] = {"type": _BUTTON, "style": _STYLES[button.kind], "label": button.label}
    if button.kind is ButtonKind.LINK:
        return {**shown, "url": button.url}
    choice = VoteChoice.APPROVE if button.kind is ButtonKind.APPROVE else VoteChoice.DENY
    return {**shown, "custom_id": f"{card.approval}|{choice.value}|{nonce}"}
