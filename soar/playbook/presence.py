"""What an expression reads that may not be there: the alert of a run started by hand, the output of a skipped step."""

from collections.abc import Iterable, Mapping

from soar.expr import ExpressionError, Program, Reference, compile_expression
from soar.model.playbook import Playbook
from soar.model.step import (
    AfterFailure,
    AfterSilence,
    AskPeople,
    ChooseSteps,
    Step,
    StopRun,
    WaitForEvent,
    list_branches,
    walk_steps,
)
from soar.playbook.context import Context
from soar.playbook.names import Fault
from soar.playbook.report import quote

_MAIN = "steps/"
_OUTPUTS = frozenset({"output", "outputs"})


class Presence:
    """What may be missing at which place of a playbook."""

    def __init__(self, playbook: Playbook) -> None:
        steps = walk_steps(playbook.steps + playbook.on_failure + playbook.finally_)
        self._steps: Mapping[str, Step] = {step.id: step for step in steps if step.id}
        groups = {step.path: step for step in steps if list_branches(step.body)}
        self._groups: Mapping[str, tuple[Step, ...]] = {
            step.path: tuple(group for path, group in groups.items() if step.path.startswith(f"{path}/"))
            for step in self._steps.values()
        }
        self._given: dict[tuple[str, ...], frozenset[tuple[str, ...]]] = {}
        self._stoppable = _list_behind_stop(playbook.steps)

    def find_faults(self, program: Program, context: Context) -> list[Fault]:
        """Return which references of an expression may find nothing; each step is named once."""
        faults: dict[str, Fault] = {}
        certain = self._list_certain(program, context)
        for reference in program.references:
            if reference.guarded or reference.path[:2] in certain:
                continue
            root = reference.path[0]
            if root == "alert" and root in context.roots and not context.is_alert_certain:
                if ("alert",) not in certain:
                    faults[root] = _ABSENT_ALERT
            elif self._may_lack(reference, context, certain):
                name = reference.path[1]
                hint = f"wrap it: default(steps.{name}.{reference.path[2]}…, …)"
                message = f"{quote(name)} may not have run, then it has no output"
                faults[name] = Fault("P213", message, hint, is_at_key=True)
        return list(faults.values())

    def _list_certain(self, program: Program, context: Context) -> frozenset[tuple[str, ...]]:
        """Return what the conditions around, or a look at its status in the same expression, make certain."""
        if context.conditions not in self._given:
            self._given[context.conditions] = _list_given(context.conditions)
        return self._given[context.conditions].union(
            reference.path[:2]
            for reference in program.references
            if reference.path[0] == "steps" and reference.path[2:3] == ("status",)
        )

    def _may_lack(self, reference: Reference, context: Context, certain: frozenset[tuple[str, ...]]) -> bool:
        match reference.path:
            case ("steps", name, field, *_) if field in _OUTPUTS and name in self._steps and name in context.visible:
                return self._may_step_lack(self._steps[name], context, certain)
            case _:
                return False

    def _may_step_lack(self, step: Step, context: Context, certain: frozenset[tuple[str, ...]]) -> bool:
        around = [group for group in self._groups[step.path] if group.path not in context.inside]
        if any(group.id and ("steps", group.id) in certain for group in around):
            return False
        is_main = step.path.startswith(_MAIN)
        if (context.is_aftermath and is_main) or (context.is_end and step.path in self._stoppable):
            return True
        return any(
            each.path in context.fallen
            or (each.condition is not None and each.condition not in context.conditions)
            or _may_be_denied(each)
            or _may_go_another_way(each)
            or (each.on_failure.then is not AfterFailure.STOP and not (each is step and _is_loop(step)))
            for each in (step, *around)
        )


_ABSENT_ALERT = Fault(
    "P212",
    "`alert` is absent when the playbook is started by hand, by schedule or by a call",
    "make it an input: `from: alert.…` with a default",
    is_at_key=True,
)


def _may_be_denied(step: Step) -> bool:
    return step.gate is not None and step.gate.on_deny.then is not AfterFailure.STOP


def _may_go_another_way(step: Step) -> bool:
    """Whether a step can end well without what is inside it, or without an answer."""
    match step.body:
        case ChooseSteps():
            return True
        case AskPeople(on_timeout=on_timeout) | WaitForEvent(on_timeout=on_timeout):
            return on_timeout is AfterSilence.CONTINUE
        case _:
            return False


def _is_loop(step: Step) -> bool:
    """Whether a step has an output even where all its elements fail: the list of those that did not."""
    return step.foreach is not None


def _list_behind_stop(steps: tuple[Step, ...]) -> frozenset[str]:
    """Return the paths of the steps that a run may end well without."""
    behind: list[str] = []
    has_stopped = False
    for step in walk_steps(steps):
        if has_stopped:
            behind.append(step.path)
        has_stopped = has_stopped or (isinstance(step.body, StopRun) and step.body.status == "succeeded")
    return frozenset(behind)


def _list_given(conditions: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Return what conditions make certain.

    A condition that reads a step has been judged itself: behind it, the step is taken to be as the condition wants it.
    """
    certain: set[tuple[str, ...]] = set()
    for reference in _list_references(conditions):
        certain.add(reference.path[:2])
        if reference.path[0] == "alert" and reference.guarded:
            certain.add(("alert",))
    return frozenset(certain)


def _list_references(sources: Iterable[str]) -> Iterable[Reference]:
    for source in sources:
        try:
            yield from compile_expression(source).references
        except ExpressionError:
            continue  # reported where the condition stands
