"""What is going on now."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

from soar.access.permissions import Permission
from soar.access.things import Thing
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.emergency import view_opening
from soar.api.schemas.now import Counts, FirstAlertView, NowView
from soar.api.schemas.policy import view_freeze
from soar.api.schemas.responses import ResponseView
from soar.api.schemas.runs import RunView
from soar.api.things import Shown, Things
from soar.api.views import Views
from soar.model.approval import Approval, ApprovalStatus
from soar.model.response import ResponseStatus
from soar.model.run import Run, RunStatus
from soar.store import Unit

M = TypeVar("M")

_SHOWN = 5
_COUNTED = 200
_DAY = timedelta(hours=24)
_OPEN = (RunStatus.WAITING, RunStatus.RUNNING, RunStatus.QUEUED)
_BROKEN = (RunStatus.FAILED, RunStatus.TIMED_OUT)


async def show_now(call: Call, _: Nothing) -> NowView:
    """Show what needs somebody, and what is under way."""
    first = await call.services.first_alert()
    sample = FirstAlertView(curl=first.curl, cli=first.cli) if first else None
    return await call.read(lambda unit: _Board(call, unit).show(sample))


class _Board:
    """What one caller is shown, read in one transaction; a part they may not see stays empty."""

    def __init__(self, call: Call, unit: Unit) -> None:
        self._call = call
        self._unit = unit
        self._views = Views(call, unit)
        self._things = Things(call, unit)

    def show(self, sample: FirstAlertView | None) -> NowView:
        waiting = self._find_waiting()
        mine = [approval for approval in waiting if self._views.explain_no(approval) is None]
        open_runs = self._find_runs(_OPEN)
        is_empty = not self._unit.alerts.list(1).items
        return NowView(
            waiting_for_me=tuple(map(self._views.show_approval, mine[:_SHOWN])),
            waiting_for_others=len(waiting) - len(mine),
            running=self._show_runs(open_runs),
            broke=self._show_runs([run for run in self._find_runs(_BROKEN) if self._is_recent(run)]),
            responses_ending=self._find_ending(),
            counts=Counts(alerts=self._count_alerts(), runs=len(open_runs), waiting=len(waiting)),
            first_alert=sample if is_empty else None,
            emergencies=tuple(map(view_opening, self._unit.openings.unreviewed())),
            freezes=tuple(view_freeze(self._unit, each) for each in self._unit.freezes.list()),
        )

    def _may(self, permission: Permission) -> bool:
        return permission in self._call.permissions

    def _keep(self, permission: Permission, describe: Callable[[M], Thing], found: Iterable[M]) -> tuple[M, ...]:
        return Shown(self._call, permission, describe).keep(found)

    def _find_waiting(self) -> Sequence[Approval]:
        if not self._may(Permission.APPROVAL_READ):
            return ()
        found = self._unit.approvals.list(_COUNTED, status=ApprovalStatus.PENDING).items
        return self._keep(Permission.APPROVAL_READ, self._things.of_approval, found)

    def _find_runs(self, statuses: Sequence[RunStatus]) -> list[Run]:
        if not self._may(Permission.RUN_READ):
            return []
        found = [run for status in statuses for run in self._unit.runs.list(_COUNTED, status=status).items]
        kept = self._keep(Permission.RUN_READ, self._things.of_run, found)
        return sorted(kept, key=lambda run: run.created_at, reverse=True)

    def _show_runs(self, runs: Sequence[Run]) -> tuple[RunView, ...]:
        return tuple(map(self._views.show_run, runs[:_SHOWN]))

    def _is_recent(self, run: Run) -> bool:
        return run.finished_at is not None and run.finished_at > self._call.at - _DAY

    def _find_ending(self) -> tuple[ResponseView, ...]:
        if not self._may(Permission.RESPONSE_READ):
            return ()
        found = self._unit.responses.list(_COUNTED, status=ResponseStatus.ACTIVE).items
        held = self._keep(Permission.RESPONSE_READ, self._things.of_response, found)
        until = self._call.at + _DAY
        ending = sorted(
            (response.expires_at, response.id, response)
            for response in held
            if response.expires_at is not None and response.expires_at <= until
        )
        return tuple(self._views.show_response(response) for _, _, response in ending[:_SHOWN])

    def _count_alerts(self) -> int:
        if not self._may(Permission.ALERT_READ):
            return 0
        since = self._call.at - _DAY
        found = self._keep(Permission.ALERT_READ, self._things.of_alert, self._unit.alerts.list(_COUNTED).items)
        return sum(alert.received_at > since for alert in found)
