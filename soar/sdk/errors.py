"""How an action may fail.

A connector raises only these; `soar.model.errors.ActionCode` holds the ten words that playbooks see. Messages are shown
to people and never hold a secret.
"""

from soar.model.errors import ActionCode, ActionError


class ActionInputError(ActionError):
    """The arguments do not fit; nothing was sent."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, action_code=ActionCode.INVALID, hint=hint)


class AuthError(ActionError):
    """The product does not accept the credential, or the credential lacks a right. A person must act.

    Args:
        message: what happened.
        is_known: whether the product knows who asks and refuses all the same (HTTP 403).
        hint: what to do next.
    """

    def __init__(self, message: str, *, is_known: bool = False, hint: str | None = None) -> None:
        code = ActionCode.FORBIDDEN if is_known else ActionCode.AUTH
        super().__init__(message, action_code=code, hint=hint)


class RateLimitedError(ActionError):
    """The product asks for patience; nothing was done.

    Args:
        message: what happened.
        retry_after: seconds to wait, if the product said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, action_code=ActionCode.RATE_LIMITED, retry_after=retry_after)


class TransientError(ActionError):
    """Not now: the product could not be reached, or says that it failed for reasons of its own."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, action_code=ActionCode.UNAVAILABLE, retry_after=retry_after)


class UnreachableError(TransientError):
    """The product could not be reached: nothing was sent."""


class PermanentError(ActionError):
    """The product refuses this request and will refuse it again.

    Args:
        message: what happened.
        action_code: `NOT_FOUND` or `CONFLICT` where the product says so, else `INVALID`.
        hint: what to do next.
    """

    def __init__(self, message: str, *, action_code: ActionCode = ActionCode.INVALID, hint: str | None = None) -> None:
        super().__init__(message, action_code=action_code, hint=hint)


class UnknownOutcomeError(ActionError):
    """The request may have arrived, and nobody knows what it did.

    Args:
        message: what happened.
        read_code: what it means where nothing could have been changed: a read that failed so is simply repeated.
    """

    def __init__(self, message: str, *, read_code: ActionCode = ActionCode.UNAVAILABLE) -> None:
        super().__init__(message, action_code=ActionCode.UNKNOWN_OUTCOME)
        self.read_code = read_code


class EgressRefusedError(ActionError):
    """The way out is closed: the host, its address or its certificate is not acceptable. Nothing was sent."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, action_code=ActionCode.FORBIDDEN, hint=hint)
