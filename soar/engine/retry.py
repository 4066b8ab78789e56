"""Whether a failed call is tried again, and when."""

from datetime import timedelta

from soar.model.catalog import ActionSpec, Effect, Repeat
from soar.model.errors import ActionCode
from soar.model.step import Backoff, Retry

TRANSIENT = frozenset({ActionCode.TIMEOUT.value, ActionCode.RATE_LIMITED.value, ActionCode.UNAVAILABLE.value})
"""Codes that mean: the same call may go well later."""

_REPEATABLE = frozenset({Repeat.SAFE, Repeat.KEYED})


def is_repeatable(spec: ActionSpec) -> bool:
    """Whether a second call of the same intent does no more than the first."""
    return spec.effect is Effect.READ or spec.repeat in _REPEATABLE


def is_checkable(spec: ActionSpec) -> bool:
    """Whether the product can be asked what became of a call whose answer was lost."""
    return spec.effect is not Effect.READ and spec.repeat is Repeat.CHECKABLE and spec.check is not None


def default_retry(spec: ActionSpec) -> Retry:
    """Return how often an action is tried when nobody says: what can be repeated three times, everything else once."""
    return Retry(attempts=3 if is_repeatable(spec) or is_checkable(spec) else 1)


def delay_before_next(
    retry: Retry, *, attempt: int, code: str, retry_after: float | None, jitter: float
) -> timedelta | None:
    """Return how long to wait before the next attempt, or None to give up.

    Args:
        retry: the policy.
        attempt: which attempt failed, from 1.
        code: how it failed.
        retry_after: seconds the product asked for; never less is waited.
        jitter: between 0 and 1; how much of the delay is waited where the policy has jitter.
    """
    codes = frozenset(retry.on) or TRANSIENT
    if attempt >= retry.attempts or code not in codes:
        return None
    return _back_off(retry, attempt, retry_after, jitter)


def delay_unsent(
    retry: Retry, *, attempt: int, code: str, retry_after: float | None, jitter: float, patience: timedelta
) -> timedelta | None:
    """Return how long a call waits for its turn that did not reach the product, or None if that takes too long.

    What was never sent harms nobody by being sent later, so it is no matter of the policy's attempts and codes.

    Args:
        retry: the policy, for its delays.
        attempt: which attempt it was, from 1.
        code: why it was not sent.
        retry_after: seconds after which there will be room; never less is waited.
        jitter: as in `delay_before_next`.
        patience: how long it may still wait.
    """
    delay = _back_off(retry, attempt, retry_after, jitter)
    return delay if code in TRANSIENT and delay <= patience else None


def _back_off(retry: Retry, attempt: int, retry_after: float | None, jitter: float) -> timedelta:
    delay = retry.delay
    if retry.backoff is Backoff.EXPONENTIAL:
        delay = min(retry.delay * 2 ** min(attempt - 1, 30), retry.max_delay)
    if retry.has_jitter:
        delay *= jitter
    return max(delay, timedelta(seconds=retry_after or 0))
