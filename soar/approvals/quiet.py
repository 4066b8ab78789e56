"""The hours in which nobody is reminded of what is not critical."""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to before `end` of each day on the clocks of a zone, over midnight where `end` is the earlier."""

    start: time
    end: time
    zone: ZoneInfo

    def is_quiet(self, at: datetime) -> bool:
        """Whether this moment is within them."""
        now = at.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


def parse_quiet_hours(text: str, zone: str) -> QuietHours | None:
    """Read quiet hours; None where there are none.

    Args:
        text: such as `22:00-07:00`, or empty.
        zone: of the IANA's list, such as `Europe/Berlin`.

    Raises:
        ValueError: it is written otherwise, or there is no such zone.
    """
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {zone}") from error
    if not text:
        return None
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError("write from-to, such as 22:00-07:00")
    return QuietHours(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()), known)
