"""The envelope of Amazon SNS (docs.aws.amazon.com/sns: Parsing Amazon SNS message formats)."""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from soar.ingest.strict_json import parse_json
from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue, parse_timestamp

NOTIFICATION: Final = "Notification"
CONFIRMATION: Final = "SubscriptionConfirmation"
FAREWELL: Final = "UnsubscribeConfirmation"

_SIGNED: Final = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    FAREWELL: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_OPTIONAL: Final = "Subject"
_VERSIONS: Final = ("1", "2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An envelope, not yet known to be genuine.

    Attributes:
        type: one of the three that there are.
        signed: the text under the signature.
        version: of the signature: `1` hashes with SHA-1, `2` with SHA-256.
        document: as it was sent.
        subscribe_url: where a confirmation is confirmed; empty for a notification.
    """

    type: str
    topic: str
    at: datetime
    signed: bytes
    signature: bytes
    version: str
    certificate_url: str
    subscribe_url: str
    document: dict[str, JsonValue] = field(repr=False)


def read_envelope(body: bytes) -> Envelope:
    """Read an envelope.

    Raises:
        InputError: it is none (`invalid_json`); each field at fault is named.
    """
    return parse_envelope(parse_json(body))


def parse_envelope(document: JsonValue) -> Envelope:
    """Take a document as an envelope.

    Raises:
        InputError: it is none (`invalid_json`); each field at fault is named.
    """
    if not isinstance(document, dict):
        raise InputError("an SNS envelope is a JSON object", code="invalid_json")
    kind = document.get("Type")
    names = _SIGNED.get(kind) if isinstance(kind, str) else None
    if names is None:
        raise _refuse("Type", "this is none of the three types of SNS")
    texts = _read_texts(document, (*names, "Signature", "SignatureVersion", "SigningCertURL"))
    at = parse_timestamp(texts["Timestamp"])
    if at is None:
        raise _refuse("Timestamp", "this is no moment")
    if texts["SignatureVersion"] not in _VERSIONS:
        raise _refuse("SignatureVersion", "there are versions 1 and 2")
    signed = "".join(f"{name}\n{texts[name]}\n" for name in names if name in texts)
    return Envelope(
        type=str(kind),
        topic=texts["TopicArn"],
        at=at,
        signed=signed.encode("utf-8", "surrogatepass"),
        signature=_read_signature(texts["Signature"]),
        version=texts["SignatureVersion"],
        certificate_url=texts["SigningCertURL"],
        subscribe_url=texts.get("SubscribeURL", ""),
        document=document,
    )


def read_notification(body: bytes, *, is_large_text: bool = False) -> dict[str, JsonValue]:
    """Return what a notification says: `message` (read if it is an object), `subject`, `topic`, `message_id`, `time`.

    Its attributes are not signed, so they are left out.

    Args:
        body: an envelope.
        is_large_text: as for `parse_json`, in the message.

    Raises:
        InputError: it is no notification (`invalid_json`).
    """
    envelope = read_envelope(body)
    if envelope.type != NOTIFICATION:
        raise _refuse("Type", "this is no notification")
    document = envelope.document
    return {
        "message": _read_message(str(document["Message"]), is_large_text=is_large_text),
        "subject": document.get("Subject"),
        "topic": envelope.topic,
        "message_id": document["MessageId"],
        "time": document["Timestamp"],
    }


def _read_message(text: str, *, is_large_text: bool) -> JsonValue:
    if not text.lstrip().startswith("{"):
        return text
    try:
        return parse_json(text.encode(), is_large_text=is_large_text)
    except InputError:
        return text


def _read_texts(document: dict[str, JsonValue], names: tuple[str, ...]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name in names:
        value = document.get(name)
        if isinstance(value, str):
            texts[name] = value
        elif name != _OPTIONAL or value is not None:
            raise _refuse(name, "a text is missing here")
    return texts


def _read_signature(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refuse("Signature", "this is no base 64") from error
    if base64.b64encode(raw).decode() != text:
        raise _refuse("Signature", "this is no base 64")
    return raw


def _refuse(name: str, message: str) -> InputError:
    return InputError(
        f"/{name}: {message}",
        code="invalid_json",
        hint="send what SNS sends, without raw message delivery",
        faults=[FieldFault(f"/{name}", message)],
    )
