"""How many refusals are written down, so that strangers cannot fill the disk."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_WINDOW = timedelta(minutes=1)


@dataclass(slots=True)
class _Minute:
    """What was refused of one source since a moment."""

    start: datetime
    recorded: int = 0
    skipped: int = 0


class RefusalBudget:
    """So many refusals a minute and source are written down; the rest is counted. In memory: a restart forgets.

    Args:
        limit: so many.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._minutes: dict[str, _Minute] = {}

    def spend(self, source: str, now: datetime) -> int | None:
        """Return how many were passed over since the last that was written, or None if this one is passed over.

        Args:
            source: id of a source that is set up, or one name for all that are not; each is kept for good.
            now: the moment.
        """
        minute = self._minutes.setdefault(source, _Minute(now))
        if abs(now - minute.start) >= _WINDOW:
            minute.start, minute.recorded = now, 0
        if minute.recorded >= self._limit:
            minute.skipped += 1
            return None
        minute.recorded += 1
        skipped, minute.skipped = minute.skipped, 0
        return skipped
