"""Moments of schedules; the one home of cronsim and of the time zone database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from soar.expr import print_duration
from soar.model.playbook import ScheduleTrigger

SHORTEST = timedelta(minutes=1)
"""Between two moments of an interval at least, as of a cron schedule."""

LONGEST = timedelta(days=366)
"""Between two moments of an interval at most."""

_ORIGIN = datetime(2001, 1, 1)  # noqa: DTZ001 -- the first Monday of the century, in whatever zone
_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_MOMENT = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_FIELDS = 5


class ScheduleError(ValueError):
    """A schedule that names no moments; the text says what is wrong with it."""


def check_cron(cron: str) -> None:
    """Refuse what is no schedule of five fields, as in Debian's crontab(5): minute, hour, day, month, weekday.

    Raises:
        ScheduleError: it is none, or no such day ever comes.
    """
    if len(cron.split()) != _FIELDS:
        raise ScheduleError("Wrong number of fields")
    next(list_moments(cron, "UTC", _ANY_MOMENT), None)


def check_interval(every: timedelta) -> None:
    """Refuse an interval that is shorter or longer than those that are counted.

    Raises:
        ScheduleError: it is.
    """
    if not SHORTEST <= every <= LONGEST:
        least, most = print_duration(SHORTEST), print_duration(LONGEST)
        raise ScheduleError(f"an interval is at least {least} and at most {most}")


def check_timezone(name: str) -> None:
    """Refuse what the IANA time zone database does not know.

    Raises:
        ScheduleError: it has no such zone.
    """
    _find_zone(name)


def describe_schedule(trigger: ScheduleTrigger) -> str:
    """Return a schedule's moments in the words of the language, without its time zone."""
    return trigger.cron or "" if trigger.every is None else f"every {print_duration(trigger.every)}"


def find_next(trigger: ScheduleTrigger, after: datetime) -> datetime | None:
    """Return the first moment of a schedule after a given one, in UTC; None if there is none.

    An interval is time that passes: summer time makes it neither longer nor shorter.

    Raises:
        ScheduleError: the schedule or the zone is none.
    """
    if trigger.every is None:
        return next(list_moments(trigger.cron or "", trigger.timezone, after), None)
    origin = _find_origin(trigger.timezone)
    return origin + ((after - origin) // trigger.every + 1) * trigger.every


def find_latest(trigger: ScheduleTrigger, first: datetime, last: datetime, limit: int) -> list[datetime]:
    """Return a schedule's moments from one to another, both included, in UTC and in order; of many only the latest.

    Raises:
        ScheduleError: the schedule or the zone is none.
    """
    if trigger.every is None:
        return list_latest(trigger.cron or "", trigger.timezone, first, last, limit)
    origin = _find_origin(trigger.timezone)
    most = (last - origin) // trigger.every
    least = max(-((origin - first) // trigger.every), most - limit + 1)
    return [origin + number * trigger.every for number in range(least, most + 1)]


def list_moments(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a schedule after a given one, in UTC.

    An hour that summer time leaves out is made up for at its end; one that comes twice counts once, unless the schedule
    has a `*` in its minutes or hours (as Debian's cron has it).

    Raises:
        ScheduleError: the schedule or the zone is none.
    """
    zone = _find_zone(timezone)
    minute, hour, *_ = f"{cron} ".split(" ", 2)
    if minute.startswith("*") or hour.startswith("*"):
        yield from _list_by_stretch(cron, zone, after)
        return
    for moment in _begin(cron, after.astimezone(zone)):
        found = moment.astimezone(UTC)
        if found > after:  # within an hour that comes twice, the library goes back to the first time
            yield found


def list_latest(cron: str, timezone: str, first: datetime, last: datetime, limit: int) -> list[datetime]:
    """Return the moments from one to another, both included, in UTC and in order; of many only the latest.

    Raises:
        ScheduleError: the schedule or the zone is none.
    """
    zone, depth = _find_zone(timezone), limit
    while True:
        start = _go_back(cron, zone, first, last, depth)
        moments = takewhile(lambda moment: moment <= last, list_moments(cron, timezone, start - _MOMENT))
        found = list(moments)[-limit:]
        if len(found) == limit or start == first:
            return found
        depth *= 2  # clocks were put on meanwhile, and what they left out was counted


def _go_back(cron: str, zone: ZoneInfo, first: datetime, last: datetime, count: int) -> datetime:
    """Return where so many moments would lie in between if clocks were never put on or back; the first if fewer do."""
    offset = timezone(_find_offset(zone, last))
    back = takewhile(lambda moment: moment >= first, _begin(cron, (last + _MOMENT).astimezone(offset), is_reverse=True))
    bound = next(islice(back, count, None), None)
    return first if bound is None else bound.astimezone(UTC)


def _list_by_stretch(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a schedule that counts every hour that comes, each stretch between two shifts by itself.

    The library goes by whole hours from one to the next, and so leaves moments out where clocks are put on or back by
    half an hour, or in the middle of one.
    """
    first: datetime | None = after.replace(microsecond=0) + _SECOND
    while first is not None:
        offset, seen, first = timezone(_find_offset(zone, first)), first, None
        for moment in _begin(cron, (seen - _SECOND).astimezone(offset)):
            found = moment.astimezone(UTC)
            first = _find_shift(zone, seen, found)
            if first is not None:
                break
            yield found
            seen = found


def _find_shift(zone: ZoneInfo, begin: datetime, end: datetime) -> datetime | None:
    """Return the second at which the clocks were first put on or back after one moment and up to another."""
    offset = _find_offset(zone, begin)
    while begin < end:
        day = min(begin + _DAY, end)
        if _find_offset(zone, day) != offset:
            return _halve(zone, begin, day)
        begin = day
    return None


def _halve(zone: ZoneInfo, begin: datetime, end: datetime) -> datetime:
    """Return the first second whose offset is no longer that of the beginning; that of the end is another."""
    offset = _find_offset(zone, begin)
    while end - begin > _SECOND:
        middle = begin + (end - begin) // _SECOND // 2 * _SECOND
        begin, end = (middle, end) if _find_offset(zone, middle) == offset else (begin, middle)
    return end


def _find_offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _begin(cron: str, moment: datetime, *, is_reverse: bool = False) -> Iterator[datetime]:
    try:
        return CronSim(cron, moment, reverse=is_reverse)
    except CronSimError as error:
        raise ScheduleError(str(error)) from error


def _find_origin(timezone: str) -> datetime:
    return _ORIGIN.replace(tzinfo=_find_zone(timezone)).astimezone(UTC)


def _find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(f"there is no time zone {name}") from error
