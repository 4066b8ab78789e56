"""A mail as bytes: plain text, with headers that nobody else writes (RFC 5322)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from soar.sdk import ActionInputError

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_LONGEST = 254  # characters of an address (RFC 5321, section 4.5.3.1.3, less the brackets)
_MESSAGE_ID = re.compile(r"<[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]+@[0-9A-Za-z.-]+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is sent.

    Attributes:
        key: the same for every attempt to send it.
        thread: the `Message-ID` of the mail that it follows; None for the first.
    """

    sender: str
    recipients: Sequence[str]
    subject: str
    text: str
    key: str
    at: datetime
    thread: str | None = None

    @property
    def message_id(self) -> str:
        """What names it, the same for every attempt."""
        digest = hashlib.sha256(self.key.encode()).hexdigest()[:32]
        return f"<{digest}@{domain_of(self.sender)}>"


def write_letter(letter: Letter) -> bytes:
    """Return a mail as it is sent, in lines of 7 bits.

    Raises:
        ActionInputError: the subject has a line break or another control character, an address is none, or the thread
            is no `Message-ID`.
    """
    if any(not character.isprintable() for character in letter.subject):
        raise ActionInputError("subject: a line break or another character that is not printable cannot be in it")
    if letter.thread is not None and not _MESSAGE_ID.fullmatch(letter.thread):
        raise ActionInputError("thread: this is no Message-ID")
    message = EmailMessage(policy=SMTP)
    message["From"] = check_address(letter.sender)
    message["To"] = ", ".join(map(check_address, letter.recipients))
    message["Subject"] = letter.subject
    message["Date"] = letter.at
    message["Message-ID"] = letter.message_id
    if letter.thread is not None:
        message["In-Reply-To"] = message["References"] = letter.thread
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(letter.text.splitlines()) + "\n", charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


def check_address(text: str) -> str:
    """Return an address.

    Raises:
        ActionInputError: it is none, or one of those that need quotes or SMTPUTF8.
    """
    if len(text) <= _LONGEST and _ADDRESS.fullmatch(text):
        return text
    raise ActionInputError(f"{text!r} is no mail address", hint="write it as in ann@corp.example, without a name")


def domain_of(address: str) -> str:
    """Return what stands behind the @, in lower case."""
    return address.rpartition("@")[2].lower()
