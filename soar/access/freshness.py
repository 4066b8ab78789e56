"""How long a proof of who somebody is stays good for what moves the power to act."""

from datetime import datetime, timedelta

FRESH = timedelta(minutes=5)
"""So long after it, a proof is good for changes of keys, roles, factors and tokens, and for votes that want `mfa`."""


def is_fresh(proved_at: datetime | None, at: datetime) -> bool:
    """Whether a proof is recent enough; one from the future is not, as then a clock was moved.

    Args:
        proved_at: when they proved it; None if they never did.
        at: the moment.
    """
    return proved_at is not None and timedelta() <= at - proved_at <= FRESH
