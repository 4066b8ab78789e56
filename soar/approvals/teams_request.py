"""What Teams sends us, read and checked. Pure.

Activities: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference. Presses:
https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import BaseModel, Field, ValidationError

from soar.approvals.claim import Claim, read_claim
from soar.approvals.faces.teams import BACK, DECIDE, VERB
from soar.model.errors import DeniedError, InputError

CHANNEL = "msteams"
"""How the Bot Connector calls Teams."""

_BEARER = "Bearer "
_MENTION = re.compile(r"<at\b[^>]*>.*?</at>", re.DOTALL)
_LONGEST_TYPED = 4_000
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a token that came with a request vouches for.

    Attributes:
        service_url: the address from which the request is.
        channels: for which the key that signed it may speak.
    """

    service_url: str
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did something in Teams, by Microsoft's own ids.

    Attributes:
        tenant: to which the activity belongs.
        account: the person's Entra object id; empty for whoever has none, as bots.
        activity: what they did; the id of a message is one within its conversation alone.
    """

    tenant: str
    account: str
    activity: str


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody has pressed a button of a card; that shows another card, and decides nothing.

    Attributes:
        channel: where.
        message: on which message.
        is_back: whether they want to see the card again on which they pressed.
    """

    sender: Sender
    claim: Claim
    channel: str
    message: str
    is_back: bool


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody has filled in the second card.

    Attributes:
        channel: where.
        message: on which message.
        confirm: what was typed as confirmation.
    """

    sender: Sender
    claim: Claim
    channel: str
    message: str
    confirm: str
    comment: str


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody has written to us.

    Attributes:
        text: without what mentions us.
        channel: where.
    """

    sender: Sender
    text: str
    channel: str


TeamsRequest: TypeAlias = Press | Submission | Command


def find_token(headers: Mapping[str, str]) -> str:
    """Return the token that came with a request.

    Args:
        headers: by name in lower case.

    Raises:
        DeniedError: there is none.
    """
    proof = headers.get("authorization", "")
    if not proof.startswith(_BEARER):
        raise DeniedError(
            "the request bears no token", code="chat.signature", hint="Teams sends one with every request"
        )
    return proof.removeprefix(_BEARER)


def read_request(body: bytes, vouched: Vouched) -> TeamsRequest | None:
    """Return what a request says; None where there is nothing to do.

    Args:
        body: as it came.
        vouched: what its token, already verified, vouches for.

    Raises:
        DeniedError: the activity is none of those that the token vouches for.
        InputError: it is no request as Teams sends them.
    """
    try:
        sent = _Activity.model_validate_json(body)
        if sent.service_url != vouched.service_url or sent.platform != CHANNEL or CHANNEL not in vouched.channels:
            raise DeniedError(
                "the token does not vouch for this activity",
                code="chat.signature",
                hint="only what Teams itself sends counts",
            )
        return _read(sent)
    except (ValueError, ValidationError) as error:
        raise InputError(
            "this is no request as Teams sends them",
            code="chat.request",
            hint="check the bot's messaging endpoint",
        ) from error


class _Account(BaseModel):
    object: str = Field(alias="aadObjectId", default="")


class _Conversation(BaseModel):
    id: str


class _Tenant(BaseModel):
    id: str


class _ChannelData(BaseModel):
    tenant: _Tenant


class _Data(BaseModel):
    claim: str = ""
    confirm: str = Field(default="", max_length=_LONGEST_TYPED)
    comment: str = Field(default="", max_length=_LONGEST_TYPED)


class _Action(BaseModel):
    verb: str = ""
    data: _Data = _Data()


class _Value(BaseModel):
    action: _Action = _Action()


class _Activity(BaseModel):
    type: str
    id: str = Field(min_length=1, max_length=_LONGEST_ID)
    name: str = ""
    platform: str = Field(alias="channelId")
    service_url: str = Field(alias="serviceUrl")
    sender: _Account = Field(alias="from", default=_Account())
    conversation: _Conversation
    channel_data: _ChannelData = Field(alias="channelData")
    reply_to: str = Field(alias="replyToId", default="")
    text: str = ""
    value: _Value | None = None


def _read(sent: _Activity) -> TeamsRequest | None:
    sender = Sender(sent.channel_data.tenant.id, sent.sender.object, f"{sent.conversation.id} {sent.id}")
    channel = sent.conversation.id.partition(";")[0]
    if sent.type == "message" and sent.value is None:
        text = " ".join(_MENTION.sub(" ", sent.text).replace("\xa0", " ").replace("&nbsp;", " ").split())
        return Command(sender, text[:_LONGEST_TYPED], channel)
    if sent.type != "invoke" or sent.name != "adaptiveCard/action" or sent.value is None:
        return None
    action = sent.value.action
    if action.verb not in (VERB, BACK, DECIDE):
        return None
    claim = read_claim(action.data.claim)
    if action.verb == DECIDE:
        return Submission(sender, claim, channel, sent.reply_to, action.data.confirm, action.data.comment)
    return Press(sender, claim, channel, sent.reply_to, is_back=action.verb == BACK)
