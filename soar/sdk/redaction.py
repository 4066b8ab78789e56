"""Taking secrets out of what leaves a connector, by value and in every encoding they may have taken on."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from soar.model.secret import Secret
from soar.model.values import JsonValue

MASK = "***"
SHORTEST = 8
"""Characters a secret must have to be masked: shorter ones occur in innocent text."""


class Redactor:
    """Masks the secrets it was made for.

    Args:
        secrets: those that were given to the call.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        texts = {secret.reveal() for secret in secrets}
        forms = {form for text in texts if len(text) >= SHORTEST for form in _list_forms(text)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(longest_first)) if forms else None

    def mask_text(self, text: str) -> str:
        """Return the text with each secret replaced by `MASK`."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def mask(self, document: JsonValue) -> JsonValue:
        """Return the document with each secret in its texts and keys replaced by `MASK`.

        Raises:
            ValueError: a secret is still in it, such as digits in a number, or it holds NaN or an infinity.
        """
        masked = self._walk(document)
        text = json.dumps(masked, ensure_ascii=False, allow_nan=False)
        if self._pattern is not None and self._pattern.search(text):
            raise ValueError("the output holds a secret in a form that cannot be masked")
        return masked

    def _walk(self, document: JsonValue) -> JsonValue:
        match document:
            case str():
                return self.mask_text(document)
            case list():
                return [self._walk(element) for element in document]
            case dict():
                return {self.mask_text(key): self._walk(value) for key, value in document.items()}
            case _:
                return document


def _list_forms(text: str) -> Iterator[str]:
    """Return patterns of the text raw, JSON- and HTML-escaped, percent-encoded, in hex and in base64."""
    data = text.encode()
    escaped = (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], html.escape(text))
    yield from map(re.escape, escaped)
    yield f"(?i:{data.hex()})"
    for encoded in (quote(text, safe=""), quote(text), quote_plus(text)):
        yield re.sub(r"%([0-9A-F]{2})", lambda code: f"%(?i:{code[1]})", re.escape(encoded))
    for offset in range(3):
        yield from _list_base64(data, offset)


def _list_base64(data: bytes, offset: int) -> Iterator[str]:
    """Return patterns of the base64 characters that the data alone decides when it starts at this offset of a triple.

    One more character on either side holds bits of the data and goes too.
    """
    first = -(-8 * offset // 6)
    last = 8 * (offset + len(data)) // 6
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        core = encode(bytes(offset) + data).decode("ascii")[first:last]
        yield f"[A-Za-z0-9+/_-]?{re.escape(core)}[A-Za-z0-9+/_-]?=*"
