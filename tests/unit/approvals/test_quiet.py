"""Hours in which nobody is reminded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from soar.approvals.quiet import parse_quiet_hours
from soar.approvals.service import ApprovalService
from soar.model.alert import Severity
from soar.policy import DEFAULT_POLICY
from tests.support.builders import build_alert
from tests.support.world import World, play

GATED = """
name: Tried
on: {manual: {}}
steps:
  - {id: gated, uses: crm.note, with: {user: x}, approve: {by: role:analyst, reason: r}}
"""


@pytest.mark.parametrize(
    ("text", "zone", "moment", "is_quiet"),
    [
        ("22:00-07:00", "UTC", datetime(2026, 3, 1, 22, tzinfo=UTC), True),
        ("22:00-07:00", "UTC", datetime(2026, 3, 1, 6, 59, tzinfo=UTC), True),
        ("22:00-07:00", "UTC", datetime(2026, 3, 1, 7, tzinfo=UTC), False),
        ("12:00-13:00", "UTC", datetime(2026, 3, 1, 12, 30, tzinfo=UTC), True),
        ("12:00-13:00", "UTC", datetime(2026, 3, 1, 13, tzinfo=UTC), False),
        ("22:00-07:00", "Europe/Berlin", datetime(2026, 7, 1, 20, 30, tzinfo=UTC), True),
        ("22:00-07:00", "Europe/Berlin", datetime(2026, 1, 1, 20, 30, tzinfo=UTC), False),
    ],
)
def test_quiet_hours_are_those_of_the_clocks_there(text: str, zone: str, moment: datetime, is_quiet: bool) -> None:  # noqa: FBT001 -- of the table
    hours = parse_quiet_hours(text, zone)
    assert hours is not None
    assert hours.is_quiet(moment) is is_quiet


@pytest.mark.parametrize(("text", "zone"), [("22:00", "UTC"), ("late-early", "UTC"), ("", "Europe/Nowhere")])
def test_what_is_no_hours_is_refused(text: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_quiet_hours(text, zone)


@pytest.mark.parametrize(("severity", "reminders"), [(Severity.HIGH, 0), (Severity.CRITICAL, 2)])
def test_nobody_is_reminded_then_unless_it_is_critical_and_it_still_expires(severity: Severity, reminders: int) -> None:
    async def scenario(world: World) -> None:
        quiet = parse_quiet_hours("09:00-10:00", "UTC")
        world.timers._approvals = ApprovalService(ids=world.ids, policy=DEFAULT_POLICY, quiet=quiet)
        run = await world.start(GATED, alert=replace(build_alert(), severity=severity))
        await world.settle()
        for _ in range(4):
            await world.pass_time(timedelta(minutes=10))
        assert len(await world.audit("approval.reminded")) == reminders
        assert (await world.run(run)).status == "denied"
        lines = [message.text for message in await world.messages() if "still waiting" in message.text]
        assert len(lines) == reminders

    play(scenario)
