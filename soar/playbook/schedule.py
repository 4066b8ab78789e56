"""Moments of a schedule; the one home of cronsim and of the time zone database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_MOMENT = timedelta(microseconds=1)


class ScheduleError(ValueError):
    """A schedule that names no moments; the text says what is wrong with it."""


def check_cron(cron: str) -> None:
    """Refuse what is no schedule of five fields, as in Debian's crontab(5): minute, hour, day, month, weekday.

    Raises:
        ScheduleError: it is none, or no such day ever comes.
    """
    next(list_moments(cron, "UTC", _ANY_MOMENT), None)


def check_timezone(name: str) -> None:
    """Refuse what the IANA time zone database does not know.

    Raises:
        ScheduleError: it has no such zone.
    """
    _find_zone(name)


def list_moments(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a schedule after a given one, in UTC.

    An hour that summer time leaves out is made up for at its end; one that comes twice counts once, unless the schedule
    has a `*` in its minutes or hours (as Debian's cron has it).

    Raises:
        ScheduleError: the schedule or the zone is none.
    """
    zone = _find_zone(timezone)
    try:
        moments = CronSim(cron, after.astimezone(zone))
    except CronSimError as error:
        raise ScheduleError(str(error)) from error
    for moment in moments:
        yield moment.astimezone(UTC)


def list_latest(cron: str, timezone: str, first: datetime, last: datetime, limit: int) -> list[datetime]:
    """Return the moments from one to another, both included, in UTC and in order; of many only the latest.

    Raises:
        ScheduleError: the schedule or the zone is none.
    """
    zone = _find_zone(timezone)
    try:
        back = CronSim(cron, (last + _MOMENT).astimezone(zone), reverse=True)
    except CronSimError as error:
        raise ScheduleError(str(error)) from error
    bound = next(islice(back, limit, None), None)  # far enough back; what lies between is found by going forward
    start = first if bound is None else max(first, bound.astimezone(UTC))
    moments = takewhile(lambda moment: moment <= last, list_moments(cron, timezone, start - _MOMENT))
    return list(moments)[-limit:]


def _find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(f"there is no time zone {name}") from error
