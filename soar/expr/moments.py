"""Functions of timestamps and durations; the parts of a timestamp are those in UTC, or at an offset that is given."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from soar.expr.durations import parse_duration
from soar.expr.errors import EvaluationError, SyntaxFaultError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType
from soar.expr.operators import fit_duration
from soar.expr.signature import COSTLY, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Function, Style
from soar.model.moment import read_moment
from soar.model.values import Value, parse_timestamp

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_OFFSET: Final = re.compile(r"(?P<sign>[+-]?)(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9])")


def _to_timestamp(_: Frame, value: str | int | datetime) -> datetime:
    """Read RFC 3339, or seconds since 1970."""
    if isinstance(value, datetime):
        return value
    try:
        return EPOCH + timedelta(seconds=value) if isinstance(value, int) else _parse_timestamp(value)
    except (ValueError, OverflowError) as error:
        raise EvaluationError(
            "this is no timestamp", code="expr.timestamp", hint="write RFC 3339: 2026-11-21T09:00:00Z"
        ) from error


def _to_moment(_: Frame, value: str | float | datetime) -> datetime:
    """Read what products write for a time."""
    moment = read_moment(value)
    if moment is None:
        raise EvaluationError("this is no moment", code="expr.timestamp", hint="see which field holds the time")
    return moment


def _parse_timestamp(text: str) -> datetime:
    """Read the form of RFC 3339 alone, not the others of ISO 8601."""
    if _TIMESTAMP.fullmatch(text) is None:
        raise ValueError(text[:40])
    return parse_timestamp(text)


def _to_duration(_: Frame, value: str | timedelta) -> timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        duration = -parse_duration(value[1:]) if value.startswith("-") else parse_duration(value)
    except SyntaxFaultError as error:
        raise EvaluationError(error.message, code=error.code, hint=error.hint) from error
    return fit_duration(duration)


def _move(moment: datetime, zone: str) -> datetime:
    """Return a moment as clocks at an offset show it.

    Names such as `Europe/Berlin` are refused: what they mean is the machine's own data and changes with it.
    """
    found = _OFFSET.fullmatch(zone)
    if zone != "UTC" and found is None:
        raise EvaluationError("this is no offset", code="expr.timestamp", hint='write "UTC" or "+01:00"')
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"])) if found else timedelta()
    try:
        return moment.astimezone(timezone(-offset if found and found["sign"] == "-" else offset))
    except OverflowError as error:
        raise EvaluationError("the result is out of range", code="expr.overflow") from error


def _truncate(duration: timedelta, unit: timedelta) -> int:
    """Count whole units, towards zero."""
    return duration // unit if duration >= timedelta() else -(-duration // unit)


def _get_milliseconds(duration: timedelta) -> int:
    """Return the thousandths beside the whole seconds."""
    return _truncate(duration - _SECOND * _truncate(duration, _SECOND), _MILLISECOND)


def _read_date(name: str, read: Callable[[datetime], int]) -> Function:
    def run(_: Frame, moment: datetime, zone: str = "UTC") -> Value:
        return read(_move(moment, zone))

    return Function(name, (TIMESTAMP, STRING), StaticType.INT, run, Style.METHOD, optional=1, cost=COSTLY)


def _read_time(name: str, read: Callable[[datetime], int], count: Callable[[timedelta], int]) -> Function:
    def run(_: Frame, value: datetime | timedelta, zone: str | None = None) -> Value:
        if isinstance(value, datetime):
            return read(_move(value, "UTC" if zone is None else zone))
        if zone is not None:
            raise EvaluationError("a duration is as long in every zone", hint=f"write .{name}()")
        return count(value)

    return Function(name, (TIMESTAMP | DURATION, STRING), StaticType.INT, run, Style.METHOD, optional=1, cost=COSTLY)


FUNCTIONS: Final = (
    Function("now", (), StaticType.TIMESTAMP, lambda frame: frame.now),
    Function("timestamp", (STRING | INT | TIMESTAMP,), StaticType.TIMESTAMP, _to_timestamp, cost=COSTLY),
    Function("moment", (STRING | INT | DOUBLE | TIMESTAMP,), StaticType.TIMESTAMP, _to_moment, cost=COSTLY),
    Function("duration", (STRING | DURATION,), StaticType.DURATION, _to_duration, cost=COSTLY),
    _read_date("getFullYear", lambda moment: moment.year),
    _read_date("getMonth", lambda moment: moment.month - 1),
    _read_date("getDate", lambda moment: moment.day),
    _read_date("getDayOfMonth", lambda moment: moment.day - 1),
    _read_date("getDayOfWeek", lambda moment: moment.isoweekday() % 7),
    _read_date("getDayOfYear", lambda moment: moment.timetuple().tm_yday - 1),
    _read_time("getHours", lambda moment: moment.hour, lambda duration: _truncate(duration, _HOUR)),
    _read_time("getMinutes", lambda moment: moment.minute, lambda duration: _truncate(duration, _MINUTE)),
    _read_time("getSeconds", lambda moment: moment.second, lambda duration: _truncate(duration, _SECOND)),
    _read_time("getMilliseconds", lambda moment: moment.microsecond // 1000, _get_milliseconds),
)
