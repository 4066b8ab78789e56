"""Which moments a schedule has, and which of them may be left out, worked out without what is under test."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from soar.model.playbook import CatchUp

GRACE = timedelta(minutes=2)
"""How late a moment may be taken without counting as missed."""

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """One schedule, in figures: the oracle shares no parser with the service.

    Attributes:
        every: length of an interval; the rest is for a cron schedule.
        is_loose: whether minutes or hours are written with a `*`, so that each hour counts that comes.
        weekdays: Monday is 0.
    """

    zone: str
    catch_up: CatchUp
    every: timedelta | None = None
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    is_loose: bool = False
    days: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """A stretch of the wall clock in which nobody looked; what is due at its beginning may have been taken or not."""

    begin: datetime
    end: datetime


def list_expected(sort: Sort, begin: datetime, end: datetime) -> list[datetime]:
    """Return the moments after one moment and up to another, in order."""
    if sort.every is not None:
        origin = datetime(2001, 1, 1, tzinfo=ZoneInfo(sort.zone)).astimezone(UTC)
        first = begin + (-(begin - origin) % sort.every or sort.every)
        return [first + number * sort.every for number in range((end - first) // sort.every + 1)]
    found = {moment for local in _list_local(sort, begin, end) for moment in _place(sort, local)}
    return sorted(moment for moment in found if begin < moment <= end)


def _list_local(sort: Sort, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield what the clocks on the wall show at the moments, be it that they show it never or twice."""
    day, last = (begin - _DAY).date(), (end + _DAY).date()
    while day <= last:
        if _has_day(sort, day):
            for hour in sort.hours:
                yield from (datetime(day.year, day.month, day.day, hour, minute) for minute in sort.minutes)  # noqa: DTZ001 -- of the wall
        day += _DAY


def _has_day(sort: Sort, day: date) -> bool:
    return (not sort.days or day.day in sort.days) and (not sort.weekdays or day.weekday() in sort.weekdays)


def _place(sort: Sort, local: datetime) -> Iterator[datetime]:
    """Yield when the clocks on the wall show this; what they leave out is made up for when they have been put on."""
    times = [local.replace(tzinfo=ZoneInfo(sort.zone), fold=fold) for fold in (0, 1)]
    real = [time.astimezone(UTC) for time in times if _is_real(time)]
    if sort.is_loose:
        yield from real
    elif real:
        yield real[0]
    else:
        after = local
        while not _is_real(after.replace(tzinfo=ZoneInfo(sort.zone))):
            after += _MINUTE
        yield after.replace(tzinfo=ZoneInfo(sort.zone)).astimezone(UTC)


def _is_real(time: datetime) -> bool:
    return time.astimezone(UTC).astimezone(time.tzinfo).replace(tzinfo=None) == time.replace(tzinfo=None)


def find_faults(
    sort: Sort, expected: Sequence[datetime], started: Sequence[datetime], absences: Sequence[Absence]
) -> Iterator[str]:
    """Yield what is wrong with the moments that a schedule was started for, in the order in which it was."""
    if len(set(started)) != len(started):
        yield "a moment was started for twice"
    if list(started) != sorted(started):
        yield "moments came out of order"
    if odd := set(started) - set(expected):
        yield f"started for {min(odd)}, which is no moment of it"
    taken = set(started)
    excused = {moment for absence in absences for moment in _list_excused(sort, expected, absence)}
    if missed := set(expected) - taken - excused:
        yield f"{len(missed)} moments were missed, the first of them {min(missed)}"
    if needless := taken & {moment for one in absences for moment in _list_needless(sort, expected, one)}:
        yield f"{len(needless)} moments were made up for that were not to be, the first of them {min(needless)}"


def _list_excused(sort: Sort, expected: Sequence[datetime], absence: Absence) -> Iterator[datetime]:
    """Yield the moments of an absence that need not have been started for."""
    due = [moment for moment in expected if absence.begin <= moment <= absence.end]
    match sort.catch_up:
        case CatchUp.ALL:
            return
        case CatchUp.LATEST:
            yield from due[:-1]
        case CatchUp.NONE:
            yield from (moment for moment in due if absence.end - moment > GRACE)


def _list_needless(sort: Sort, expected: Sequence[datetime], absence: Absence) -> Iterator[datetime]:
    """Yield the moments of an absence that must not have been started for."""
    due = [moment for moment in expected if absence.begin < moment <= absence.end]
    match sort.catch_up:
        case CatchUp.ALL:
            return
        case CatchUp.LATEST:
            yield from due[:-1]
        case CatchUp.NONE:
            yield from (moment for moment in due if absence.end - moment > GRACE)
