"""What stands between somebody who guesses and a login: ever longer waits, by name and by address."""

from soar.api.throttle import Backoff
from soar.model.clock import Clock
from soar.model.errors import UnavailableError

_FREE_BY_NAME = 5
_LONGEST_BY_NAME = 300.0
_FREE_BY_ADDRESS = 20
_LONGEST_BY_ADDRESS = 60.0  # short, as behind a proxy all have one
_MOST_KNOWN = 10_000


class Lockout:
    """Counts failed proofs of who somebody is, in this process.

    It knows names that exist no better than others, so it tells nobody which do. Whoever guesses under somebody's name
    makes that person wait no longer than five minutes, and not at all at an address from which they have logged in.

    Args:
        clock: its monotonic part.
    """

    def __init__(self, clock: Clock) -> None:
        self._names = Backoff(_FREE_BY_NAME, _LONGEST_BY_NAME, clock)
        self._addresses = Backoff(_FREE_BY_ADDRESS, _LONGEST_BY_ADDRESS, clock)
        self._known: dict[tuple[str, str], None] = {}

    def begin(self, name: str, address: str | None) -> None:
        """Count an attempt as failed until it is said to be good, so that many at once gain nothing.

        Args:
            name: as typed; empty where there is none.
            address: where it comes from.

        Raises:
            UnavailableError: it is too early (`rate_limited`).
        """
        key, place = name.casefold(), address or ""
        by_name = 0.0 if not key or (key, place) in self._known else self._names.wait(key)
        wait = max(by_name, self._addresses.wait(place))
        if wait > 0:
            raise UnavailableError(
                "too many failed logins", code="rate_limited", retry_after=wait, hint="wait, then try again"
            )
        if key:
            self._names.add(key)
        self._addresses.add(place)

    def take_back(self, name: str, address: str | None) -> None:
        """Say that an attempt was neither good nor bad."""
        self._names.take_back(name.casefold())
        self._addresses.take_back(address or "")

    def succeed(self, name: str, address: str | None) -> None:
        """Say that an attempt was good."""
        key, place = name.casefold(), address or ""
        self._names.forget(key)
        self._addresses.take_back(place)
        self._known.pop((key, place), None)
        while len(self._known) >= _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key, place] = None
