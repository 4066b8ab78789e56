"""What the API answered, read with types, so that a wrong answer is an error in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from soar.model.errors import SoarError
from soar.model.values import JsonValue, parse_timestamp


@dataclass(frozen=True, slots=True)
class Answer:
    """One JSON object of an answer. A field that is absent or null reads as empty.

    Attributes:
        raw: the object as it came.
    """

    raw: Mapping[str, JsonValue]

    @classmethod
    def of(cls, document: JsonValue) -> "Answer":
        """Read a document that must be an object.

        Raises:
            SoarError: it is none.
        """
        if not isinstance(document, dict):
            raise _refuse(f"an object was expected, not {type(document).__name__}")
        return cls(document)

    def text(self, name: str) -> str:
        """Return a text; a number or truth value as JSON writes it."""
        match self.raw.get(name):
            case None:
                return ""
            case str(text):
                return text
            case bool(is_true):
                return "true" if is_true else "false"
            case int() | float() as number:
                return str(number)
            case _:
                raise _refuse(f"`{name}` is no text")

    def number(self, name: str) -> int:
        """Return a whole number; absent is 0."""
        number = self.raw.get(name)
        if number is None:
            return 0
        if not isinstance(number, int):
            raise _refuse(f"`{name}` is no whole number")
        return number

    def flag(self, name: str) -> bool:
        """Return whether the field is true; absent is false."""
        return self.raw.get(name) is True

    def moment(self, name: str) -> datetime | None:
        """Return a moment, or None."""
        text = self.text(name)
        try:
            return parse_timestamp(text) if text else None
        except ValueError as error:
            raise _refuse(f"`{name}` is no time") from error

    def part(self, name: str) -> "Answer":
        """Return a nested object; absent is an empty one."""
        nested = self.raw.get(name)
        return Answer({}) if nested is None else Answer.of(nested)

    def parts(self, name: str) -> list["Answer"]:
        """Return a list of objects."""
        return [Answer.of(element) for element in self.items(name)]

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        elements = self.items(name)
        return [Answer({name: element}).text(name) for element in elements]

    def items(self, name: str) -> list[JsonValue]:
        """Return a list of anything; absent is an empty one."""
        elements = self.raw.get(name)
        if elements is None:
            return []
        if not isinstance(elements, list):
            raise _refuse(f"`{name}` is no list")
        return elements


def _refuse(wrong: str) -> SoarError:
    return SoarError(
        f"the server's answer is not as the API describes it: {wrong}",
        code="strange_answer",
        hint="compare `soar --version` with the server's /version; is SOAR_URL the address of soar?",
    )
