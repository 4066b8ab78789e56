"""Every error the product raises on purpose, named by who can act on it.

::

    SoarError
    ├── InputError         the caller can fix what was sent
    ├── NotFoundError      what was named is not there, or not for this caller
    ├── ConflictError      it was right once; the state has moved on
    ├── DeniedError        the caller may not; `reason` says why
    ├── UnavailableError   not now; `retry_after` says when to come back
    ├── BugError           ours to fix: an invariant does not hold
    └── ActionError        a connector's call did not end well (see `soar.sdk.errors` for its leaves)

Code is for programs, message and hint are for people. Nobody branches on message text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field of what was sent.

    Attributes:
        pointer: where, as a JSON pointer (RFC 6901); empty for the document itself.
        message: what is wrong, for people.
    """

    pointer: str
    message: str


class SoarError(Exception):
    """Root of all errors raised on purpose.

    Args:
        message: what happened, in one sentence, without secrets.
        code: a stable name for programs; each class has a default.
        hint: what to do next.
    """

    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint


class InputError(SoarError):
    """The caller can fix this: what was sent is malformed or does not fit.

    Args:
        message: what happened.
        code: a stable name for programs.
        hint: what to do next.
        faults: the fields concerned, if the error is about fields.
    """

    default_code = "invalid"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        faults: Sequence[FieldFault] = (),
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.faults = tuple(faults)


class NotFoundError(SoarError):
    """What was named does not exist, or the caller may not know that it does."""

    default_code = "not_found"


class ConflictError(SoarError):
    """The request was valid, but the state has moved on: decided already, changed by somebody else, a stale fence."""

    default_code = "conflict"


class DeniedError(SoarError):
    """The caller may not do this.

    Code `unauthenticated` means that nobody is logged in; every other code that somebody is, and may not.
    """

    default_code = "forbidden"


class UnavailableError(SoarError):
    """Not possible now; nothing was changed.

    Args:
        message: what happened.
        retry_after: seconds after which trying again makes sense.
        code: a stable name for programs.
        hint: what to do next.
    """

    default_code = "unavailable"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float = 1.0,
        code: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.retry_after = retry_after


class BugError(SoarError):
    """An invariant does not hold. Never the caller's fault."""

    default_code = "internal"


class ActionCode(StrEnum):
    """How an action can fail, the same words for every connector; playbooks name them in `retry.on`."""

    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    AUTH = "auth"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    NOT_GRANTED = "not_granted"
    FROZEN = "frozen"
    UNKNOWN_OUTCOME = "unknown_outcome"
    INTERNAL = "internal"


class ActionError(SoarError):
    """A connector's call did not end well.

    Args:
        message: what happened, without secrets.
        action_code: which of the twelve ways.
        retry_after: seconds the product asked us to wait, if it did.
        hint: what to do next.
    """

    default_code = "action"

    def __init__(
        self,
        message: str,
        *,
        action_code: ActionCode,
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, code=action_code.value, hint=hint)
        self.action_code = action_code
        self.retry_after = retry_after
