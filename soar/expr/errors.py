"""What can be wrong with an expression.

::

    ExpressionError
    ├── SyntaxFaultError   the text is no expression: found when it is compiled
    └── EvaluationError    it has no value for these data: found when it is evaluated
        ├── MissingError   it reads something that is not there; `default()` and `has()` guard against it
        └── FuelError      it did more work than it may; nothing guards against it
"""

import difflib
from collections.abc import Iterable
from itertools import islice

from soar.model.errors import InputError

_MAX_COMPARED_NAMES = 100  # a hostile map may hold any number of keys


class ExpressionError(InputError):
    """Root of the errors of expressions and templates.

    Args:
        message: what is wrong.
        code: a stable name; each class has a default.
        hint: what to write instead.
        position: offset of the fault in the source, in characters from 0.
        length: how many characters it spans; 0 while the place is not known.

    Attributes:
        path: keys and indexes that lead to the string at fault, if it stands in a template's tree.
    """

    default_code = "expr.invalid"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        position: int = 0,
        length: int = 0,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.position = position
        self.length = length
        self.path: tuple[str | int, ...] = ()

    def place(self, start: int, end: int) -> None:
        """Say where the fault is, unless that is known already: the innermost place is the best one."""
        if not self.length:
            self.position = start
            self.length = end - start

    def relocate(self, path: tuple[str | int, ...], offset: int) -> None:
        """Turn a place in an expression into a place in the template that holds it."""
        self.path = path
        self.position += offset


class SyntaxFaultError(ExpressionError):
    """The text is no expression."""

    default_code = "expr.syntax"


class EvaluationError(ExpressionError):
    """The expression has no value for these data."""

    default_code = "expr.type"


class MissingError(EvaluationError):
    """The expression reads a name, a field or an element that is not there.

    Args:
        message: what is missing, and where.
        code: a stable name.
        name: the name that was looked up.
        available: the names that are there; they are looked at only when somebody reads the hint.
        position: offset in the source.
        length: how many characters the fault spans.
    """

    default_code = "expr.missing"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        name: str = "",
        available: Iterable[str] = (),
        position: int = 0,
        length: int = 0,
    ) -> None:
        self._name = name
        self._available = available
        super().__init__(message, code=code, position=position, length=length)

    @property
    def hint(self) -> str:
        """What to write instead; found on demand, because most missing fields are guarded and nobody reads it."""
        return suggest(self._name, self._available) or "guard it: default(…, …) or has(…)"

    @hint.setter
    def hint(self, _: str | None) -> None:
        """Take what the base class would store; this hint is always found on demand."""


class FuelError(EvaluationError):
    """The expression did more work than it may."""

    default_code = "expr.fuel"


def suggest(name: str, choices: Iterable[str]) -> str | None:
    """Return a hint that names the choice closest to a mistyped name, or None if none is close."""
    close = difflib.get_close_matches(name, list(islice(choices, _MAX_COMPARED_NAMES)), n=1)
    return f"did you mean `{close[0]}`?" if close else None
