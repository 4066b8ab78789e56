"""Who goes next, among many who wait for few places. Pure: nothing here waits."""

from collections import Counter, deque
from collections.abc import Container, Hashable
from typing import Generic, TypeVar

from soar.model.alert import Severity
from soar.model.standing import Standing

K = TypeVar("K", bound=Hashable)

_MOST_SEVERE_FIRST = tuple(reversed(Severity))
_SHARED_TURN = 8  # each eighth place goes to the lanes in turn, whatever their severity
_FEW = 5  # places from which on a source is given no spare one


class _Line(Generic[K]):
    """Those of one lane: sources take turns, within them playbooks, and within these goes first who came first."""

    def __init__(self) -> None:
        self._sources: dict[str, dict[str, deque[K]]] = {}

    def add(self, key: K, standing: Standing) -> None:
        self._sources.setdefault(standing.source, {}).setdefault(standing.playbook, deque()).append(key)

    def take(self, full: Container[str], served: Container[str]) -> K | None:
        """Take who is next, leaving out full playbooks and served sources; both go to the end of their turns."""
        for source, playbooks in self._sources.items():
            if source in served:
                continue
            for playbook, keys in playbooks.items():
                if playbook not in full:
                    key = keys.popleft()
                    self._turn(source, playbook)
                    return key
        return None

    def discard(self, key: K, standing: Standing) -> None:
        keys = self._sources[standing.source][standing.playbook]
        keys.remove(key)
        if not keys:
            self._turn(standing.source, standing.playbook)

    def _turn(self, source: str, playbook: str) -> None:
        playbooks = self._sources.pop(source)
        keys = playbooks.pop(playbook)
        if keys:
            playbooks[playbook] = keys
        if playbooks:
            self._sources[source] = playbooks


class Lanes(Generic[K]):
    """Hands out places: the most severe first, and to everybody else a share that nobody can take from them.

    Every eighth place goes to the lanes in turn. Within a lane go first those who have begun; sources take turns, and
    within a source its playbooks. Some places are kept free for each other lane, so that a flood in one cannot fill
    them all; and some more are there for everybody but the crowd, so that one source's backlog holds up nobody else.

    Args:
        limit: how many places there are.
        cap: how many of them one playbook may hold; those that no playbook is known of are not capped.
        reserve: how many of them are kept free for each other lane.
        spare: how many more there are, for sources that hold fewer than five; of the crowd, of which most wait, one.
    """

    def __init__(self, *, limit: int, cap: int | None = None, reserve: int = 0, spare: int = 0) -> None:
        self._limit = limit
        self._spare = spare
        self._cap = limit if cap is None else cap
        self._most = max(1, limit - reserve * (len(Severity) - 1))
        self._lines: dict[tuple[Severity, bool], _Line[K]] = {
            (severity, is_begun): _Line() for severity in Severity for is_begun in (True, False)
        }
        self._waiting: dict[K, Standing] = {}
        self._holding: dict[K, Standing] = {}
        self._spares: set[K] = set()
        self._waiting_by_lane: Counter[Severity] = Counter()
        self._waiting_by_source: Counter[str] = Counter()
        self._held_by_lane: Counter[Severity] = Counter()
        self._held_by_playbook: Counter[str] = Counter()
        self._held_by_source: Counter[str] = Counter()
        self._rota = deque(_MOST_SEVERE_FIRST)
        self._turns = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def holding(self) -> int:
        """How many hold a place that is not a spare one."""
        return len(self._holding) - len(self._spares)

    @property
    def has_room(self) -> bool:
        """Whether somebody waits while a place is free that is not a spare one."""
        return bool(self._waiting) and self.holding < self._limit

    def add(self, key: K, standing: Standing) -> None:
        """Let somebody wait, who neither waits nor holds a place yet."""
        self._waiting[key] = standing
        self._waiting_by_lane[standing.severity] += 1
        self._waiting_by_source[standing.source] += 1
        self._lines[standing.severity, standing.is_begun].add(key, standing)

    def place(self, key: K, standing: Standing) -> bool:
        """Give a place at once to somebody who comes while nobody waits, as `add` and `take` would.

        Returns:
            Whether one was free for them that is not a spare one; if not, they are to wait.
        """
        if self._waiting or self.holding >= self._limit or self._held_by_lane[standing.severity] >= self._most:
            return False
        if standing.playbook and self._held_by_playbook[standing.playbook] >= self._cap:
            return False
        self._count_turn(standing.severity)
        self._hold(key, standing)
        return True

    def take(self, *, is_scarce: bool = False) -> K | None:
        """Give the next place away, and return to whom; None if nobody waits who may have one.

        Args:
            is_scarce: give none away but spare ones.
        """
        key = self._take_common() if self.has_room and not is_scarce else None
        return self._take_spare() if key is None else key

    def _take_common(self) -> K | None:
        is_shared = (self._turns + 1) % _SHARED_TURN == 0
        for severity in tuple(self._rota) if is_shared else _MOST_SEVERE_FIRST:
            key = None if self._held_by_lane[severity] >= self._most else self._take_from(severity, ())
            if key is not None:
                self._count_turn(severity)
                return key
        return None

    def _count_turn(self, severity: Severity) -> None:
        self._held_by_lane[severity] += 1
        self._turns += 1
        if self._turns % _SHARED_TURN == 0:
            self._rota.remove(severity)
            self._rota.append(severity)

    def _take_spare(self) -> K | None:
        """Give a spare place to the most severe of those whose source holds few and is not the crowd."""
        if not self._waiting or len(self._spares) >= self._spare:
            return None
        crowd = max(self._waiting_by_source, key=self._waiting_by_source.__getitem__)
        served = {source for source, held in self._held_by_source.items() if held >= _FEW or source == crowd}
        for severity in _MOST_SEVERE_FIRST:
            key = self._take_from(severity, served)
            if key is not None:
                self._spares.add(key)
                return key
        return None

    def leave(self, key: K) -> None:
        """Give a place back, or wait no longer; whoever does neither is not known."""
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            self._waiting_by_lane[waiting.severity] -= 1
            _take_one(self._waiting_by_source, waiting.source)
            self._lines[waiting.severity, waiting.is_begun].discard(key, waiting)
        holding = self._holding.pop(key, None)
        if holding is not None:
            if key in self._spares:
                self._spares.remove(key)
            else:
                self._held_by_lane[holding.severity] -= 1
            _take_one(self._held_by_playbook, holding.playbook)
            _take_one(self._held_by_source, holding.source)

    def count_ahead(self, standing: Standing) -> int:
        """Return how many wait who are at least as severe."""
        ordered = tuple(Severity)
        return sum(self._waiting_by_lane[severity] for severity in ordered[ordered.index(standing.severity) :])

    def _take_from(self, severity: Severity, served: Container[str]) -> K | None:
        full = {name for name, held in self._held_by_playbook.items() if name and held >= self._cap}
        for is_begun in (True, False):
            key = self._lines[severity, is_begun].take(full, served)
            if key is not None:
                standing = self._waiting.pop(key)
                self._waiting_by_lane[severity] -= 1
                _take_one(self._waiting_by_source, standing.source)
                self._hold(key, standing)
                return key
        return None

    def _hold(self, key: K, standing: Standing) -> None:
        self._holding[key] = standing
        self._held_by_playbook[standing.playbook] += 1
        self._held_by_source[standing.source] += 1


def _take_one(counted: Counter[str], name: str) -> None:
    counted[name] -= 1
    if not counted[name]:
        del counted[name]
