"""`steps:` read from a document."""

from dataclasses import dataclass

from soar.model.step import (
    AfterFailure,
    AskGate,
    Choice,
    ChooseSteps,
    FailStep,
    Foreach,
    GroupSteps,
    OnFailure,
    ParallelSteps,
    SetValues,
    Step,
    StepBody,
    StopRun,
)
from soar.playbook import grammar
from soar.playbook.field import (
    Field,
    Fields,
    describe,
    id_called,
    id_named,
    int_between,
    list_of,
    open_map,
    read_bool,
    read_duration,
    read_expression,
    read_named,
    read_text,
    word_of,
)
from soar.playbook.gates import read_gate
from soar.playbook.node import Mapping, Scalar, Sequence, join_path
from soar.playbook.questions import read_question
from soar.playbook.uses import read_use
from soar.playbook.waits import read_wait

MAX_STEPS = 200
MAX_LEVELS = 5

_EXTRAS = {"uses": grammar.USES, "parallel": grammar.PARALLEL, "choose": grammar.CHOOSE}
_ALL_EXTRAS = tuple(key for extras in _EXTRAS.values() for key in extras)
_SPLIT_HINT = "move some into a playbook of their own"
_MAX_PARALLEL = 1000
_MAX_ITEMS = 100_000


@dataclass(slots=True)
class StepReader:
    """Reads lists of steps and counts them over the whole document."""

    count: int = 0
    level: int = 0

    def read_steps(self, field: Field) -> tuple[Step, ...]:
        """Read a list of steps, and those inside them."""
        if not isinstance(field.node, Sequence):
            hint = "begin each step with `- `" if isinstance(field.node, Mapping) else None
            field.fault("P100", f"a list of steps belongs here, not {describe(field.node)}", hint)
            return ()
        if self.level == MAX_LEVELS:
            field.fault("P107", f"steps are nested deeper than {MAX_LEVELS} levels", _SPLIT_HINT)
            return ()
        self.level += 1
        steps = [self._read_step(item) for item in field.items()]
        self.level -= 1
        return tuple(step for step in steps if step is not None)

    def _read_step(self, field: Field) -> Step | None:
        self.count += 1
        if self.count > MAX_STEPS:
            if self.count == MAX_STEPS + 1:
                field.fault("P107", f"a playbook has at most {MAX_STEPS} steps", _SPLIT_HINT)
            return None
        keys = open_map(field, (*grammar.STEP, *grammar.KINDS, *_ALL_EXTRAS), "a step, which is a map of keys,")
        if keys is None:
            return None
        return Step(
            path=join_path(field.path),
            body=self._read_body(field, keys),
            id=keys.find("id", id_called("step id")),
            name=keys.find("name", read_text),
            note=keys.find("note", read_text),
            condition=keys.find("if", read_expression),
            needs=keys.find("needs", _read_needs),
            foreach=keys.find("foreach", _read_foreach),
            gate=keys.find("approve", lambda inner: read_gate(inner, self.read_steps)),
            timeout=keys.find("timeout", read_duration),
            on_failure=keys.read("on_failure", self._read_on_failure, OnFailure()),
            saves=keys.find("saves", read_duration),
        )

    def _read_body(self, field: Field, keys: Fields) -> StepBody:
        kinds = [kind for kind in grammar.KINDS if kind in keys]
        kind = kinds[0] if kinds else "approve"
        if not kinds and "approve" not in keys:
            field.fault("P105", "the step does nothing", f"give it one of {', '.join(grammar.KINDS)} or approve")
            return AskGate()
        if len(kinds) > 1:
            shown = " and ".join(f"`{each}`" for each in kinds)
            field.fault("P105", f"a step does one thing, and this one has {shown}", "make two steps of it")
        for extra in _ALL_EXTRAS:
            found = keys.get(extra)
            if found is not None and not any(extra in _EXTRAS.get(each, ()) for each in kinds):
                found.fault("P106", f"`{extra}` does not go with `{kind}`", is_about_owner=True)
        chosen = keys.get(kind)
        return AskGate() if chosen is None else self._read_kind(kind, chosen, keys)

    def _read_kind(self, kind: str, field: Field, keys: Fields) -> StepBody:
        match kind:
            case "uses":
                return read_use(field, keys)
            case "steps":
                return GroupSteps(steps=self.read_steps(field))
            case "parallel":
                has_fail_fast = keys.read("fail_fast", read_bool, default=False)
                return ParallelSteps(branches=self._read_branches(field), has_fail_fast=has_fail_fast)
            case "choose":
                choices = tuple(choice for item in field.items() if (choice := self._read_choice(item)) is not None)
                return ChooseSteps(choices=choices, otherwise=keys.read("else", self.read_steps, ()))
            case "set":
                return SetValues(values=read_named(field) or {})
            case "ask":
                return read_question(field)
            case "wait":
                return read_wait(field)
            case "stop":
                return _read_stop(field)
            case "fail":
                return FailStep(message=read_text(field))
            case _:
                return AskGate()

    def _read_branches(self, field: Field) -> dict[str, tuple[Step, ...]]:
        if not isinstance(field.node, Mapping) or not field.entries():
            hint = "write `name: [steps]` for each of them"
            field.fault("P100", f"a map of branches belongs here, not {describe(field.node)}", hint)
        return {
            name: self.read_steps(entry)
            for name, entry in field.entries().items()
            if id_named(entry, name, "branch name")
        }

    def _read_choice(self, field: Field) -> Choice | None:
        keys = open_map(field, grammar.CHOICE, "a choice with `when` and `steps`")
        if keys is None:
            return None
        condition = keys.need("when", read_expression, "false")
        return Choice(condition=condition, steps=keys.need("steps", self.read_steps, ()))

    def _read_on_failure(self, field: Field) -> OnFailure | None:
        if isinstance(field.node, Sequence):
            return OnFailure(then=AfterFailure.HANDLE, steps=self.read_steps(field))
        word = word_of(("stop", "continue"))(field)
        return None if word is None else OnFailure(then=AfterFailure(word))


def _read_needs(field: Field) -> tuple[str, ...] | None:
    if isinstance(field.node, Scalar) and field.node.value is None:
        field.fault("P100", "a list of step ids belongs here", "write `[]` to start at once")
        return None
    return list_of(read_text)(field)


def _read_foreach(field: Field) -> Foreach | None:
    if not isinstance(field.node, Mapping):
        expression = read_expression(field)
        return None if expression is None else Foreach(expression=expression)
    keys = Fields(field, grammar.FOREACH)
    return Foreach(
        expression=keys.need("in", read_expression, "[]"),
        name=keys.read("as", id_called("id"), "item"),
        max_parallel=keys.read("max_parallel", int_between(1, _MAX_PARALLEL), 1),
        max_items=keys.read("max_items", int_between(1, _MAX_ITEMS), 1000),
        has_fail_fast=keys.read("fail_fast", read_bool, default=True),
    )


def _read_stop(field: Field) -> StopRun:
    keys = open_map(field, grammar.STOP, "`{}` or a map with `status` and `reason`")
    if keys is None:
        return StopRun()
    return StopRun(
        status=keys.read("status", word_of(("succeeded", "denied", "cancelled")), "succeeded"),
        reason=keys.template("reason"),
    )
