"""Counts what may not happen too often, and makes whoever fails wait ever longer."""

from collections import deque

from soar.model.clock import Clock

_MOST_KEYS = 10_000
_MOST_DOUBLINGS = 30


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

    def _forget_old(self) -> None:
        """Forget keys that nothing happened under lately, or else one under which the least did.

        So a flood of new keys does not free one that is at its limit.
        """
        since = self._clock.monotonic() - self._seconds
        self._events = {key: events for key, events in self._events.items() if events and events[-1] > since}
        while len(self._events) >= _MOST_KEYS:
            del self._events[min(self._events, key=lambda key: len(self._events[key]))]


class Backoff:
    """Makes a key wait after failures, each time twice as long, up to a bound: nobody is locked out for good.

    In memory, as for `Throttle`.

    Args:
        free: failures a key that cost nothing.
        longest: seconds that a key waits at most; after twice as long without a failure all is forgotten.
        clock: its monotonic part.
    """

    def __init__(self, free: int, longest: float, clock: Clock) -> None:
        self._free = free
        self._longest = longest
        self._clock = clock
        self._failures: dict[str, tuple[int, float]] = {}

    def wait(self, key: str) -> float:
        """Return the seconds until the key may try again; 0 if it may now."""
        count, last = self._find(key)
        if count < self._free:
            return 0.0
        delay = min(self._longest, 2.0 ** min(count - self._free, _MOST_DOUBLINGS))
        return max(0.0, delay - (self._clock.monotonic() - last))

    def add(self, key: str) -> None:
        """Count a failure."""
        count, _ = self._find(key)
        self._failures.pop(key, None)
        while len(self._failures) >= _MOST_KEYS:
            del self._failures[min(self._failures, key=lambda known: self._failures[known][0])]  # see `Throttle`
        self._failures[key] = (count + 1, self._clock.monotonic())

    def take_back(self, key: str) -> None:
        """Uncount the key's last failure; the time since the one before is not known, and counts from now."""
        count, last = self._failures.pop(key, (0, 0.0))
        if count > 1:
            self._failures[key] = (count - 1, last)

    def forget(self, key: str) -> None:
        """Uncount all failures of a key."""
        self._failures.pop(key, None)

    def _find(self, key: str) -> tuple[int, float]:
        count, last = self._failures.get(key, (0, 0.0))
        is_over = self._clock.monotonic() - last > 2 * self._longest
        return (0, 0.0) if is_over else (count, last)
