"""Counts what may not happen too often."""

from collections import deque

from soar.model.clock import Clock

_MOST_KEYS = 10_000


class Throttle:
    """So many events a key within so many seconds. In memory: a restart forgets, and each process counts by itself.

    Args:
        limit: events a key.
        seconds: how long an event counts.
        clock: its monotonic part.
    """

    def __init__(self, limit: int, seconds: float, clock: Clock) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._events: dict[str, deque[float]] = {}

    def wait(self, key: str) -> float:
        """Return the seconds until the key has room for another event; 0 if it has now."""
        events = self._events.get(key)
        if events is None or len(events) < self._limit:
            return 0.0
        return max(0.0, self._seconds - (self._clock.monotonic() - events[0]))

    def add(self, key: str) -> None:
        """Count an event."""
        if key not in self._events and len(self._events) >= _MOST_KEYS:
            self._forget_old()
        self._events.setdefault(key, deque(maxlen=self._limit)).append(self._clock.monotonic())

    def take(self, key: str) -> bool:
        """Count an event if there is room for it; return whether there was."""
        if self.wait(key) > 0:
            return False
        self.add(key)
        return True

    def take_back(self, key: str) -> None:
        """Uncount the key's last event."""
        events = self._events.get(key)
        if events:
            events.pop()

    def forget(self, key: str) -> None:
        """Uncount all events of a key."""
        self._events.pop(key, None)

    def _forget_old(self) -> None:
        """Forget keys that nothing happened under lately, or else the one that was first."""
        since = self._clock.monotonic() - self._seconds
        self._events = {key: events for key, events in self._events.items() if events and events[-1] > since}
        while len(self._events) >= _MOST_KEYS:
            del self._events[next(iter(self._events))]
