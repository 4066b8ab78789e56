"""Moments as people type them."""

from datetime import datetime

from soar.expr import ExpressionError, parse_duration
from soar.model.errors import InputError
from soar.model.values import parse_timestamp


def read_moment(option: str, text: str, now: datetime) -> datetime:
    """Read a moment, or how long ago it was.

    Raises:
        InputError: it is neither (`window`).
    """
    try:
        return parse_timestamp(text)
    except ValueError:
        pass
    try:
        return now - parse_duration(text)
    except (ExpressionError, OverflowError) as error:
        hint = "write 30d, 12h or 2026-11-21T09:00:00Z"
        raise InputError(f"{option}: {text} is neither a duration nor a moment", code="window", hint=hint) from error
