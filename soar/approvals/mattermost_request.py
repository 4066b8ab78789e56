"""What Mattermost sends us, read and checked. Pure.

Mattermost signs nothing that it sends. Three things stand in for a signature:

- A button's context, which Mattermost keeps from every client, carries a proof under our key over the channel and what
  the button claims.
- The trigger that comes with a press names the person, under a signature that Mattermost checks itself when a dialog is
  to be opened with it; it then shows the dialog to that person, and to nobody else. The dialog carries a proof under
  our key over that person, so that whoever sends it back is them.
- A command carries the token that Mattermost made for it.

Buttons: https://developers.mattermost.com/integrate/plugins/interactive-messages/. Dialogs:
https://developers.mattermost.com/integrate/plugins/interactive-dialogs/. Commands:
https://developers.mattermost.com/integrate/slash-commands/custom/.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeAlias
from urllib.parse import parse_qs

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from soar.approvals.claim import Claim, read_claim, write_claim
from soar.approvals.faces.mattermost import CALLBACK, COMMENT, CONFIRM
from soar.model.errors import DeniedError, InputError
from soar.model.secret import Secret

LIFE = timedelta(minutes=10)
"""How long a dialog counts after it was opened."""

_HINT = "press the button on the card anew; if that does not help, compare the connection's credentials with Mattermost"
_MOST_FIELDS = 64
_LONGEST_TYPED = 4_000
_TRIGGER_PARTS = 4
_LONGEST_TRIGGER = 500

_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{26}$")]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did something in Mattermost, and where, by Mattermost's own ids.

    Attributes:
        team: where it happened.
        channel: where in it.
        account: the person.
    """

    team: str
    channel: str
    account: str


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody has pressed a button; that opens a dialog, and decides nothing.

    Attributes:
        message: on which message.
        trigger: what a dialog may be opened with, for three seconds.
        proof: what the button proves itself with.
    """

    sender: Sender
    message: str
    claim: Claim
    trigger: str
    proof: str


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody has filled in the dialog.

    Attributes:
        state: what the dialog carried.
        confirm: what was typed as confirmation.
    """

    sender: Sender
    state: str
    confirm: str
    comment: str


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody has written a command such as `/soar link`.

    Attributes:
        token: what Mattermost proves the command with.
        trigger: Mattermost's own id of it.
    """

    sender: Sender
    text: str
    token: str
    trigger: str


MattermostRequest: TypeAlias = Press | Submission | Command


def verify_press(key: Secret, press: Press) -> None:
    """Check that a press is one of a button of ours in its own channel, and that its trigger is of whoever pressed.

    Args:
        key: ours; the connector has signed the button with it.
        press: as it came.

    Raises:
        DeniedError: it is not.
    """
    claim = write_claim(press.claim.approval, press.claim.choice, press.claim.nonce)
    if not _is_proved(key, press.proof, "press", press.sender.channel, claim):
        raise _refuse("the press is on no button of ours")
    if _read_trigger(press.trigger) != press.sender.account:
        raise _refuse("the press is by somebody else than its trigger")


def write_state(key: Secret, press: Press, at: datetime) -> str:
    """Return what a dialog carries that is opened for a press: it counts for that person, there, for `LIFE`.

    No two presses have the same, so that what it carries tells one dialog from all others.
    """
    claim = write_claim(press.claim.approval, press.claim.choice, press.claim.nonce)
    until = str(int((at + LIFE).timestamp()))
    once = hashlib.sha256(press.trigger.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    proof = _prove(key, "dialog", press.sender.channel, press.sender.account, until, once, claim)
    return f"{claim}|{until}|{once}|{proof}"


def read_state(key: Secret, submission: Submission, at: datetime) -> Claim:
    """Return what a dialog that was filled in claims.

    Raises:
        DeniedError: it was not opened by us for this person in this channel, or ten minutes ago or more.
    """
    claim, until, once, proof = ([""] * 4 + submission.state.rsplit("|", 3))[-4:]
    sender = submission.sender
    if not _is_proved(key, proof, "dialog", sender.channel, sender.account, until, once, claim):
        raise _refuse("the dialog was not opened by us for whoever has filled it in")
    if at.timestamp() >= int(until):
        raise DeniedError("the dialog was opened ten minutes ago or more", code="chat.timestamp", hint=_HINT)
    return read_claim(claim)


def verify_command(token: Secret, command: Command) -> None:
    """Check that Mattermost has sent a command.

    Args:
        token: what Mattermost made for it.
        command: as it came.

    Raises:
        DeniedError: somebody else has.
    """
    if not hmac.compare_digest(command.token.encode("utf-8", "surrogatepass"), token.reveal().encode()):
        raise _refuse("the command does not carry Mattermost's token")


def read_request(body: bytes, *, is_form: bool) -> MattermostRequest | None:
    """Return what a request says, none of it verified; None where there is nothing to do.

    Args:
        body: as it came.
        is_form: whether it is a form, as commands are, and not JSON.

    Raises:
        InputError: it is no request as Mattermost documents them.
    """
    try:
        return _read_command(body) if is_form else _read_interaction(body)
    except (ValueError, ValidationError) as error:
        raise InputError(
            "this is no request as Mattermost sends them",
            code="chat.request",
            hint="check the request URL in Mattermost",
        ) from error


class _Context(BaseModel):
    claim: str
    proof: str


class _Press(BaseModel):
    user_id: _Id
    channel_id: _Id
    team_id: str
    post_id: _Id
    trigger_id: str
    context: _Context


class _Typed(BaseModel):
    confirm: str | None = Field(default=None, alias=CONFIRM, max_length=_LONGEST_TYPED)
    comment: str | None = Field(default=None, alias=COMMENT, max_length=_LONGEST_TYPED)


class _Submission(BaseModel):
    type: Literal["dialog_submission"]
    callback_id: str
    state: str
    user_id: _Id
    channel_id: _Id
    team_id: str
    submission: _Typed | None = None
    cancelled: bool = False


class _Command(BaseModel):
    user_id: _Id
    channel_id: _Id
    team_id: str
    token: str
    trigger_id: str = Field(min_length=1, max_length=_LONGEST_TRIGGER)
    text: str = ""


class _Kind(BaseModel):
    type: str = ""


def _read_interaction(body: bytes) -> Press | Submission | None:
    if _Kind.model_validate_json(body).type == "dialog_submission":
        return _read_submission(_Submission.model_validate_json(body))
    sent = _Press.model_validate_json(body)
    sender = Sender(sent.team_id, sent.channel_id, sent.user_id)
    return Press(sender, sent.post_id, read_claim(sent.context.claim), sent.trigger_id, sent.context.proof)


def _read_submission(sent: _Submission) -> Submission | None:
    if sent.cancelled or sent.callback_id != CALLBACK:
        return None
    typed = sent.submission or _Typed()
    sender = Sender(sent.team_id, sent.channel_id, sent.user_id)
    return Submission(sender, sent.state, typed.confirm or "", typed.comment or "")


def _read_command(body: bytes) -> Command:
    form = parse_qs(body.decode("utf-8"), max_num_fields=_MOST_FIELDS)
    sent = _Command.model_validate({name: values[0] for name, values in form.items()})
    sender = Sender(sent.team_id, sent.channel_id, sent.user_id)
    return Command(sender, sent.text[:_LONGEST_TYPED], sent.token, sent.trigger_id)


def _read_trigger(trigger: str) -> str | None:
    """Return whom a trigger names; Mattermost checks its signature when a dialog is opened with it."""
    try:
        parts = base64.b64decode(trigger.encode("utf-8", "surrogatepass"), validate=True).decode("ascii").split(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return parts[1] if len(parts) == _TRIGGER_PARTS else None


def _prove(key: Secret, *parts: str) -> str:
    signed = "|".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(key.reveal().encode(), signed, hashlib.sha256).hexdigest()


def _is_proved(key: Secret, proof: str, *parts: str) -> bool:
    return hmac.compare_digest(proof.encode("utf-8", "surrogatepass"), _prove(key, *parts).encode())


def _refuse(message: str) -> DeniedError:
    return DeniedError(message, code="chat.signature", hint=_HINT)
