"""What Discord sends us, read and checked. Pure.

Interactions: https://discord.com/developers/docs/interactions/receiving-and-responding.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Annotated, TypeAlias

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from soar.approvals.claim import Claim, read_claim
from soar.approvals.faces.discord import COMMENT, CONFIRM
from soar.audit.foreign import is_signed_by
from soar.model.errors import DeniedError, InputError

TOLERANCE = 300
"""Seconds that a request's timestamp may be off, either way."""

_KEY = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}", re.ASCII)
_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_HINT = "Discord signs its requests; check the connection's public_key, and this machine's clock"
_COMMAND = "soar"
_LONGEST_TYPED = 4_000

_Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]


class _Kind(IntEnum):
    PING = 1
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did something in Discord, by Discord's own ids.

    Attributes:
        guild: the Discord server where it happened; empty in a direct message.
        account: the person; empty where Discord asks by itself.
        application: what was made in the developer portal, to which the request belongs.
        interaction: what they did.
    """

    guild: str
    account: str
    application: str
    interaction: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Discord wants to know whether we are there, and whether we check its signature."""

    sender: Sender


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody has pressed a button; that opens a dialog, and decides nothing.

    Attributes:
        channel: where.
        message: on which message.
    """

    sender: Sender
    claim: Claim
    channel: str
    message: str


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody has filled in the dialog.

    Attributes:
        token: what an answer is given with, for fifteen minutes.
        confirm: what was typed as confirmation.
    """

    sender: Sender
    claim: Claim
    token: str
    confirm: str
    comment: str


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody has written a command such as `/soar link`.

    Attributes:
        token: what an answer is given with, for fifteen minutes.
    """

    sender: Sender
    text: str
    token: str


DiscordRequest: TypeAlias = Ping | Press | Submission | Command


def verify_request(public_key: str, headers: Mapping[str, str], body: bytes, at: datetime) -> None:
    """Check that Discord has sent this, and just now.

    See https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint.

    Args:
        public_key: of what was made in the developer portal, in hexadecimal.
        headers: by name in lower case.
        body: as it came, byte for byte.
        at: the moment.

    Raises:
        DeniedError: it has not (`unauthenticated`, as Discord wants to be answered with 401), or more than five minutes
            ago.
    """
    stamp, signature = headers.get("x-signature-timestamp", ""), headers.get("x-signature-ed25519", "")
    is_whole = _KEY.fullmatch(public_key) and _SIGNATURE.fullmatch(signature) and _STAMP.fullmatch(stamp)
    if not is_whole or not is_signed_by(
        bytes.fromhex(public_key), bytes.fromhex(signature), stamp.encode("ascii") + body
    ):
        raise DeniedError("the request is not signed by Discord", code="unauthenticated", hint=_HINT)
    if abs(at.timestamp() - int(stamp)) > TOLERANCE:
        raise DeniedError("the request is older than five minutes", code="chat.timestamp", hint=_HINT)


def read_request(body: bytes) -> DiscordRequest | None:
    """Return what a verified request says; None where there is nothing to do, as for a button that is not ours.

    Raises:
        InputError: it is no request as Discord documents them.
    """
    try:
        return _read(_Interaction.model_validate_json(body))
    except (ValueError, ValidationError) as error:
        raise InputError(
            "this is no request as Discord sends them",
            code="chat.request",
            hint="check the interactions endpoint in Discord",
        ) from error


class _User(BaseModel):
    id: _Id


class _Member(BaseModel):
    user: _User


class _Message(BaseModel):
    id: _Id


class _Field(BaseModel):
    custom_id: str = ""
    value: str = Field(default="", max_length=_LONGEST_TYPED)


class _Component(BaseModel):
    component: _Field | None = None


class _Option(BaseModel):
    name: str
    value: str | int | float | bool = Field(default="", union_mode="left_to_right")


class _Data(BaseModel):
    name: str = ""
    custom_id: str = ""
    components: list[_Component] = []
    options: list[_Option] = []


class _Interaction(BaseModel):
    id: _Id
    type: _Kind
    application_id: _Id
    token: str = ""
    guild_id: str = ""
    channel_id: str = ""
    member: _Member | None = None
    message: _Message | None = None
    data: _Data = _Data()


def _read(sent: _Interaction) -> DiscordRequest | None:
    sender = Sender(sent.guild_id, sent.member.user.id if sent.member else "", sent.application_id, sent.id)
    match sent.type:
        case _Kind.PING:
            return Ping(sender)
        case _Kind.COMMAND if sent.data.name == _COMMAND:
            words = " ".join(str(option.value) for option in sent.data.options if option.name == "text")
            return Command(sender, words[:_LONGEST_TYPED], sent.token)
        case _Kind.COMPONENT if (claim := _find_claim(sent)) and sent.message:
            return Press(sender, claim, sent.channel_id, sent.message.id)
        case _Kind.MODAL if claim := _find_claim(sent):
            typed = dict(_list_typed(sent.data))
            return Submission(sender, claim, sent.token, typed.get(CONFIRM, ""), typed.get(COMMENT, ""))
        case _:
            return None


def _find_claim(sent: _Interaction) -> Claim | None:
    """Return what a button or a dialog carries; None for one that is not ours."""
    try:
        return read_claim(sent.data.custom_id)
    except ValueError:
        return None


def _list_typed(data: _Data) -> Iterator[tuple[str, str]]:
    for each in data.components:
        if each.component is not None:
            yield each.component.custom_id, each.component.value
