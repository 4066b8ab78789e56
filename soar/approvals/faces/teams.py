"""The card as an Adaptive Card 1.4 for Teams: https://adaptivecards.io/explorer/.

Texts that somebody else wrote stand in runs of a `RichTextBlock`, which read no Markdown; nothing is a template.
"""

from soar.approvals.card import Button, ButtonKind, Fact, ShownCard
from soar.approvals.claim import write_claim
from soar.approvals.faces.plain import say_more
from soar.approvals.hostile import fence
from soar.approvals.parts import confirmation_of
from soar.model.approval import Approval, VoteChoice
from soar.model.step import Assurance
from soar.model.values import JsonValue

LARGEST = 28 * 1024
"""Bytes of a message with a card: https://learn.microsoft.com/microsoftteams/limits-specifications-teams."""
VERB, DECIDE, BACK = "soar_vote", "soar_decide", "soar_back"
"""What an invoke activity names: a press on the card, and the two on the second one."""
CONFIRM, COMMENT = "confirm", "comment"
"""Ids of the second card's inputs."""
_LONGEST_COMMENT = 300
_LONGEST_CONFIRM = 500
_CONFIRMED = (Assurance.CONFIRMED, Assurance.MFA)


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
    return _card(card.notice, body, actions)


def render_dialog(approval: Approval, choice: VoteChoice, nonce: str) -> dict[str, JsonValue]:
    """Return the second card, in which somebody says yes or no.

    Args:
        approval: the question.
        choice: which button was pressed.
        nonce: of the card that it was pressed on.
    """
    is_yes = choice is VoteChoice.APPROVE
    body = [_text(_run(fence(approval.card.question), weight="Bolder", size="Large"))]
    if is_yes and (wanted := confirmation_of(approval)) and approval.assurance in _CONFIRMED:
        body.append(_text(_run("To approve, type "), _run(fence(wanted), is_quoted=True)))
        body.append(_input(CONFIRM, "Confirmation", _LONGEST_CONFIRM, is_required=True))
    is_required = approval.comment == "required" or (approval.comment == "required_on_deny" and not is_yes)
    body.append(_input(COMMENT, "Comment", _LONGEST_COMMENT, is_required=is_required))
    data: JsonValue = {"claim": write_claim(approval.id, choice, nonce)}
    title = f"{'Approve' if is_yes else 'Deny'} {approval.code}"
    style = "positive" if is_yes else "destructive"
    actions: list[JsonValue] = [
        {"type": "Action.Execute", "title": title, "verb": DECIDE, "data": data, "style": style},
        {"type": "Action.Execute", "title": "Back", "verb": BACK, "data": data, "associatedInputs": "none"},
    ]
    return _card(title, body, actions)


def _card(fallback: str, body: list[JsonValue], actions: list[JsonValue]) -> dict[str, JsonValue]:
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": fallback,
        "body": body,
        "actions": actions,
    }


def _input(name: str, label: str, longest: int, *, is_required: bool) -> JsonValue:
    return {
        "type": "Input.Text",
        "id": name,
        "label": label,
        "maxLength": longest,
        "isMultiline": name == COMMENT,
        "isRequired": is_required,
        "errorMessage": "This has to be filled in.",
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
    data: JsonValue = {"claim": write_claim(card.approval, choice, nonce)}
    style = "positive" if choice is VoteChoice.APPROVE else "destructive"
    return {"type": "Action.Execute", "title": button.label, "verb": VERB, "data": data, "style": style}
