"""How many runs are driven at once while the loop is late. Pure: seconds in, places out."""

from soar.runtime.company import Company

_LATE = (
    0.004  # seconds; what waits so long for the loop would wait about as long for the writer, and again at each step
)
_LESS = 0.9  # of the places are left after a wait that was too long
_MORE = 1.02  # times as many after one that was not: where one wait in six is too long, the number stays
_FEWEST = 2.0  # places however late the loop is


class Headroom:
    """Keeps the loop punctual for the others while one source has much to run.

    Runs that are driven at once share one loop and one writer. Beyond a few they make each other later and are hardly
    done sooner, which is all the same to a source with a thousand more in line, and not to one with a single run. So
    the places become fewer while the loop is late, and more while it is not; but only where two sources have runs, as
    one alone delays nobody else.

    Args:
        most: places while nothing is late.
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._fewest = min(_FEWEST, self._most)
        self._places = self._most
        self._company = Company()

    def note_delay(self, seconds: float) -> None:
        """Say how long something that was ready has waited for the loop."""
        if seconds > _LATE:
            self._places = max(self._fewest, self._places * _LESS)
        else:
            self._places = min(self._most, self._places * _MORE)

    def note_source(self, source: str, now: float) -> None:
        """Say that a source has something to run, at so many seconds of a clock that never goes back."""
        self._company.note(source, now)

    def has_company(self, now: float) -> bool:
        """Whether two sources have runs."""
        return self._company.is_there(now)

    def find_places(self, now: float) -> float:
        """Return how many places there are."""
        return self._places if self.has_company(now) else self._most
