"""How people decide, measured."""

from datetime import datetime, timedelta

from soar.api.call import Call
from soar.api.schemas.fatigue import FatigueQuery, FatigueView, view_fatigue
from soar.approvals.fatigue import measure_fatigue
from soar.model.approval import Approval
from soar.store import Unit

_BATCH = 500  # questions read at a time
_MOST = 10_000  # questions that are measured


async def show_fatigue(call: Call, query: FatigueQuery) -> FatigueView:
    """Show how fast people decide, how much each, and which gates never hear a no."""
    since = call.at - timedelta(days=query.days)

    def measure(unit: Unit) -> FatigueView:
        approvals, is_complete = _read_since(unit, since)
        return view_fatigue(measure_fatigue(approvals), since, is_complete=is_complete)

    return await call.read(measure)


def _read_since(unit: Unit, since: datetime) -> tuple[list[Approval], bool]:
    """Return the questions asked since a moment, the newest first, and whether these are all."""
    found: list[Approval] = []
    cursor: str | None = None
    while len(found) < _MOST:
        page = unit.approvals.list(_BATCH, cursor)
        found += [approval for approval in page.items if approval.asked_at > since]
        cursor = page.next
        if cursor is None or page.items[-1].asked_at <= since:
            return found, True
    return found, False
