"""Functions of timestamps and durations; all parts of a timestamp are those in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from soar.expr.durations import parse_duration
from soar.expr.errors import EvaluationError, SyntaxFaultError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType
from soar.expr.signature import DURATION, INT, STRING, TIMESTAMP, Function, Style
from soar.model.values import Value, parse_timestamp

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)


def _to_timestamp(_: Frame, value: str | int | datetime) -> datetime:
    """Read RFC 3339, or seconds since 1970."""
    if isinstance(value, datetime):
        return value
    try:
        return EPOCH + timedelta(seconds=value) if isinstance(value, int) else parse_timestamp(value)
    except (ValueError, OverflowError) as error:
        raise EvaluationError(
            "this is no timestamp", code="expr.timestamp", hint="write RFC 3339: 2026-11-21T09:00:00Z"
        ) from error


def _to_duration(_: Frame, value: str | timedelta) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return -parse_duration(value[1:]) if value.startswith("-") else parse_duration(value)
    except SyntaxFaultError as error:
        raise EvaluationError(error.message, code=error.code, hint=error.hint) from error


def _get_hours(_: Frame, value: datetime | timedelta) -> int:
    return _truncate(value, _HOUR) if isinstance(value, timedelta) else value.astimezone(UTC).hour


def _get_minutes(_: Frame, value: datetime | timedelta) -> int:
    return _truncate(value, _MINUTE) if isinstance(value, timedelta) else value.astimezone(UTC).minute


def _get_seconds(_: Frame, value: datetime | timedelta) -> int:
    return _truncate(value, _SECOND) if isinstance(value, timedelta) else value.astimezone(UTC).second


def _truncate(duration: timedelta, unit: timedelta) -> int:
    """Count whole units, towards zero."""
    return duration // unit if duration >= timedelta() else -(-duration // unit)


def _read_date(name: str, read: Callable[[datetime], int]) -> Function:
    def run(_: Frame, moment: datetime) -> Value:
        return read(moment.astimezone(UTC))

    return Function(name, (TIMESTAMP,), StaticType.INT, run, Style.METHOD)


FUNCTIONS: Final = (
    Function("now", (), StaticType.TIMESTAMP, lambda frame: frame.now),
    Function("timestamp", (STRING | INT | TIMESTAMP,), StaticType.TIMESTAMP, _to_timestamp),
    Function("duration", (STRING | DURATION,), StaticType.DURATION, _to_duration),
    _read_date("getFullYear", lambda moment: moment.year),
    _read_date("getMonth", lambda moment: moment.month - 1),
    _read_date("getDate", lambda moment: moment.day),
    _read_date("getDayOfMonth", lambda moment: moment.day - 1),
    _read_date("getDayOfWeek", lambda moment: moment.isoweekday() % 7),
    Function("getHours", (TIMESTAMP | DURATION,), StaticType.INT, _get_hours, Style.METHOD),
    Function("getMinutes", (TIMESTAMP | DURATION,), StaticType.INT, _get_minutes, Style.METHOD),
    Function("getSeconds", (TIMESTAMP | DURATION,), StaticType.INT, _get_seconds, Style.METHOD),
)
