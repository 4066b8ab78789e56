"""Which runs wait in memory, and which as rows alone, where more wait than fit. Pure: nothing here reads a row."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from soar.model.alert import Severity
from soar.model.standing import Standing

K = TypeVar("K", bound=Hashable)

_MILDEST_FIRST = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows that are to be read.

    Attributes:
        first: number of the event from which on.
        known: the highest number of those that somebody was told of before.
    """

    first: int
    known: int


@dataclass(slots=True)
class _Rest:
    """Those of a crowd that wait as rows.

    Attributes:
        first: none of their events has a lower number.
        last: the highest number that is known of one.
    """

    first: int
    last: int


class Backlog(Generic[K]):
    """Lets no more than so many wait in memory. Of the others it knows, crowd by crowd, from where on they are rows.

    Those who stand alike are a crowd. It may have as many in memory as there is room left for everybody else: a single
    crowd half of it, two crowds a third each. So whoever is not of a crowd fits, however long that is. What does not
    fit is two numbers, of the first event and of the last; until all of it has been read, those who come later are part
    of it, so that within a crowd nobody overtakes.

    Args:
        most: how many wait in memory at most, beside those that no row tells of.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: Counter[Standing] = Counter()
        self._total = 0
        self._rests: dict[Standing, _Rest] = {}
        self._known = 0
        self._unread: int | None = None
        self._is_crowds_turn = False
        self._called: int | None = None

    def admit(self, standing: Standing) -> bool:
        """Say whether somebody who was told something waits in memory, and count them if so."""
        self._known = max(self._known, standing.place)
        if standing.place and (standing in self._rests or not self._has_room(standing)):
            self._leave_out(standing)
            return False
        self.enter(standing)
        return True

    def enter(self, standing: Standing) -> None:
        """Count one more in memory."""
        self._waiting[standing] += 1
        self._total += 1

    def leave(self, standing: Standing) -> None:
        """Count one less in memory."""
        self._total -= 1
        self._waiting[standing] -= 1
        if not self._waiting[standing]:
            del self._waiting[standing]

    def miss(self) -> None:
        """Say that somebody was told something of whom nothing is kept: what follows the known rows is read."""
        self._called = self._known if self._called is None else min(self._called, self._known)

    def recall(self) -> None:
        """Have all rows read, whatever is known of them."""
        self._called = 0

    def find_reading(self) -> Reading | None:
        """Return what is to be read now; None if all wait in memory, or enough of each crowd do."""
        if self._called is not None:
            self._unread = self._called if self._unread is None else min(self._unread, self._called)
            self._called = None
        short = [standing for standing in self._rests if self._is_short(standing)]
        if self._unread is not None and not (short and self._is_crowds_turn):
            return Reading(self._unread, self._known)
        if not short:
            return None
        severest = max((one.severity for one in short), key=_MILDEST_FIRST.index)
        return Reading(min(self._rests[one].first for one in short if one.severity is severest), self._known)

    def choose(
        self, reading: Reading, page: Sequence[tuple[K, Standing]], is_here: Callable[[K], bool], *, is_last: bool
    ) -> Mapping[K, Standing]:
        """Return who of a page waits in memory from now on, and count them.

        Args:
            reading: what the page was read for.
            page: who was told something, in the order of the events.
            is_here: whether somebody waits in memory already, or is driven.
            is_last: whether no page follows.
        """
        end = page[-1][1].place if page else reading.first - 1
        self._known = max(self._known, end)
        in_turn = {standing for standing, rest in self._rests.items() if rest.first >= reading.first}
        in_turn |= {standing for _, standing in page if standing not in self._rests}
        chosen: dict[K, Standing] = {}
        for key, standing in page:
            if key in chosen or is_here(key):
                continue
            if standing in in_turn and self._has_room(standing):
                chosen[key] = standing
                self._take_in(standing)
            else:
                in_turn.discard(standing)
                self._leave_out(standing)
        self._move_on(reading, max(end, reading.known) if is_last else end, in_turn, is_last=is_last)
        return chosen

    def _move_on(self, reading: Reading, end: int, in_turn: set[Standing], *, is_last: bool) -> None:
        """Note what has been read: of the crowds that had room for all of theirs, everything up to the end."""
        for standing in in_turn & self._rests.keys():
            rest = self._rests[standing]
            rest.first = max(rest.first, end + 1)
            if rest.first > rest.last:
                del self._rests[standing]
        self._is_crowds_turn = reading.first == self._unread
        if self._unread is not None and reading.first <= self._unread:
            self._unread = None if is_last else max(self._unread, end + 1)

    def _take_in(self, standing: Standing) -> None:
        self.enter(standing)
        rest = self._rests.get(standing)
        if rest is not None:
            rest.first = max(rest.first, standing.place + 1)

    def _leave_out(self, standing: Standing) -> None:
        rest = self._rests.setdefault(standing, _Rest(standing.place, standing.place))
        rest.first, rest.last = min(rest.first, standing.place), max(rest.last, standing.place)

    def _is_short(self, standing: Standing) -> bool:
        """Whether a crowd has no more than half of those in memory that it may have."""
        waiting, room = self._waiting[standing], self._most - self._total
        return waiting < room and 3 * waiting <= room

    def _has_room(self, standing: Standing) -> bool:
        return self._waiting[standing] < self._most - self._total
