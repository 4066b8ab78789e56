"""The card as a Mattermost message attachment: https://developers.mattermost.com/integrate/reference/message-attachments/.

Its texts are Markdown, so every character that Markdown could read is escaped.
"""

import re

from soar.approvals.card import Button, ButtonKind, ShownCard
from soar.approvals.claim import write_claim
from soar.approvals.faces.plain import say_more
from soar.approvals.hostile import fence
from soar.approvals.parts import confirmation_of
from soar.model.approval import Approval, VoteChoice
from soar.model.step import Assurance
from soar.model.values import JsonValue

CALLBACK = "soar_vote"
"""Id of the dialog."""
CONFIRM, COMMENT = "confirm", "comment"
"""Names of the dialog's fields."""
_LONGEST_COMMENT = 300
_LONGEST_CONFIRM = 500
_CONFIRMED = (Assurance.CONFIRMED, Assurance.MFA)
_READ = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$^=&\"'])")


def render(card: ShownCard, url: str, nonce: str) -> dict[str, JsonValue]:
    """Return a post's attachment; the connector adds to each button what it proves itself with.

    Args:
        card: what to show.
        url: where presses are sent.
        nonce: what the card's buttons carry beside the approval's id.
    """
    fields: list[JsonValue] = [
        {"title": escape(fact.label), "value": _quote(fact.text, is_quoted=fact.is_quoted), "short": False}
        for fact in (*card.facts, *card.evidence)
    ]
    more = say_more(card) if card.more_evidence else ""
    foot = "\n".join(escape(text) for text in (more, card.asked, card.who, card.until, *card.events) if text)
    actions = [_action(button, card, url, nonce) for button in card.buttons if not button.url]
    links = " · ".join(f"[{escape(button.label)}]({button.url})" for button in card.buttons if button.url)
    attachment: dict[str, JsonValue] = {
        "fallback": card.notice,
        "title": escape(card.question),
        "text": "\n".join(escape(text) for text in (card.tally, card.outcome, card.runs) if text),
        "fields": [*fields, {"title": "", "value": "\n".join(filter(None, (foot, links))), "short": False}],
        "actions": actions,
    }
    return {"attachment": attachment}


def render_dialog(approval: Approval, choice: VoteChoice, state: str) -> dict[str, JsonValue]:
    """Return the dialog in which somebody says yes or no: https://developers.mattermost.com/integrate/plugins/interactive-dialogs/.

    Args:
        approval: the question.
        choice: which button was pressed.
        state: what comes back with what was filled in; its reader can see it.
    """
    is_yes = choice is VoteChoice.APPROVE
    said, elements = [escape(fence(approval.card.question))], []
    if is_yes and (wanted := confirmation_of(approval)) and approval.assurance in _CONFIRMED:
        said.append(f"To approve, type {escape(fence(wanted))}")
        elements.append(_element(CONFIRM, "Confirmation", _LONGEST_CONFIRM, is_optional=False))
    is_required = approval.comment == "required" or (approval.comment == "required_on_deny" and not is_yes)
    elements.append(_element(COMMENT, "Comment", _LONGEST_COMMENT, is_optional=not is_required))
    return {
        "callback_id": CALLBACK,
        "title": f"{'Approve' if is_yes else 'Deny'} {approval.code}",
        "introduction_text": "\n\n".join(said),
        "elements": elements,
        "submit_label": "Approve" if is_yes else "Deny",
        "notify_on_cancel": False,
        "state": state,
    }


def escape(text: str) -> str:
    """Put a backslash before each character that Markdown reads (CommonMark 0.31.2, section 2.4)."""
    return _READ.sub(r"\\\1", text)


def _quote(text: str, *, is_quoted: bool) -> str:
    return f"> {escape(text)}" if is_quoted else escape(text)


def _element(name: str, label: str, longest: int, *, is_optional: bool) -> JsonValue:
    return {
        "name": name,
        "display_name": label,
        "type": "textarea",  # a field of one line takes 150 characters at most
        "optional": is_optional,
        "max_length": longest,
    }


def _action(button: Button, card: ShownCard, url: str, nonce: str) -> JsonValue:
    choice = VoteChoice.APPROVE if button.kind is ButtonKind.APPROVE else VoteChoice.DENY
    context: JsonValue = {"claim": write_claim(card.approval, choice, nonce)}
    return {
        "id": choice.value,  # letters and digits alone: Mattermost finds no action with another id
        "type": "button",
        "name": button.label,
        "style": "good" if choice is VoteChoice.APPROVE else "danger",
        "integration": {"url": url, "context": context},
    }
