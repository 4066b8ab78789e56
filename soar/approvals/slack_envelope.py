"""What Slack sends over a WebSocket, read. Pure. https://docs.slack.dev/apis/events-api/using-socket-mode."""

from dataclasses import dataclass
from typing import TypeAlias

import orjson
from pydantic import BaseModel, Field, JsonValue, ValidationError

from soar.approvals.slack_request import SlackRequest, read_command, read_interaction
from soar.model.errors import InputError

_HINT = "check that Socket Mode is on, and which events are subscribed to"


@dataclass(frozen=True, slots=True)
class Hello:
    """The connection stands; `connections` are as many as there are by now, of ten at most."""

    connections: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The connection is about to end; Slack refreshes each after some hours."""

    reason: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Something that somebody did.

    Attributes:
        id: what its receipt names.
        request: what it was; None if it is nothing to us.
        takes_answer: whether the receipt may have a message with it.
        fault: why it could not be read; empty if it could.
    """

    id: str
    request: SlackRequest | None
    takes_answer: bool = False
    fault: str = ""


SlackMessage: TypeAlias = Hello | Goodbye | Envelope


class _Message(BaseModel):
    type: str
    envelope_id: str = Field(default="", max_length=200)
    payload: dict[str, JsonValue] = {}
    accepts_response_payload: bool = False
    reason: str = Field(default="", max_length=200)
    num_connections: int = 0


def read_message(text: str) -> SlackMessage:
    """Return what Slack says.

    What is in an envelope is somebody else's; where it cannot be read the envelope can, so that it is received once.

    Raises:
        InputError: it is no message as Slack documents them.
    """
    try:
        sent = _Message.model_validate_json(text)
    except ValidationError as error:
        raise InputError("this is no message as Slack sends them", code="chat.request", hint=_HINT) from error
    match sent.type:
        case "hello":
            return Hello(sent.num_connections)
        case "disconnect":
            return Goodbye(sent.reason)
        case _ if not sent.envelope_id:
            raise InputError("Slack has sent an envelope without an id", code="chat.request", hint=_HINT)
        case _:
            return _read_envelope(sent)


def _read_envelope(sent: _Message) -> Envelope:
    try:
        request = _read_payload(sent)
    except ValueError:
        return Envelope(sent.envelope_id, None, fault=f"what is in an envelope of type {sent.type[:40]} makes no sense")
    return Envelope(sent.envelope_id, request, sent.accepts_response_payload)


def _read_payload(sent: _Message) -> SlackRequest | None:
    match sent.type:
        case "interactive":
            return read_interaction(orjson.dumps(sent.payload))
        case "slash_commands":
            return read_command(sent.payload)
        case _:
            return None


def write_receipt(envelope: Envelope, answer: JsonValue = None) -> str:
    """Return what is sent back within three seconds, with a message for the sender alone if the envelope takes one."""
    receipt: dict[str, JsonValue] = {"envelope_id": envelope.id}
    if answer is not None and envelope.takes_answer:
        receipt["payload"] = answer
    return orjson.dumps(receipt).decode()
