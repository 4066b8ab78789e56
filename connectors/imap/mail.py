"""A mail as a document: what is said in it, and facts about what hangs on it. Nothing in a mail makes this fail."""

import hashlib
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import default

from pydantic import JsonValue

LONGEST_TEXT = 200_000
"""Characters of a text at most; of the mail and of each that is attached to it."""

_LONGEST_HEADER = 2_000
_MOST_PARTS = 100
_MOST_RECEIVED = 50
_HEADERS = ("subject", "from", "to", "cc", "reply-to", "return-path", "date", "message-id", "authentication-results")


def read_mail(content: bytes) -> dict[str, JsonValue]:
    """Return what a mail says.

    Args:
        content: as received; it may be cut off.
    """
    message = BytesParser(policy=default).parsebytes(content)
    return _describe(message, is_outermost=True)


def _describe(message: Message, *, is_outermost: bool) -> dict[str, JsonValue]:
    document: dict[str, JsonValue] = {name.replace("-", "_"): _read_header(message, name) for name in _HEADERS}
    document["received"] = [*_read_headers(message, "received")]
    texts: dict[str, str] = {}
    attachments: list[JsonValue] = []
    for part in _walk(message):
        kind = part.get_content_type()
        if kind == "message/rfc822":
            if is_outermost and "reported" not in document and (inner := _open_attached(part)) is not None:
                document["reported"] = _describe(inner, is_outermost=False)
            continue
        payload = _read_payload(part)
        if kind in {"text/plain", "text/html"} and kind not in texts and part.get_filename() is None:
            texts[kind] = _decode(payload, part)
        elif payload or part.get_filename() is not None:
            attachments.append(_describe_attachment(part, kind, payload))
    document["text"], document["html"] = texts.get("text/plain", ""), texts.get("text/html", "")
    document["attachments"] = attachments
    return document


def _walk(message: Message) -> Iterator[Message]:
    """Yield the leaves, and mails that are attached, which are not gone into."""
    waiting, seen = [message], 0
    while waiting and seen < _MOST_PARTS:
        part, seen = waiting.pop(0), seen + 1
        if part.get_content_type() == "message/rfc822" or not part.is_multipart():
            yield part
        else:
            waiting[:0] = [one for one in part.get_payload() if isinstance(one, Message)]


def _open_attached(part: Message) -> Message | None:
    inner = part.get_payload()
    return inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else None


def _read_payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 -- the library raises whatever comes up on what strangers have written
        return b""
    return payload if isinstance(payload, bytes) else b""


def _decode(payload: bytes, part: Message) -> str:
    try:
        text = payload.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = payload.decode("utf-8", "replace")
    return _clean(text)[:LONGEST_TEXT]


def _describe_attachment(part: Message, kind: str, payload: bytes) -> JsonValue:
    return {
        "name": _clean(part.get_filename() or "")[:_LONGEST_HEADER],
        "type": _clean(kind)[:_LONGEST_HEADER],
        "size": len(payload),
        "sha256": hashlib.sha256(payload).hexdigest(),
    }


def _read_header(message: Message, name: str) -> str:
    return next(_read_headers(message, name), "")


def _read_headers(message: Message, name: str) -> Iterator[str]:
    try:
        found = [str(value) for value in message.get_all(name, [])]
    except Exception:  # noqa: BLE001 -- as above
        found = [str(value) for key, value in message.raw_items() if key.lower() == name]
    yield from (_clean(value)[:_LONGEST_HEADER] for value in found[:_MOST_RECEIVED])


def _clean(text: str) -> str:
    """Return a text whose bytes that were none are replaced."""
    return text.encode("utf-8", "replace").decode()
