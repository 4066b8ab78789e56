"""One event's worth of work on a run: a scratch copy of its state, and what came of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from soar.engine.commands import CancelApproval, CancelRun, CancelTimer, Command, ForgetEvents, StartTimer
from soar.engine.place import Place, find_place, view_fault
from soar.engine.plan import Plan
from soar.engine.state import Ending, Phase, RunState, check_step_transition
from soar.expr import EvaluationError, Scope, compile_expression, to_plain
from soar.model.errors import ActionCode
from soar.model.run import StepFault, StepRecord, StepStatus
from soar.model.step import UNDO_ACTION, AskPeople, Step, Template, UseAction, WaitForEvent
from soar.model.values import Value

_ELSEWHERE = "its run went another way"


class Turn:
    """The scratch copy. Rules read and write records here; nothing else of the engine keeps state."""

    def __init__(self, plan: Plan, state: RunState, at: datetime) -> None:
        self.plan = plan
        self.at = at
        self.state = state
        self.records: dict[str, StepRecord] = dict(state.records)
        self.changed: dict[str, None] = {}
        self.commands: list[Command] = []
        self._views: dict[tuple[tuple[str, str], ...], dict[str, Value]] = {}  # of all steps, by the elements around

    @property
    def is_halted(self) -> bool:
        """Whether the current list starts nothing more."""
        return self.state.ending is not None and self.state.ending.phase is self.state.phase

    def end(self, ending: Ending) -> None:
        """Put the run on its way out; an ending that came first in this phase stands."""
        if not self.is_halted:
            self.state = replace(self.state, ending=ending)

    def enter(self, phase: Phase) -> None:
        """Go on to the next of the playbook's lists."""
        self.state = replace(self.state, phase=phase)

    def put(self, record: StepRecord) -> None:
        """Set a record, if its status may follow the one before."""
        before = self.records.get(record.path)
        check_step_transition(record.path, before.status if before else StepStatus.PENDING, record.status)
        self.records[record.path] = record
        self._views.clear()
        self.changed[record.path] = None
        if before is not None and before.status is StepStatus.RUNNING and record.status.is_final:
            self._stop_clock(record)

    def _stop_clock(self, record: StepRecord) -> None:
        step = self.plan.program.step(record.path)
        if step.timeout is not None and has_own_clock(step):
            self.commands.append(CancelTimer(timer=timeout_timer(record)))

    def finish(
        self,
        record: StepRecord,
        status: StepStatus,
        reason: str | None = None,
        **more: Any,  # noqa: ANN401 -- fields of the record, each of its own type
    ) -> StepRecord:
        """Set a record's last status and moment, and what else is new in it."""
        done = replace(record, status=status, reason=reason or record.reason, finished_at=self.at, **more)
        self.put(done)
        return done

    def fail(self, record: StepRecord, code: str, message: str) -> None:
        """Let a step fail."""
        step = self.plan.program.step(record.path)
        fault = StepFault(code=code, message=message, attempts=max(record.attempt, 1), step=step.id or step.path)
        self.fail_with(record, fault)

    def fail_with(self, record: StepRecord, fault: StepFault) -> None:
        """Let a step fail because of what failed inside it."""
        self.put(replace(record, status=StepStatus.FAILED, fault=fault, finished_at=self.at))

    def start_timer(self, timer: str, delay: timedelta) -> None:
        """Ask to be told when so much time has passed."""
        self.commands.append(StartTimer(timer=timer, due_at=self.at + delay))

    def place(self, path: str) -> Place:
        """Return the place of a record."""
        return find_place(self.plan.program, self.records, self.state.ending, path)

    def cancel_waiting(self, part: str = "") -> None:
        """Take back every question and every planned attempt in a part of the document, or in all of it."""
        for path, record in list(self.records.items()):
            if part and path != part and not path.startswith((f"{part}/", f"{part}#")):
                continue
            match record.status:
                case StepStatus.WAITING if record.doubt is not None:
                    self.leave_unknown(record)
                    continue
                case StepStatus.WAITING:
                    self._cancel_wait(record)
                case StepStatus.RETRYING:
                    self.commands.append(CancelTimer(timer=retry_timer(record)))
                case StepStatus.PENDING:
                    pass
                case StepStatus.RUNNING if record.child and record.reason != _ELSEWHERE:
                    self.put(replace(record, reason=_ELSEWHERE))
                    self.commands.append(CancelRun(run=record.child, reason=_ELSEWHERE))
                    continue
                case _:
                    continue
            self.finish(record, StepStatus.CANCELLED)

    def leave_unknown(self, record: StepRecord) -> None:
        """Let a step fail of which nobody has found out in time what its call did."""
        self.commands.append(CancelTimer(timer=settle_timer(record)))
        self.fail(replace(record, doubt=None, settle_by=None), ActionCode.UNKNOWN_OUTCOME.value, record.doubt or "")

    def _cancel_wait(self, record: StepRecord) -> None:
        if record.approval is not None and asks_people(self.plan, record):
            self.commands.append(CancelApproval(approval=record.approval, reason=_ELSEWHERE))
            return
        self.commands.append(CancelTimer(timer=wait_timer(record)))
        if isinstance(self.plan.program.step(record.path).body, WaitForEvent):
            self.commands.append(ForgetEvents(path=record.path))

    # -- expressions --------------------------------------------------------------------------------------------------

    def evaluate(self, source: str, place: Place, extra: Mapping[str, Value] | None = None) -> Value:
        """Evaluate an expression at a place.

        Raises:
            EvaluationError: it cannot be evaluated with what is known there.
        """
        return compile_expression(source).evaluate(self.scope(place, extra))

    def decide(self, source: str, place: Place, extra: Mapping[str, Value] | None = None) -> bool:
        """Evaluate a condition.

        Raises:
            EvaluationError: it cannot be evaluated, or is no yes or no.
        """
        answer = self.evaluate(source, place, extra)
        if not isinstance(answer, bool):
            raise EvaluationError(f"`{source}` is no condition: it gives {_kind(answer)}", code="expr.type")
        return answer

    def render(self, key: str, source: Template, place: Place, extra: Mapping[str, Value] | None = None) -> Value:
        """Render the template that stands at `key` in the document.

        Raises:
            EvaluationError: one of its expressions cannot be evaluated.
        """
        template = self.plan.program.template(key, source)
        return template.render(self.scope(place, extra))

    def render_all(
        self, key: str, sources: Mapping[str, Template], place: Place, extra: Mapping[str, Value] | None = None
    ) -> dict[str, Value]:
        """Render the templates that stand by their names under `key` in the document.

        Raises:
            EvaluationError: one of their expressions cannot be evaluated.
        """
        if not sources:
            return {}
        program, scope = self.plan.program, self.scope(place, extra)
        return {name: program.template(f"{key}/{name}", source).render(scope) for name, source in sources.items()}

    def render_outputs(
        self, step: Step, sources: Mapping[str, Template], place: Place, output: Value
    ) -> dict[str, Value] | None:
        """Render a step's own outputs; None if it names none.

        Raises:
            EvaluationError: one of their expressions cannot be evaluated.
        """
        return self.render_all(f"{step.path}/outputs", sources, place, {"output": output}) or None

    def scope(self, place: Place, extra: Mapping[str, Value] | None = None) -> Scope:
        """Return the names that expressions at a place can use."""
        names: dict[str, Value] = {
            "inputs": dict(self.plan.inputs),
            "vars": dict(self.state.variables),
            "config": dict(self.plan.config),
            "steps": self._view_steps(place),
            "run": self._view_run(),
            **place.names,
            **(extra or {}),
        }
        if self.plan.alert is not None:
            names["alert"] = dict(self.plan.alert)
        return Scope(names=names, now=self.at)

    def _view_steps(self, place: Place) -> dict[str, Value]:
        view = self._views.get(place.elements)
        if view is None:
            paths = self.plan.program.paths.items()
            view = self._views[place.elements] = {
                name: view_step(self.records, place.locate(path)) for name, path in paths
            }
        return view

    def _view_run(self) -> dict[str, Value]:
        plan = self.plan
        return {
            "id": plan.run,
            "url": plan.url,
            "playbook": plan.playbook.id,
            "revision": plan.playbook.revision,
            "started_at": self.state.started_at,
            "actor": plan.initiator,
            "mode": plan.mode.value,
            "case": plan.case,
        }


def has_own_clock(step: Step) -> bool:
    """Whether a step's timeout is kept by a timer; that of a call is kept by whoever makes it."""
    return not isinstance(step.body, UseAction) or step.body.action == UNDO_ACTION


def timeout_timer(record: StepRecord) -> str:
    """Return the id of the timer that ends a step which takes too long."""
    return f"timeout:{record.path}"


def asks_people(plan: Plan, record: StepRecord) -> bool:
    """Whether a step that waits does so for people; one that waits behind its gate waits for its time or its event."""
    if record.approval is None or record.doubt is not None:
        return False
    return record.outcome is None or isinstance(plan.program.step(record.path).body, AskPeople)


def wait_timer(record: StepRecord) -> str:
    """Return the id of the timer that ends a wait."""
    return f"wait:{record.path}"


def retry_timer(record: StepRecord) -> str:
    """Return the id of the timer for the attempt after this one."""
    return f"retry:{record.path}:{record.attempt}"


def settle_timer(record: StepRecord) -> str:
    """Return the id of the timer after which nobody is waited for any more who would say what this attempt did."""
    return f"settle:{record.path}:{record.attempt}"


def view_step(records: Mapping[str, StepRecord], path: str) -> dict[str, Value]:
    """Return a step as `steps.<id>` shows it; a step that never ran is `skipped` and has no output."""
    record = records.get(path)
    if record is None:
        return {"status": StepStatus.SKIPPED.value}
    view: dict[str, Value] = {"status": record.status.value}
    if record.has_output:
        view["output"] = record.answer
    if record.outputs is not None:
        view["outputs"] = record.outputs
    if record.fault is not None:
        view["error"] = view_fault(record.fault)
    if record.approval is not None or record.outcome is not None:
        view["approval"] = {"outcome": record.outcome, "comment": record.comment, "id": record.approval}
    for name in ("started_at", "finished_at", "expires_at"):
        moment = getattr(record, name)
        if moment is not None:
            view[name] = moment
    items = _view_items(records, path)
    if items:
        view["items"] = items
    return view


def _view_items(records: Mapping[str, StepRecord], path: str) -> list[Value]:
    items: list[Value] = []
    while (element := records.get(f"{path}#{len(items)}")) is not None:
        item: dict[str, Value] = {"status": element.status.value}
        if element.has_output:
            item["output"] = element.answer
        if element.fault is not None:
            item["error"] = view_fault(element.fault)
        items.append(item)
    return items


def _kind(value: Value) -> str:
    match value:
        case None:
            return "null"
        case list():
            return "a list; did you mean `size(…) > 0`?"
        case dict():
            return "a map"
        case str():
            return "a text"
        case _:
            return f"`{to_plain(value)}`"
