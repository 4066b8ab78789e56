"""What Slack sends us, read and checked. Pure.

Interactions: https://docs.slack.dev/reference/interaction-payloads/. Commands:
https://docs.slack.dev/interactivity/implementing-slash-commands/.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeAlias
from urllib.parse import parse_qs

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from soar.approvals.claim import Claim, Wish, read_claim, read_wish
from soar.approvals.faces.slack import APPROVE, ASK, CALLBACK, COMMENT, CONFIRM, DENY, UNDO, WISH_CALLBACK
from soar.model.errors import DeniedError, InputError
from soar.model.secret import Secret

TOLERANCE = 300
"""Seconds that a request's timestamp may be off, either way."""

_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_HINT = "Slack signs its requests; check the connection's signing_secret, and this machine's clock"
_MOST_FIELDS = 64
_LONGEST_TYPED = 4_000

_Trigger = Annotated[str, StringConstraints(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did something in Slack, by Slack's own ids.

    Attributes:
        team: where it happened.
        home: the workspace that the person belongs to; another one where a channel is shared.
        account: the person.
        application: what was made at api.slack.com, to which the request belongs.
    """

    team: str
    home: str
    account: str
    application: str


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody has pressed a button; that opens a dialog, and decides nothing.

    Attributes:
        trigger: what a dialog may be opened with, for three seconds.
    """

    sender: Sender
    claim: Claim | Wish
    trigger: str


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody has filled in the dialog.

    Attributes:
        trigger: Slack's own id of that.
        confirm: what was typed as confirmation.
        comment: why, or what somebody wants to know.
    """

    sender: Sender
    claim: Claim | Wish
    trigger: str
    confirm: str
    comment: str


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody has written a command such as `/soar link`.

    Attributes:
        trigger: Slack's own id of that.
    """

    sender: Sender
    text: str
    trigger: str


SlackRequest: TypeAlias = Press | Submission | Command


def verify_request(secret: Secret, headers: Mapping[str, str], body: bytes, at: datetime) -> None:
    """Check that Slack has sent this, and just now: https://docs.slack.dev/authentication/verifying-requests-from-slack.

    Args:
        secret: the signing secret.
        headers: by name in lower case.
        body: as it came, byte for byte.
        at: the moment.

    Raises:
        DeniedError: it has not, or the request is older than five minutes.
    """
    stamp = headers.get("x-slack-request-timestamp", "")
    base = b"v0:" + stamp.encode("utf-8", "surrogatepass") + b":" + body
    expected = "v0=" + hmac.new(secret.reveal().encode(), base, hashlib.sha256).hexdigest()
    given = headers.get("x-slack-signature", "").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given, expected.encode()):
        raise DeniedError("the request is not signed by Slack", code="chat.signature", hint=_HINT)
    if not _STAMP.fullmatch(stamp) or abs(at.timestamp() - int(stamp)) > TOLERANCE:
        raise DeniedError("the request is older than five minutes", code="chat.timestamp", hint=_HINT)


def read_request(body: bytes) -> SlackRequest | None:
    """Return what a verified request says; None where there is nothing to do, as for a link that was followed.

    Raises:
        InputError: it is no request as Slack documents them.
    """
    try:
        form = parse_qs(body.decode("utf-8"), max_num_fields=_MOST_FIELDS)
        payload = form.get("payload")
        if payload is None:
            return read_command({name: values[0] for name, values in form.items()})
        return read_interaction(payload[0])
    except (ValueError, ValidationError) as error:
        raise InputError(
            "this is no request as Slack sends them", code="chat.request", hint="check the request URL in Slack"
        ) from error


class _Team(BaseModel):
    id: str


class _User(BaseModel):
    id: str
    team_id: str = ""


class _Action(BaseModel):
    action_id: str
    value: str = ""


class _Typed(BaseModel):
    value: str | None = Field(default=None, max_length=_LONGEST_TYPED)


class _State(BaseModel):
    values: dict[str, dict[str, _Typed]] = {}


class _View(BaseModel):
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = _State()


class _Interaction(BaseModel):
    type: str
    team: _Team
    user: _User
    api_app_id: str = ""
    trigger_id: _Trigger | None = None
    actions: list[_Action] = []
    view: _View | None = None


def read_interaction(text: str | bytes) -> Press | Submission | None:
    """Return what was pressed or filled in, from its JSON; None if it is nothing to us.

    Raises:
        ValueError: it is no interaction as Slack documents them.
    """
    sent = _Interaction.model_validate_json(text)
    sender = Sender(sent.team.id, sent.user.team_id or sent.team.id, sent.user.id, sent.api_app_id)
    if sent.type == "view_submission" and sent.view is not None and sent.view.callback_id in _DIALOGS:
        claim = _DIALOGS[sent.view.callback_id](sent.view.private_metadata)
        confirm, comment = _find_typed(sent.view, CONFIRM), _find_typed(sent.view, COMMENT)
        return Submission(sender, claim, _find_trigger(sent), confirm, comment)
    if sent.type == "block_actions" and sent.actions and sent.actions[0].action_id in _BUTTONS:
        claim = _BUTTONS[sent.actions[0].action_id](sent.actions[0].value)
        return Press(sender, claim, _find_trigger(sent))
    return None


def _find_trigger(sent: _Interaction) -> str:
    if sent.trigger_id is None:
        raise ValueError("an interaction has no trigger")
    return sent.trigger_id


_BUTTONS: Mapping[str, Callable[[str], Claim | Wish]] = {
    APPROVE: read_claim,
    DENY: read_claim,
    ASK: read_wish,
    UNDO: read_wish,
}
_DIALOGS: Mapping[str, Callable[[str], Claim | Wish]] = {CALLBACK: read_claim, WISH_CALLBACK: read_wish}


def _find_typed(view: _View, name: str) -> str:
    typed = view.state.values.get(name, {}).get(name)
    return (typed.value or "") if typed else ""


class _SlashCommand(BaseModel):
    team_id: str
    user_id: str
    api_app_id: str = ""
    trigger_id: _Trigger
    text: str = ""


def read_command(form: Mapping[str, object]) -> Command | None:
    """Return what was written behind a command, from its fields; None if Slack only looks whether we are there.

    Raises:
        ValueError: it is no command as Slack documents them.
    """
    if "ssl_check" in form:
        return None
    sent = _SlashCommand.model_validate(form)
    return Command(
        Sender(sent.team_id, sent.team_id, sent.user_id, sent.api_app_id), sent.text[:_LONGEST_TYPED], sent.trigger_id
    )
