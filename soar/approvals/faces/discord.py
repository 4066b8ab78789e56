"""The card as a Discord message: https://discord.com/developers/docs/resources/message.

Texts stand in code spans, where Discord reads no markup; what would end a span is replaced. Nobody may be mentioned.
"""

from soar.approvals.card import Button, ButtonKind, Fact, ShownCard
from soar.approvals.claim import write_claim
from soar.approvals.faces.plain import say_more
from soar.approvals.hostile import fence
from soar.approvals.parts import confirmation_of
from soar.model.approval import Approval, VoteChoice
from soar.model.step import Assurance
from soar.model.values import JsonValue

LARGEST = 6000
"""Characters of an embed's texts together: https://discord.com/developers/docs/resources/message#embed-object."""
CONFIRM, COMMENT = "confirm", "comment"
"""Ids of the dialog's fields."""
_ROW, _BUTTON, _INPUT, _TEXT, _LABEL = 1, 2, 4, 10, 18  # types of components
_LINE, _PARAGRAPH = 1, 2  # styles of a field
_LONGEST_COMMENT = 300
_LONGEST_CONFIRM = 500
_CONFIRMED = (Assurance.CONFIRMED, Assurance.MFA)
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
    return {"embeds": [embed], "components": [{"type": _ROW, "components": buttons}]}


def render_dialog(approval: Approval, choice: VoteChoice, nonce: str) -> dict[str, JsonValue]:
    """Return the modal in which somebody says yes or no: https://discord.com/developers/docs/components/using-modal-components.

    Args:
        approval: the question.
        choice: which button was pressed.
        nonce: of the card that it was pressed on.
    """
    is_yes = choice is VoteChoice.APPROVE
    parts: list[JsonValue] = [{"type": _TEXT, "content": _span(fence(approval.card.question))}]
    if is_yes and (wanted := confirmation_of(approval)) and approval.assurance in _CONFIRMED:
        parts.append({"type": _TEXT, "content": f"To approve, type {_span(fence(wanted))}"})
        parts.append(_input(CONFIRM, "Confirmation", _LINE, _LONGEST_CONFIRM, is_required=True))
    is_required = approval.comment == "required" or (approval.comment == "required_on_deny" and not is_yes)
    parts.append(_input(COMMENT, "Comment", _PARAGRAPH, _LONGEST_COMMENT, is_required=is_required))
    title = f"{'Approve' if is_yes else 'Deny'} {approval.code}"
    return {"custom_id": write_claim(approval.id, choice, nonce), "title": title, "components": parts}


def say(text: str) -> dict[str, JsonValue]:
    """Return a message that says a text to whoever has pressed, and to nobody else."""
    return {"content": _span(text), "flags": 1 << 6, "allowed_mentions": {"parse": []}}


def _input(name: str, label: str, style: int, longest: int, *, is_required: bool) -> JsonValue:
    field: JsonValue = {
        "type": _INPUT,
        "custom_id": name,
        "style": style,
        "max_length": longest,
        "required": is_required,
    }
    return {"type": _LABEL, "label": label, "component": field}


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
    return {**shown, "custom_id": write_claim(card.approval, choice, nonce)}
