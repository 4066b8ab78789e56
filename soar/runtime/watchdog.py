"""Sees to it that no run waits for something that never comes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import assert_never

from soar.approvals.service import ApprovalService
from soar.audit.record import record
from soar.engine.events import LiftEnded, RunStarted, dump_event
from soar.engine.need import Need, NeedKind, list_needs
from soar.engine.replay import fold
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.dead_letter import DeadLetter, LetterKind, name_letter
from soar.model.errors import BugError, SoarError, UnavailableError
from soar.model.ids import Ids, derive_id
from soar.model.response import ResponseStatus
from soar.model.run import Run, RunStatus
from soar.runtime.children import release, tell_end
from soar.runtime.commit import dump_timer
from soar.runtime.parking import describe_fault
from soar.runtime.plans import Planner
from soar.runtime.queue import Report
from soar.store import Store, Unit

INTERVAL = 300.0
"""Seconds between two looks at the runs."""

_ACTOR = Actor(kind="system", id="watchdog", name="soar", via="engine")


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a look at a run has come to.

    Attributes:
        missing: what it waits for and is nowhere to be found.
        fault: why it could not be looked at.
    """

    missing: tuple[Need, ...] = ()
    fault: str | None = None


class Watchdog:
    """Looks at every run that nothing would wake: what it waits for is put there, or people are told.

    Args:
        store: where the runs are.
        planner: makes plans.
        approvals: knows the questions.
        clock: real or virtual.
        ids: new identifiers.
        recall: has those driven that are not at rest.
        report: told of runs that nothing will wake, for the log.
    """

    def __init__(
        self,
        *,
        store: Store,
        planner: Planner,
        approvals: ApprovalService,
        clock: Clock,
        ids: Ids,
        recall: Callable[[], Awaitable[None]],
        report: Report,
    ) -> None:
        self._store = store
        self._planner = planner
        self._approvals = approvals
        self._clock = clock
        self._ids = ids
        self._recall = recall
        self._report = report

    async def run(self) -> None:
        """Look at the runs now and every five minutes, until cancelled. A store that takes nothing now is no fault."""
        while True:
            try:
                await self.look()
            except UnavailableError as error:
                self._report("", "", error)
            await self._clock.sleep(INTERVAL)

    async def look(self) -> int:
        """Look once at every run that nothing would wake; return how many waited for something that was not there.

        A run that waits for several things at once is looked at when the last of those that are there is over.
        """
        await self._recall()
        return sum([await self._look_at(*resting) for resting in await self._store.forgotten_runs()])

    async def _look_at(self, workspace: str, run: str) -> bool:
        """Look at one run; return whether it waited for something that was not there."""
        try:
            finding = await self._store.read(workspace, partial(self._examine, run_id=run))
            if not finding.missing and finding.fault is None:
                return False
            await self._help(workspace, run)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one run is not wrong with the others
            self._report(workspace, run, error)
        return True

    async def _help(self, workspace: str, run: str) -> None:
        """Look again in the transaction that mends what can be mended."""
        now = self._clock.now()
        stuck = await self._store.write(workspace, lambda unit: self._mend(unit, run, now))
        if stuck is not None:
            self._report(workspace, run, BugError(stuck))

    def _examine(self, unit: Unit, run_id: str) -> _Finding:
        run = unit.runs.get(run_id)
        if run is None or run.status.is_final or unit.inbox.peek(run_id):
            return _Finding()
        if run.is_held:
            return _Finding((Need(kind=NeedKind.START),) if _may_begin(unit, run) else ())
        try:
            plan, state = self._planner.plan(unit, run), fold(unit.journal.load(run_id))
            needs = list_needs(plan, state, self._clock.now())
            return _Finding(tuple(need for need in needs if not self._is_met(unit, run, need)))
        except (SoarError, LookupError, TypeError, ValueError) as error:  # what makes a run one that is buried
            return _Finding(fault=describe_fault(error))

    def _is_met(self, unit: Unit, run: Run, need: Need) -> bool:
        match need.kind:
            case NeedKind.START:
                return False
            case NeedKind.TIMER:
                return unit.timers.get(f"{run.id}:{need.id}") is not None
            case NeedKind.APPROVAL:
                return self._approvals.is_ending(unit, need.id)
            case NeedKind.RUN:
                child = unit.runs.get(need.id)
                return child is not None and not child.status.is_final
            case NeedKind.LIFT:
                response = unit.responses.get(derive_id("ar", run.id, need.id))
                return response is not None and response.status is ResponseStatus.LIFTING
            case _:
                assert_never(need.kind)

    def _mend(self, unit: Unit, run_id: str, now: datetime) -> str | None:
        """Put what is missing where it belongs; return what is left that a run waits for in vain."""
        finding, run = self._examine(unit, run_id), unit.runs.get(run_id)
        if run is None:
            return None
        lost = [need for need in finding.missing if not self._supply(unit, run, need, now)]
        mended = [need for need in finding.missing if need not in lost]
        if mended:
            self._record(unit, run, "run.mended", Outcome.SUCCESS, _say(mended), now)
        reason = finding.fault or (f"it waits in vain for {_say(lost)}" if lost else None)
        if reason is not None:
            self._tell_people(unit, run, reason, now)
        return reason

    def _supply(self, unit: Unit, run: Run, need: Need, now: datetime) -> bool:
        """Put one thing where it belongs; return whether that could be done."""
        match need.kind:
            case NeedKind.START if run.concurrency_key is not None and run.is_held:
                release(unit, run.concurrency_key, now)
            case NeedKind.START:
                unit.inbox.add(run.id, dump_event(RunStarted(at=now)), now)
            case NeedKind.TIMER:
                if need.timer is None:
                    return False
                unit.timers.set(dump_timer(run.id, need.timer))
            case NeedKind.APPROVAL:
                return self._approvals.end_or_arrange(unit, need.id, now)
            case NeedKind.RUN:
                _tell_of_child(unit, run, need, now)
            case NeedKind.LIFT:
                _tell_of_lift(unit, run, need, now)
            case _:
                assert_never(need.kind)
        return True

    def _tell_people(self, unit: Unit, run: Run, reason: str, now: datetime) -> None:
        letter = name_letter(LetterKind.STUCK, run.id)
        known = unit.dead_letters.get(letter)
        if known is None:
            self._record(unit, run, "run.stuck", Outcome.FAILURE, reason, now)
        unit.dead_letters.put(
            DeadLetter(
                id=letter,
                kind=LetterKind.STUCK,
                subject=run.id,
                reason=reason,
                first_at=known.first_at if known else now,
                at=now,
                tries=known.tries + 1 if known else 1,
            )
        )

    def _record(self, unit: Unit, run: Run, kind: str, outcome: Outcome, reason: str, now: datetime) -> None:
        event = AuditEvent(
            type=kind,
            outcome=outcome,
            actor=_ACTOR,
            target={"kind": "run", "id": run.id},
            reason=reason,
            context={"run": run.id, "playbook": run.playbook, "revision": run.revision},
        )
        record(unit, event, at=now, id=self._ids.new("ev"))


def _may_begin(unit: Unit, run: Run) -> bool:
    """Whether a run is held although there is room for it."""
    if run.concurrency_key is None:
        return True
    begun = sum(not other.is_held for other in unit.runs.list_sharing(run.concurrency_key))
    return begun < run.concurrency_max


def _tell_of_child(unit: Unit, run: Run, need: Need, now: datetime) -> None:
    child = unit.runs.get(need.id)
    if child is None:
        tell_end(unit, run.id, need.path, need.id, RunStatus.REJECTED, {}, "it was never started", now)
    else:
        tell_end(unit, run.id, need.path, child.id, child.status, dict(child.outputs), child.reason, now)


def _tell_of_lift(unit: Unit, run: Run, need: Need, now: datetime) -> None:
    response = unit.responses.get(derive_id("ar", run.id, need.id))
    is_lifted = response is not None and response.status is ResponseStatus.LIFTED
    reason = None if is_lifted else (response and response.fault) or "nobody takes it back"
    event = LiftEnded(at=now, path=need.id, is_lifted=is_lifted, reason=reason)
    unit.inbox.add(run.id, dump_event(event), now)


def _say(needs: list[Need]) -> str:
    return ", ".join(f"{need.kind.value} {need.id}".strip() for need in needs)
