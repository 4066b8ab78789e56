"""The card in Slack's Block Kit: https://docs.slack.dev/reference/block-kit/.

Nothing is written in Slack's markup: texts stand in `plain_text` objects and in rich text, where neither mentions nor
links are read. The fallback text alone may be read as markup, so it is escaped.
"""

from soar.approvals.card import Button, ButtonKind, Fact, ShownCard
from soar.approvals.claim import WishKind, write_claim
from soar.approvals.faces.plain import say_more
from soar.approvals.hostile import fence
from soar.approvals.parts import confirmation_of
from soar.model.approval import Approval, VoteChoice
from soar.model.step import Assurance
from soar.model.values import JsonValue

HEADER = 150
"""Characters of a header block's text."""
APPROVE, DENY, ASK, UNDO = "soar_approve", "soar_deny", "soar_ask", "soar_undo"
"""Ids of the buttons that open a dialog."""
CALLBACK, WISH_CALLBACK = "soar_vote", "soar_wish"
"""Ids of the dialogs: for votes, and for what else is wanted."""
CONFIRM, COMMENT = "confirm", "comment"
"""Ids of the dialog's fields, and of the blocks around them."""
_LONGEST_COMMENT = 300
_LONGEST_CONFIRM = 500
_LONGEST_WISH = 1_000
_ACTIONS = {ButtonKind.APPROVE: APPROVE, ButtonKind.DENY: DENY, ButtonKind.ASK: ASK, ButtonKind.UNDO: UNDO}
_STYLES = {ButtonKind.APPROVE: "primary", ButtonKind.DENY: "danger"}
_CARRIED: dict[ButtonKind, VoteChoice | WishKind] = {
    ButtonKind.APPROVE: VoteChoice.APPROVE,
    ButtonKind.DENY: VoteChoice.DENY,
    ButtonKind.ASK: WishKind.ASK,
    ButtonKind.UNDO: WishKind.UNDO,
}
_CONFIRMED = (Assurance.CONFIRMED, Assurance.MFA)


def render(card: ShownCard, nonce: str) -> dict[str, JsonValue]:
    """Return a message's text and blocks.

    Args:
        card: what to show.
        nonce: what the card's buttons carry beside the approval's id.
    """
    blocks: list[JsonValue] = [{"type": "header", "text": _plain(_cut(card.question, HEADER))}]
    if len(card.question) > HEADER:
        blocks.append({"type": "section", "text": _plain(card.question)})
    blocks.append(_context(card.tally, card.outcome, card.runs))
    if card.facts:
        blocks.append({"type": "rich_text", "elements": [_section(fact) for fact in card.facts]})
    if card.evidence:
        listed: list[JsonValue] = [_section(fact) for fact in card.evidence]
        bullets: JsonValue = {"type": "rich_text_list", "style": "bullet", "elements": listed}
        blocks.append({"type": "rich_text", "elements": [bullets]})
    more = say_more(card) if card.more_evidence else ""
    blocks.append(_context(more, card.asked, card.who, card.until))
    if card.events:
        blocks.append(_context(*card.events))
    deciding = [each for each in card.buttons if each.kind is not ButtonKind.LINK]
    links = [each for each in card.buttons if each.kind is ButtonKind.LINK]
    elements: list[JsonValue] = [_button(each, card, nonce) for each in (*deciding, *card.dialogs, *links)]
    blocks.append({"type": "actions", "elements": elements})
    return {"text": escape(card.notice), "blocks": blocks}


def render_dialog(approval: Approval, choice: VoteChoice, nonce: str) -> dict[str, JsonValue]:
    """Return the modal in which somebody says yes or no: https://docs.slack.dev/reference/views/modal-views.

    The question stands in it again, and for a yes to what needs a confirmation a field for what has to be typed.

    Args:
        approval: the question.
        choice: which button was pressed.
        nonce: of the card that it was pressed on.
    """
    is_yes = choice is VoteChoice.APPROVE
    blocks: list[JsonValue] = [{"type": "section", "text": _plain(fence(approval.card.question))}]
    if is_yes and confirmation_of(approval) and approval.assurance in _CONFIRMED:
        blocks.append(_input(CONFIRM, f"Type {fence(confirmation_of(approval))}", _LONGEST_CONFIRM, is_optional=False))
    is_required = approval.comment == "required" or (approval.comment == "required_on_deny" and not is_yes)
    blocks.append(_input(COMMENT, "Comment", _LONGEST_COMMENT, is_optional=not is_required))
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": write_claim(approval.id, choice, nonce),
        "title": _plain(f"{'Approve' if is_yes else 'Deny'} {approval.code}"),
        "submit": _plain("Approve" if is_yes else "Deny"),
        "close": _plain("Back"),
        "blocks": blocks,
    }


def render_wish_dialog(approval: Approval, kind: WishKind, nonce: str) -> dict[str, JsonValue]:
    """Return the modal in which somebody asks something first, or says why what was done is to be taken back.

    Args:
        approval: the question.
        kind: which button was pressed.
        nonce: of the card that it was pressed on.
    """
    is_undo = kind is WishKind.UNDO
    said = f"{approval.card.question} Undo: {approval.card.undo}" if is_undo else approval.card.question
    label = "Why is it to be taken back?" if is_undo else "What do you want to know first?"
    return {
        "type": "modal",
        "callback_id": WISH_CALLBACK,
        "private_metadata": write_claim(approval.id, kind, nonce),
        "title": _plain(f"{'Undo' if is_undo else 'Ask about'} {approval.code}"),
        "submit": _plain("Undo" if is_undo else "Ask"),
        "close": _plain("Back"),
        "blocks": [
            {"type": "section", "text": _plain(fence(said))},
            _input(COMMENT, label, _LONGEST_WISH, is_optional=False),
        ],
    }


def escape(text: str) -> str:
    """Escape what Slack reads as markup: https://docs.slack.dev/messaging/formatting-message-text#escaping."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> dict[str, JsonValue]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _context(*texts: str) -> dict[str, JsonValue]:
    elements: list[JsonValue] = [_plain(text) for text in texts if text]
    return {"type": "context", "elements": elements}


def _section(fact: Fact) -> JsonValue:
    said: dict[str, JsonValue] = {"type": "text", "text": fact.text or "-"}
    if fact.is_quoted:
        said["style"] = {"code": True}
    label: JsonValue = {"type": "text", "text": f"{fact.label}: ", "style": {"bold": True}}
    return {"type": "rich_text_section", "elements": [label, said]}


def _button(button: Button, card: ShownCard, nonce: str) -> JsonValue:
    shown: dict[str, JsonValue] = {"type": "button", "text": _plain(button.label)}
    if button.kind is ButtonKind.LINK:
        return {**shown, "action_id": "soar_open", "url": button.url}
    if button.kind in _STYLES:
        shown["style"] = _STYLES[button.kind]
    value = write_claim(card.approval, _CARRIED[button.kind], nonce)
    return {**shown, "action_id": _ACTIONS[button.kind], "value": value}


def _input(name: str, label: str, longest: int, *, is_optional: bool) -> JsonValue:
    field: JsonValue = {"type": "plain_text_input", "action_id": name, "max_length": longest}
    return {"type": "input", "block_id": name, "label": _plain(label), "optional": is_optional, "element": field}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
