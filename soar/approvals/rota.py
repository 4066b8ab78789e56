"""Who is on call: rotas with a weekly handover, and the moments at which somebody else stands in. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue, parse_timestamp

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = timedelta(days=7)
_MOST_CHANGES = 1_000


@dataclass(frozen=True, slots=True)
class Override:
    """From `start` to before `end` these people are on call and nobody else; none means nobody."""

    start: datetime
    end: datetime
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """People who are on call in turn, a week each.

    Attributes:
        name: what `oncall:` calls it.
        zone: on whose clocks the handover is, also where they are put forward or back.
        first: day on which the first person begins.
        handover: time of that day, and of every seventh after it.
        people: mail addresses, in turn; the first follows on the last. None means nobody.
        overrides: of two that cover a moment the later in the list counts.
    """

    name: str
    zone: ZoneInfo
    first: date
    handover: time
    people: tuple[str, ...]
    overrides: tuple[Override, ...] = ()

    def find_people(self, at: datetime) -> tuple[str, ...]:
        """Return the mail addresses of those who are on call at a moment."""
        for override in reversed(self.overrides):
            if override.start <= at < override.end:
                return override.people
        week = self._find_week(at)
        return (self.people[week % len(self.people)],) if self.people and week >= 0 else ()

    def list_changes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Return the moments after `start` and before `end` from which somebody else may be on call."""
        edges = (edge for override in self.overrides for edge in (override.start, override.end))
        yield from (edge for edge in edges if start < edge < end)
        week = max(0, self._find_week(start) + 1)
        for number in range(week, week + _MOST_CHANGES):
            moment = self._begin_week(number)
            if moment >= end:
                return
            yield moment

    def find_end(self, at: datetime) -> datetime:
        """Return when those who are on call at a moment may be followed by others."""
        return min(self.list_changes(at, at + 2 * _WEEK), default=self._begin_week(0))

    def _begin_week(self, number: int) -> datetime:
        return datetime.combine(self.first + number * _WEEK, self.handover, self.zone)

    def _find_week(self, at: datetime) -> int:
        """Return how many handovers there were by a moment after the first one; below zero before that."""
        guess = (at.astimezone(self.zone).date() - self.first).days // 7
        return guess if self._begin_week(guess).timestamp() <= at.timestamp() else guess - 1


Rotas: TypeAlias = Mapping[str, Rota]
NO_ROTAS: Rotas = MappingProxyType({})


def find_duties(rotas: Rotas, email: str, at: datetime, until: datetime | None = None) -> frozenset[str]:
    """Return the names of the rotas by which somebody is on call.

    Args:
        rotas: by name.
        email: of the person.
        at: the moment.
        until: counts whoever is on call at any moment from `at` to before this one; None is at that moment alone.
    """
    return frozenset(name for name, rota in rotas.items() if email.casefold() in _gather(rota, at, until))


def _gather(rota: Rota, at: datetime, until: datetime | None) -> frozenset[str]:
    moments = (at, *(rota.list_changes(at, until) if until is not None else ()))
    return frozenset(person.casefold() for moment in moments for person in rota.find_people(moment))


def parse_rotas(plain: JsonValue) -> Rotas:
    """Read rotas.

    Args:
        plain: the document, read from YAML elsewhere.

    Raises:
        InputError: anything is unknown, missing or malformed; every fault with its JSON pointer.
    """
    reader = _Reader()
    rotas = reader.read(plain)
    if reader.faults:
        first = reader.faults[0]
        raise InputError(
            f"the rotas have {len(reader.faults)} fault(s); at {first.pointer or '/'}: {first.message}",
            code="invalid_rotas",
            hint="correct them and start again; config/oncall.yaml says in its first lines what there is",
            faults=reader.faults,
        )
    return rotas


class _Reader:
    """Reads one document and collects its faults."""

    def __init__(self) -> None:
        self.faults: list[FieldFault] = []

    def read(self, plain: JsonValue) -> Rotas:
        listed = self._read_map(plain, "", ("rotas",)).get("rotas") or {}
        if not isinstance(listed, dict):
            self._fault("/rotas", "must be a map of rotas by name")
            return NO_ROTAS
        return {name: self._read_rota(name, rota, f"/rotas/{name}") for name, rota in listed.items()}

    def _read_rota(self, name: str, plain: JsonValue, pointer: str) -> Rota:
        fields = self._read_map(plain, pointer, ("timezone", "shifts", "overrides"))
        shifts = self._read_map(fields.get("shifts", {}), f"{pointer}/shifts", ("from", "handover", "people"))
        people = self._read_people(shifts.get("people", []), f"{pointer}/shifts/people")
        day, handover = self._read_handover(shifts.get("handover", "monday 09:00"), f"{pointer}/shifts/handover")
        first = self._read_date(shifts.get("from"), f"{pointer}/shifts/from") if people else date.min + _WEEK
        overrides = fields.get("overrides", [])
        if not isinstance(overrides, list):
            self._fault(f"{pointer}/overrides", "must be a list")
            overrides = []
        return Rota(
            name=name,
            zone=self._read_zone(fields.get("timezone", "UTC"), f"{pointer}/timezone"),
            first=first + timedelta(days=(day - first.weekday()) % 7),
            handover=handover,
            people=people,
            overrides=tuple(
                self._read_override(each, f"{pointer}/overrides/{index}") for index, each in enumerate(overrides)
            ),
        )

    def _read_override(self, plain: JsonValue, pointer: str) -> Override:
        fields = self._read_map(plain, pointer, ("from", "to", "people"))
        start, end = (self._read_moment(fields.get(key), f"{pointer}/{key}") for key in ("from", "to"))
        if start is None or end is None or end <= start:
            self._fault(pointer, "must end after it begins")
            start = end = datetime.min.replace(tzinfo=ZoneInfo("UTC"))
        return Override(start, end, self._read_people(fields.get("people", []), f"{pointer}/people"))

    def _read_people(self, plain: JsonValue, pointer: str) -> tuple[str, ...]:
        if isinstance(plain, list) and all(isinstance(each, str) and "@" in each for each in plain):
            return tuple(str(each) for each in plain)
        self._fault(pointer, "must be a list of mail addresses; an empty one means nobody")
        return ()

    def _read_handover(self, plain: JsonValue, pointer: str) -> tuple[int, time]:
        day, _, moment = plain.strip().casefold().partition(" ") if isinstance(plain, str) else ("", "", "")
        try:
            return _DAYS.index(day), time.fromisoformat(moment.strip()).replace(tzinfo=None)
        except ValueError:
            self._fault(pointer, "must be a weekday and a time, such as monday 09:00")
            return 0, time()

    def _read_date(self, plain: JsonValue, pointer: str) -> date:
        try:
            return date.fromisoformat(plain if isinstance(plain, str) else "")
        except ValueError:
            self._fault(pointer, "must be the day from which the first person is on call, such as 2026-01-05")
            return date.min + _WEEK

    def _read_moment(self, plain: JsonValue, pointer: str) -> datetime | None:
        try:
            return parse_timestamp(plain if isinstance(plain, str) else "")
        except ValueError:
            self._fault(pointer, "must be a moment, such as 2026-12-24T18:00:00Z")
            return None

    def _read_zone(self, plain: JsonValue, pointer: str) -> ZoneInfo:
        try:
            return ZoneInfo(plain if isinstance(plain, str) else "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._fault(pointer, "must be a time zone, such as Europe/Berlin")
            return ZoneInfo("UTC")

    def _read_map(self, plain: JsonValue, pointer: str, known: Sequence[str]) -> dict[str, JsonValue]:
        if not isinstance(plain, dict):
            self._fault(pointer, f"must be a map with {', '.join(known)}")
            return {}
        for key in plain:
            if key not in known:
                self._fault(f"{pointer}/{key}", f"unknown key `{key}`; known are {', '.join(known)}")
        return plain

    def _fault(self, pointer: str, message: str) -> None:
        self.faults.append(FieldFault(pointer, message))
