"""One thing looked at, and what follows from all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from soar.model.errors import FieldFault, InputError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        is_good: nothing to do.
        is_warning: it works, but somebody should look at it before relying on it.
        hint: what to do.
        code: names the fault for programs; empty if there is none.
    """

    name: str
    is_good: bool
    is_warning: bool
    message: str
    hint: str | None = None
    code: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether nothing may be served like this."""
        return not self.is_good and not self.is_warning


def good(message: str, *, name: str) -> Check:
    """Return that there is nothing to do."""
    return Check(name, is_good=True, is_warning=False, message=message)


def doubtful(message: str, *, name: str, code: str, hint: str | None) -> Check:
    """Return that it works, and that somebody should look at it."""
    return Check(name, is_good=False, is_warning=True, message=message, hint=hint, code=code)


def bad(message: str, *, name: str, code: str, hint: str | None) -> Check:
    """Return that nothing may be served like this."""
    return Check(name, is_good=False, is_warning=False, message=message, hint=hint, code=code)


def heed(checks: Iterable[Check]) -> None:
    """Log what is doubtful, and refuse what is bad.

    Raises:
        InputError: something is bad; the code and the hint are those of the first, the faults name them all.
    """
    looked = tuple(checks)
    for check in looked:
        if check.is_warning:
            structlog.get_logger().warning(check.message, action="start.doubtful", code=check.code, hint=check.hint)
    wrong = [check for check in looked if check.is_bad]
    if wrong:
        raise _refuse(wrong)


def _refuse(wrong: Sequence[Check]) -> InputError:
    first, *others = wrong
    return InputError(
        first.message,
        code=first.code,
        hint=first.hint,
        faults=[FieldFault(check.name, f"{check.message}; {check.hint}") for check in others],
    )
