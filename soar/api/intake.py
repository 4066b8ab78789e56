"""How much may come in at hooks at once. What is refused was not read, so nothing that was taken is lost."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from soar.api.reading import LONGEST_BODY
from soar.api.turns import Turns
from soar.ingest.source import Source
from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.model.ids import Randomness
from soar.model.rate import Rate
from soar.runtime.bucket import Bucket

_BURST = 5.0  # seconds' worth of its rate that a source may send at once
_PAUSE = 1.0  # seconds after which a refused sender may come back, at the earliest
_LONGEST_RETURN = 30.0  # seconds; who is sent away for longer gives up, and strangers too can ask in a source's name
_JITTER = 3.0  # and up to so much later, so that those refused together do not come back together
_UNKNOWN = ""
_FEWEST = 32  # places that are left however slow we are; fewer would make small groups of what is stored together
_LESS = 0.95  # of the places are left after a request that took too long


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """How much is taken at once.

    Attributes:
        rate: requests a second that each source may send for long, unless its file says otherwise.
        requests: how many are read and stored at the same time, at most; one source gets half of the places.
        memory: bytes that their bodies may have together.
        patience: seconds in which a request is to be stored once its body is there. Where that takes longer there are
            fewer places, and more again where it does not: so a flood waits outside, and not in front of the others.
    """

    rate: float = 2_000.0
    requests: int = 256
    memory: int = 64 * 1024 * 1024
    patience: float = 1.0


class Place:
    """One request's place inside.

    Args:
        clock: its monotonic part.
        turn: to be stored.

    Attributes:
        read_at: when its body was there, by a clock that never goes back; None until then.
        turn: held while the request is stored.
    """

    def __init__(self, clock: Clock, turn: AbstractAsyncContextManager[None]) -> None:
        self._clock = clock
        self.turn = turn
        self.read_at: float | None = None

    def note_read(self) -> None:
        """Say that the body is there: from now on the time is ours, and not the sender's."""
        self.read_at = self._clock.monotonic()


class IntakeGate:
    """Lets requests to hooks in, or says when to come back.

    In memory, and for this process. A source pays with its rate for what was accepted only, so nobody who does not have
    its key can use it up. Requests over the rate are told to come back one after the other, as fast as the rate allows:
    the more are waiting, the later, so that those who honour it do not ask again in vain.

    Args:
        limits: how much.
        sources: by id; all requests to others count as one source's.
        clock: its monotonic part.
        randomness: for jitter.
    """

    def __init__(
        self, limits: IntakeLimits, sources: Mapping[str, Source], *, clock: Clock, randomness: Randomness
    ) -> None:
        self._limits = limits
        self._sources = sources
        self._clock = clock
        self._randomness = randomness
        self._buckets: dict[str, Bucket] = {}
        self._returns: dict[str, Bucket] = {}
        self._inside: Counter[str] = Counter()
        self._turns = Turns(clock)
        self._bytes = 0
        self._places = float(limits.requests)

    @contextmanager
    def admit(self, source_id: str, size: int | None) -> Iterator[Place]:
        """Hold a place while a request is read and stored.

        Args:
            source_id: as in the path.
            size: bytes of the body as announced; one that is not announced counts as the largest there may be.

        Raises:
            UnavailableError: the source is over its rate (`rate_limited`), or too much comes in (`intake_full`).
        """
        source = source_id if source_id in self._sources else _UNKNOWN
        room = min(LONGEST_BODY if size is None else size, LONGEST_BODY)
        self._check_rate(source)
        self._check_room(source, room)
        self._inside[source] += 1
        self._bytes += room
        place = Place(self._clock, self._turns.take(source))
        try:
            yield place
        finally:
            self._inside[source] -= 1
            self._bytes -= room
            if place.read_at is not None:
                self._adjust(self._clock.monotonic() - place.read_at)
        if source != _UNKNOWN:
            now = self._clock.monotonic()
            self._find_bucket(source, now).take(now)

    def _adjust(self, taken: float) -> None:
        """Give places up at once and win them back slowly, as TCP does with its window (RFC 5681)."""
        if taken > self._limits.patience:
            self._places = max(float(_FEWEST), self._places * _LESS)
        else:
            self._places = min(float(self._limits.requests), self._places + 1 / self._places)

    def _check_rate(self, source: str) -> None:
        if source == _UNKNOWN:
            return
        now = self._clock.monotonic()
        wait = self._find_bucket(source, now).find_wait(now)
        if wait > 0:
            raise UnavailableError(
                "this source sends more than it may",
                code="rate_limited",
                retry_after=self._delay(max(wait, self._find_return(source, now))),
                hint="send it again after Retry-After seconds, or give the source a higher `rate`",
            )

    def _check_room(self, source: str, room: int) -> None:
        places = int(self._places)
        share = max(1, places // 2)
        taken = sum(min(inside, share) for inside in self._inside.values())  # of more, places were given up meanwhile
        if taken >= places or self._inside[source] >= share or self._bytes + room > self._limits.memory:
            raise UnavailableError(
                "too much comes in at once",
                code="intake_full",
                retry_after=self._delay(_PAUSE),
                hint="send it again after Retry-After seconds",
            )

    def _delay(self, wait: float) -> float:
        return max(wait, _PAUSE) + self._randomness.uniform(0.0, _JITTER)

    def _find_return(self, source: str, now: float) -> float:
        """Return in how many seconds it is the turn of one more who is told to come back."""
        if source not in self._returns:
            self._returns[source] = Bucket(Rate(1, 1 / self._find_rate(source)), now)
        wait = self._returns[source].find_wait(now)
        if wait < _LONGEST_RETURN:
            self._returns[source].take(now)
        return wait

    def _find_rate(self, source: str) -> float:
        return self._sources[source].rate or self._limits.rate

    def _find_bucket(self, source: str, now: float) -> Bucket:
        if source not in self._buckets:
            rate = self._find_rate(source)
            burst = max(1, math.ceil(rate * _BURST))
            self._buckets[source] = Bucket(Rate(burst, burst / rate), now)
        return self._buckets[source]
