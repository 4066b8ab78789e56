"""What expressions read, held against what there is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from soar.expr import Program, Reference
from soar.model.playbook import Playbook
from soar.model.step import SetValues, Step, walk_steps
from soar.playbook.context import ROOTS, Context
from soar.playbook.finding import Severity
from soar.playbook.report import Report, quote

STEP_FIELDS = (
    "status",
    "output",
    "outputs",
    "items",
    "error",
    "approval",
    "started_at",
    "finished_at",
    "expires_at",
)
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "alert": (
        "id",
        "source",
        "kind",
        "title",
        "severity",
        "time",
        "url",
        "entities",
        "labels",
        "fingerprint",
        "raw",
        "received_at",
    ),
    "run": ("id", "url", "playbook", "revision", "started_at", "actor", "mode", "case"),
    "error": ("step", "code", "message", "attempts"),
    "event": ("type", "at", "subject", "data"),
}
_ELSEWHERE: Mapping[str, str] = {
    "item": "it stands only inside `foreach`",
    "item_index": "it stands only inside `foreach`",
    "output": "it stands only in `outputs` and `undo.with`; elsewhere write steps.<id>.output",
    "event": "it stands only in the `match` of an event, and in an input's `from` where an event starts the playbook",
    "error": "it stands only in `on_failure` and `retry.when`",
    "steps": "no step has run yet",
    "inputs": "they are not there yet",
    "vars": "they are not there yet",
    "run": "it has not begun yet",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an expression, and where in it.

    Attributes:
        is_at_key: the fault concerns the whole value, so it is shown at its key.
    """

    code: str
    message: str
    hint: str | None
    position: int = 0
    length: int = 0
    is_at_key: bool = False
    severity: Severity = Severity.ERROR


class Names:
    """The names that a playbook defines."""

    def __init__(self, playbook: Playbook, report: Report) -> None:
        steps = walk_steps(playbook.steps + playbook.on_failure + playbook.finally_)
        self.steps: Mapping[str, Step] = {step.id: step for step in reversed(steps) if step.id}
        self._known: Mapping[str, Collection[str]] = {**_FIELDS, "inputs": playbook.inputs, "vars": playbook.variables}
        self._report = report

    def find_faults(self, program: Program, context: Context) -> list[Fault]:
        """Return which references of an expression lead nowhere."""
        faults = (self._judge(reference, context) for reference in program.references)
        return [fault for fault in faults if fault is not None]

    def _judge(self, reference: Reference, context: Context) -> Fault | None:
        root = reference.path[0]
        if root not in context.roots:
            return self._judge_root(root, reference, context)
        if len(reference.path) == 1:
            return None
        if root == "steps":
            return self._judge_step(reference, context)
        name = reference.path[1]
        known = self._known.get(root)
        if known is None or name in known:
            return None
        nouns = {"inputs": "input", "vars": "variable"}
        noun = f"no {nouns[root]} {quote(name)}" if root in nouns else f"no `{root}.{name}`"
        return _fault("P207", f"there is {noun}", self._report.suggest(name, known), reference)

    def _judge_root(self, root: str, reference: Reference, context: Context) -> Fault:
        if root == "secrets":
            advice = "name the secret where the action takes it, in `with:`"
            return _fault("P206", "a secret stands only in `with:`", advice, reference)
        if root in _ELSEWHERE:
            return _fault("P201", f"`{root}` is not known here", _ELSEWHERE[root], reference)
        hint = self._report.suggest(root, context.roots | ROOTS)
        if hint is None and root in self.steps:
            hint = f"write steps.{root}"
        elif hint is None and root in self._known["inputs"]:
            hint = f"write inputs.{root}"
        return _fault("P201", f"nothing is called {quote(root)} here", hint or "quote it if it is a text", reference)

    def _judge_step(self, reference: Reference, context: Context) -> Fault | None:
        name = reference.path[1]
        step = self.steps.get(name)
        if step is None:
            hint = self._report.suggest(name, context.visible) or "give the step an `id:`"
            return _fault("P202", f"there is no step {quote(name)}", hint, reference)
        if name not in context.visible:
            return _fault("P205", *explain_invisible(name), reference)
        if len(reference.path) == 2:  # noqa: PLR2004 - the step alone
            return None
        field = reference.path[2]
        if field not in STEP_FIELDS:
            hint = self._report.suggest(field, STEP_FIELDS) or f"its answer is steps.{name}.output"
            return _fault("P207", f"a step has no {quote(field)}", hint, reference)
        return self._judge_output(step, reference)

    def _judge_output(self, step: Step, reference: Reference) -> Fault | None:
        """Judge a field of a step whose output is written down in the playbook itself."""
        match step.body, reference.path:
            case SetValues(values=values), (_, name, "output", field, *_) if step.foreach is None and values:
                if field not in values:
                    hint = self._report.suggest(field, values)
                    return _fault("P207", f"the step {quote(name)} sets no {quote(field)}", hint, reference)
        return None


def explain_invisible(name: str) -> tuple[str, str]:
    """Return why a step cannot be read or waited for, and what to do."""
    return (
        f"the step {quote(name)} may not be over here",
        "read only steps that stand above, outside of handlers, and that `needs` names if it is given",
    )


def _fault(code: str, message: str, hint: str | None, reference: Reference) -> Fault:
    return Fault(code, message, hint, reference.position, reference.length)
