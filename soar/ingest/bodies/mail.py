"""A message as it was mailed (RFC 5322), read into facts; attachments are named, measured and hashed, and not kept.

The standard library's parser finds the parts. Its structured headers are not used: they take the square of a header's
length to read, and recurse into its comments.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Final

from soar.model.errors import InputError
from soar.model.values import JsonValue, print_timestamp

LONGEST_HEADER: Final = 2_000
"""Characters of a header that are looked at."""

LONGEST_NAME: Final = 300
"""Characters of a file's name that are kept."""

LONGEST_TEXT: Final = 200_000
"""Characters of a text that are kept."""

_FILE: Final = ".eml"
_MOST_HEADERS: Final = 200
_MOST_PARTS: Final = 50
_MOST_ADDRESSES: Final = 100
_DEEPEST: Final = 3
_MARK: Final = re.compile(rb"^--|^[!-9;-~]{1,80}:", re.MULTILINE)
_MOST_MARKS: Final = 3_000
_NESTING: Final = re.compile(rb"multipart/|message/", re.IGNORECASE)
_MOST_NESTING: Final = 30
_BEGINNING: Final = re.compile(rb"(?:From [^\n]{0,200}\n)?[!-9;-~]{1,80}:")  # mailboxes put a line before
_LINE_END: Final = re.compile(rb"\n")
_MOST_LINES: Final = 40_000
_ADDRESSES: Final = ("from", "sender", "reply-to", "to", "cc", "return-path", "delivered-to")
_CHARSET: Final = re.compile(
    r"utf-?8|us-ascii|ascii|utf-16(?:le|be)?|iso-8859-\d{1,2}|windows-\d{3,4}|cp\d{3,4}|koi8-[ru]|gb2312|gbk|gb18030|big5"
    r"|euc-(?:jp|kr)|shift_jis|iso-2022-jp",
    re.IGNORECASE | re.ASCII,
)  # of the codecs that there are, some take the square of a text's length
_QUOTED: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_BRACKETED: Final = re.compile(r"<([^\s<>@]{1,100}@[^\s<>@,;]{1,253})>")
_BARE: Final = re.compile(r'([^\s<>()@,;:"\\]{1,100}@[^\s<>()@,;:"\\]{1,253})')


class _Bounded(Compat32):
    """The standard's plain policy, for headers of a length that somebody has written in earnest."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse([line[:LONGEST_HEADER] for line in sourcelines[:_MOST_HEADERS]])
        return name, value[:LONGEST_HEADER]


_POLICY: Final = _Bounded()


def read_mail(body: bytes) -> dict[str, JsonValue]:
    """Return what a message says.

    Keys: `from`, `sender`, `reply_to`, `to`, `cc`, `return_path`, `delivered_to` (each a list of addresses), `subject`,
    `message_id`, `date` (RFC 3339; None if it is none), `headers` (lists of texts by name in lower case), `text`,
    `html`, `attachments` (each with `name`, `type`, `size` in bytes, `sha256`, `md5`), `messages` (those that are
    attached, in the same form) and `faults` (what is not as the standard has it).

    Raises:
        InputError: it is no message, or nested or divided beyond reason (`invalid_body`).
    """
    return _describe(_parse(body), depth=1)


def _parse(body: bytes) -> Message:
    """Read a message, after refusing what would cost the standard's parser much."""
    if _BEGINNING.match(body) is None:
        raise _refuse("it begins with no header")
    for pattern, most, said in (
        (_NESTING, _MOST_NESTING, "is nested too often"),
        (_MARK, _MOST_MARKS, "has too many headers and parts"),
        (_LINE_END, _MOST_LINES, "has too many lines"),
    ):
        if next(islice(pattern.finditer(body), most, None), None) is not None:
            raise _refuse(f"it {said}: more than {most}")
    return BytesParser(policy=_POLICY).parsebytes(body)


def _describe(message: Message, *, depth: int) -> dict[str, JsonValue]:
    headers = _list_headers(message)
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    attachments: list[JsonValue] = []
    messages: list[JsonValue] = []
    faults = [type(defect).__name__ for defect in message.defects[:_MOST_PARTS]]
    parts = list(islice(_list_parts(message), _MOST_PARTS + 1))
    if len(parts) > _MOST_PARTS:
        faults.append(f"only the first {_MOST_PARTS} parts were looked at")
    for part in parts[:_MOST_PARTS]:
        kind, name = part.get_content_type(), _find_name(part)
        if kind in texts and not name and part.get_content_disposition() != "attachment":
            texts[kind].append(_read_text(part))
        elif depth < _DEEPEST and (kind == "message/rfc822" or name.lower().endswith(_FILE)):
            messages += _read_attached(part, name, depth, faults)
        else:
            attachments.append(_measure(part, name, kind))
    return {
        **{name.replace("-", "_"): _list_addresses(headers.get(name, ())) for name in _ADDRESSES},
        "subject": _first(headers, "subject"),
        "message_id": _first(headers, "message-id"),
        "date": _read_date(_first(headers, "date")),
        "headers": {name: [*values] for name, values in headers.items()},
        "text": "\n".join(texts["text/plain"])[:LONGEST_TEXT],
        "html": "\n".join(texts["text/html"])[:LONGEST_TEXT],
        "attachments": attachments,
        "messages": messages,
        "faults": [*faults],
    }


def _list_parts(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something; an attached message is one of them, and not looked into."""
    payload = message.get_payload()
    if message.get_content_maintype() != "multipart" or not isinstance(payload, list):
        yield message
        return
    for part in payload:
        if isinstance(part, Message):
            yield from _list_parts(part)


def _read_attached(part: Message, name: str, depth: int, faults: list[str]) -> Sequence[JsonValue]:
    """Read a message that is attached, as one or as a file: mail programs forward what was reported either way."""
    payload = part.get_payload()
    try:
        found = payload if isinstance(payload, list) else [_parse(_read_bytes(part))]
        return [_describe(one, depth=depth + 1) for one in found if isinstance(one, Message)]
    except InputError as error:
        faults.append(f"{name}: {error.message}")
        return ()


def _list_headers(message: Message) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, raw in islice(message.raw_items(), _MOST_HEADERS):
        headers.setdefault(_clean(name.lower()), []).append(_read_header(str(raw)))
    return headers


def _read_header(written: str) -> str:
    """Return a header with its encoded words (RFC 2047) decoded; as it was written if they are not well formed."""
    text = " ".join(written.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())
    if "=?" in text:
        try:
            text = str(make_header(decode_header(text)))
        except (ValueError, LookupError):
            return _clean(text)
    return _clean(text)


def _list_addresses(values: Sequence[str]) -> list[JsonValue]:
    """Return the addresses, not those that somebody has put into a name."""
    entries = (entry for value in values for entry in _QUOTED.sub("", value).split(","))
    found = (address.lower() for entry in entries for address in _BRACKETED.findall(entry) or _BARE.findall(entry))
    return [*islice(dict.fromkeys(found), _MOST_ADDRESSES)]


def _first(headers: dict[str, list[str]], name: str) -> str:
    return headers.get(name, [""])[0]


def _read_date(text: str) -> str | None:
    try:
        found = parsedate_to_datetime(text)
        return print_timestamp(found.astimezone(UTC)) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _find_name(part: Message) -> str:
    try:
        return _clean(_read_header(part.get_filename() or ""))[:LONGEST_NAME]
    except (ValueError, LookupError, TypeError):  # a name in parts that do not fit together (RFC 2231)
        return "unreadable"


def _read_bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _read_text(part: Message) -> str:
    raw = _read_bytes(part)
    charset = str(part.get_param("charset", "utf-8"))
    try:
        text = raw.decode(charset if _CHARSET.fullmatch(charset) else "utf-8", "replace")
    except (LookupError, ValueError):
        text = raw.decode("utf-8", "replace")
    return _clean(text[:LONGEST_TEXT])


def _measure(part: Message, name: str, kind: str) -> dict[str, JsonValue]:
    raw = _read_bytes(part)
    return {
        "name": name,
        "type": kind,
        "size": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "md5": hashlib.md5(raw, usedforsecurity=False).hexdigest(),
    }


def _clean(text: str) -> str:
    """Return a text without half surrogate pairs, which bytes that are no UTF-8 have become, and without nulls."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _refuse(message: str) -> InputError:
    return InputError(f"the message is refused: {message}", code="invalid_body", hint="send one message, as .eml")
