"""Whether one source is alone with what it sends, or delays others. Pure: seconds in."""

_LASTS = 10.0  # seconds for which a source that had something is reckoned with


class Company:
    """Knows whether two sources have had something within ten seconds of each other."""

    def __init__(self) -> None:
        self._last: str | None = None
        self._changed_at: float | None = None

    def note(self, source: str, now: float) -> None:
        """Say that a source has something, at so many seconds of a clock that never goes back."""
        if self._last not in (None, source):
            self._changed_at = now
        self._last = source

    def is_there(self, now: float) -> bool:
        """Whether more than one source is about."""
        return self._changed_at is not None and now - self._changed_at < _LASTS
