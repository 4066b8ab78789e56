"""Taking secrets out of what leaves a connector, by value and in every encoding they may have taken on."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from soar.model.secret import Secret
from soar.model.values import JsonValue

MASK = "***"
_LONGEST_ESCAPED = 256
"""Characters of a secret that is looked for with every letter escaped, too; patterns of longer ones cost too much."""

_LINE_ENDS = {ord("\r"): None, ord("\n"): None}
_OTHER_ESCAPES = {" ": ("+",), "/": ("\\/",), '"': ("&#34;",), "'": ("&apos;", "\\'")}
"""What `html` and `json` of the standard library do not write, and others do."""

SHORTEST = 8
"""Characters a secret must have to be masked: shorter ones occur in innocent text."""

_MOST_PATTERNS = 256  # kept, each for the secrets of a connection that is called
_write_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class Redactor:
    """Masks the secrets it was made for.

    Args:
        secrets: those that were given to the call.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._pattern = _compile(frozenset(secret.reveal() for secret in secrets))

    def mask_text(self, text: str) -> str:
        """Return the text with each secret replaced by `MASK`."""
        if self._pattern is None:
            return text
        masked = self._pattern.sub(MASK, text)
        return _mask_broken(masked, self._pattern) if "\n" in masked else masked

    def mask(self, document: JsonValue) -> JsonValue:
        """Return the document with each secret in its texts and keys replaced by `MASK`.

        Raises:
            ValueError: a secret is still in it, such as digits in a number, or it holds NaN or an infinity.
        """
        masked = document if self._pattern is None else self._walk(document)
        text = _write_json(masked)
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


@lru_cache(maxsize=_MOST_PATTERNS)
def _compile(secrets: frozenset[str]) -> re.Pattern[str] | None:
    texts = {text for secret in secrets for text in _list_spellings(secret)}
    forms = {form for text in texts if len(text) >= SHORTEST for form in _list_forms(text)}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(longest_first)) if forms else None


def _mask_broken(text: str, pattern: re.Pattern[str]) -> str:
    """Mask what fits only without the line ends in it, as base64 has them in mails and in PEM."""
    found = [match.span() for match in pattern.finditer(text.translate(_LINE_ENDS))]
    if not found:
        return text
    places = [place for place, character in enumerate(text) if ord(character) not in _LINE_ENDS]
    for start, end in reversed(found):
        text = f"{text[: places[start]]}{MASK}{text[places[end - 1] + 1 :]}"
    return text


def _list_spellings(text: str) -> set[str]:
    """Return a secret as it is, and as it becomes where white space around it, or line ends in it, do not count."""
    folded = " ".join(text.split()) if any(chr(end) in text for end in _LINE_ENDS) else text
    return {text, text.strip(), text.translate(_LINE_ENDS), folded}


def _list_forms(text: str) -> Iterator[str]:
    """Return patterns of the text as it is and escaped in any way, wholly escaped, in hex and in base64."""
    data = text.encode()
    yield "".join(map(_match_escaped, text))
    yield f"(?i:{data.hex()})"
    if len(text) <= _LONGEST_ESCAPED:
        yield f"(?i:{''.join(f'%{byte:02x}' for byte in data)})"
        yield f"(?i:{''.join(map(_escape_in_json, text))})"
        yield "".join(f"&#{ord(character)};" for character in text)
        yield f"(?i:{''.join(f'&#x{ord(character):x};' for character in text)})"
    for offset in range(3):
        yield _match_base64(data, offset)


def _match_escaped(character: str) -> str:
    """Return a pattern of a character as it is, or as JSON, HTML or a URL may write it.

    What encoders disagree about is which characters they escape and how; letters and digits they leave alone.
    """
    if character.isascii() and character.isalnum():
        return character
    code = ord(character)
    named = {html.escape(character), json.dumps(character)[1:-1], *_OTHER_ESCAPES.get(character, ())}
    percent = "".join(f"%{byte:02x}" for byte in character.encode())
    ways = [*map(re.escape, sorted({character, *named})), f"(?i:{percent}|{_escape_in_json(character)})"]
    return f"(?:{'|'.join(ways)}|(?i:&#(?:0*{code}|x0*{code:x});))"


def _escape_in_json(character: str) -> str:
    """Return a pattern of a character as JSON may write any (RFC 8259, section 7)."""
    units = character.encode("utf-16-be").hex()
    return "".join(rf"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _match_base64(data: bytes, offset: int) -> str:
    """Return a pattern of the base64 characters that the data alone decides when it starts at this offset of a triple.

    One more character on either side holds bits of the data and goes too. It fits either alphabet (RFC 4648).
    """
    first = -(-8 * offset // 6)
    last = 8 * (offset + len(data)) // 6
    core = base64.b64encode(bytes(offset) + data).decode("ascii")[first:last]
    core = core.replace("+", "[+-]").replace("/", "[/_]")
    return f"[A-Za-z0-9+/_-]?{core}[A-Za-z0-9+/_-]?=*"
