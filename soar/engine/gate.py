"""Gates: what is frozen, asked and decided before a step goes on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from soar.engine.action import frozen_call, spec_of, targets_of, use_of
from soar.engine.callee import call_of
from soar.engine.commands import Call, RequestApproval
from soar.engine.events import ApprovalDecided
from soar.engine.place import Place
from soar.engine.state import Ending
from soar.engine.turn import Turn
from soar.expr import EvaluationError, to_plain
from soar.model.canonical import digest
from soar.model.catalog import Effect
from soar.model.ids import derive_id
from soar.model.run import Mode, RunStatus, StepRecord, StepStatus
from soar.model.step import AfterFailure, CallPlaybook, Gate, Step, UseAction, list_branches, walk_steps
from soar.model.values import JsonValue, Value, print_timestamp


def digest_calls(*, workspace: str, run: str, revision: str, step: str, calls: Sequence[JsonValue]) -> str:
    """Return what an approval binds to: nothing but exactly these calls, for this step of this run and revision.

    Args:
        workspace: of the run.
        run: its id.
        revision: digest of its playbook.
        step: path of the gated step.
        calls: the calls as `Call.to_plain` writes them.
    """
    return digest({"workspace": workspace, "run": run, "revision": revision, "step": step, "calls": list(calls)})


def find_gate(turn: Turn, step: Step, place: Place) -> Gate | None:
    """Return the gate that asks before a step, if one does here and now.

    Raises:
        EvaluationError: its condition cannot be evaluated, or a supervised write has no gate to ask.
    """
    match turn.plan.mode:
        case Mode.SHADOW:
            return None
        case Mode.SUPERVISED if isinstance(step.body, UseAction) and _is_write(turn, step) and place.approval is None:
            return gate_of(turn, step)
        case Mode.LIVE | Mode.SUPERVISED:
            gate = step.gate
            is_asked = gate is not None and (gate.condition is None or turn.decide(gate.condition, place))
            return gate if is_asked else None


def gate_of(turn: Turn, step: Step) -> Gate:
    """Return the gate that a step waits or waited for: its own, or the playbook's default.

    Raises:
        EvaluationError: it has none.
    """
    gate = step.gate or turn.plan.playbook.default_gate
    if gate is None:
        raise EvaluationError("a supervised playbook needs `defaults.approve` for its writes", code="forbidden")
    return gate


def _is_write(turn: Turn, step: Step) -> bool:
    """Whether a step may change something; what another playbook does is not known here."""
    match step.body:
        case UseAction():
            return spec_of(turn, step).effect is not Effect.READ
        case body:
            return isinstance(body, CallPlaybook)


def freeze_arguments(turn: Turn, step: Step, place: Place) -> JsonValue:
    """Resolve what a step would send, be it to an action or to another playbook.

    Raises:
        EvaluationError: an expression in it cannot be evaluated, or the action is not installed.
    """
    body = step.body
    if not isinstance(body, CallPlaybook):
        body = use_of(step)
        spec_of(turn, step)
    return to_plain(turn.render(f"{step.path}/with", body.arguments or {}, place))


def frozen_step(turn: Turn, step: Step, record: StepRecord) -> Call:
    """Return the call of a record that has its arguments, without evaluating anything."""
    if isinstance(step.body, CallPlaybook):
        return call_of(step.body, record.path, record.arguments)
    return frozen_call(turn, record)


def ask(
    turn: Turn,
    step: Step,
    place: Place,
    gate: Gate,
    record: StepRecord,
    calls: tuple[Call, ...],
    *,
    supersedes: str | None = None,
) -> None:
    """Freeze the calls and ask people about them, perhaps instead of what they were asked before.

    Raises:
        EvaluationError: something that people would be shown cannot be evaluated.
    """
    rounds = () if supersedes is None else (supersedes,)
    approval = derive_id("ap", turn.plan.run, place.path, *rounds)
    command = replace(_request(turn, step, place, gate, approval, calls), supersedes=supersedes)
    turn.put(replace(record, status=StepStatus.WAITING, approval=approval, started_at=turn.at))
    turn.commands.append(command)


def _request(
    turn: Turn, step: Step, place: Place, gate: Gate, approval: str, calls: tuple[Call, ...]
) -> RequestApproval:
    plan, key = turn.plan, f"{step.path}/approve"
    specs = ((turn.plan.actions.get(call.action), call.arguments) for call in calls)
    targets = [target for spec, arguments in specs if spec for target in targets_of(spec, arguments)]
    return RequestApproval(
        approval=approval,
        path=place.path,
        label=step.label,
        digest=digest_calls(
            workspace=plan.workspace,
            run=plan.run,
            revision=plan.playbook.revision,
            step=place.path,
            calls=[call.to_plain() for call in calls],
        ),
        calls=calls,
        targets=tuple(targets),
        by=gate.by,
        quorum=_quorum(turn, key, gate, place),
        has_veto=gate.has_veto,
        exclude=gate.exclude,
        assurance=gate.assurance,
        reason=_text(turn.render(f"{key}/reason", gate.reason, place)) or step.label,
        impact=_text(turn.render(f"{key}/impact", gate.impact, place)),
        evidence=_evidence(turn, key, gate, place),
        undo=step.body.undo.action if isinstance(step.body, UseAction) and step.body.undo else None,
        confirm=_text(turn.render(f"{key}/confirm", gate.confirm, place)) or None,
        comment=gate.comment,
        timeout=gate.timeout,
        remind=gate.remind,
        escalate=tuple((level.after, level.to, level.via) for level in gate.escalate),
        channel=gate.channel,
        may_choose=gate.may_choose and step.foreach is not None and not gate.per_item,
    )


def _quorum(turn: Turn, key: str, gate: Gate, place: Place) -> int:
    quorum = turn.render(f"{key}/quorum", gate.quorum, place)
    if isinstance(quorum, bool) or not isinstance(quorum, int) or quorum < 1:
        raise EvaluationError("`quorum` is no whole number above zero", code="expr.type")
    return quorum


def _evidence(turn: Turn, key: str, gate: Gate, place: Place) -> tuple[tuple[str, str], ...]:
    """Render the evidence; what is null is left out."""
    rendered = (
        (label, turn.render(f"{key}/evidence/{label}", source, place)) for label, source in gate.evidence.items()
    )
    return tuple((label, _text(value)) for label, value in rendered if value is not None)


def _text(value: Value) -> str:
    """Write a value for people."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_text, value)) or "none"
        case dict():
            return ", ".join(f"{key}: {_text(content)}" for key, content in value.items())
        case datetime():
            return print_timestamp(value)
        case _:
            return str(value)


def freeze_group(turn: Turn, step: Step, place: Place) -> tuple[Call, ...]:
    """Freeze the arguments of every action inside a gated group, so that exactly these are approved.

    Raises:
        EvaluationError: one depends on another's output, or repeats over a list: such a step needs its own gate.
    """
    calls: list[Call] = []
    for inner in (inner for branch in list_branches(step.body) for inner in walk_steps(branch.steps)):
        if not _is_write(turn, inner):
            continue
        if inner.foreach is not None:
            raise EvaluationError(f"{inner.label} repeats over a list", code="P405", hint="gate the step itself")
        within = turn.place(place.locate(inner.path))
        arguments = freeze_arguments(turn, inner, within)
        record = StepRecord(path=within.path, status=StepStatus.PENDING, arguments=arguments)
        turn.put(record)
        calls.append(frozen_step(turn, inner, record))
    return tuple(calls)


def deny(turn: Turn, record: StepRecord, gate: Gate, event: ApprovalDecided) -> None:
    """Take a no, whoever or whatever said it."""
    if event.outcome == "expired" and gate.on_timeout == "fail":
        turn.fail(record, "timeout", "nobody decided in time")
        return
    if event.outcome == "refused":
        turn.fail(record, "forbidden", event.comment or "nobody may decide this")
        return
    turn.finish(record, StepStatus.DENIED, _say_outcome(event))
    if gate.on_deny.then is AfterFailure.STOP:
        label = turn.plan.program.step(record.path).label
        turn.end(Ending(status=RunStatus.DENIED, reason=f"{label}: {_say_outcome(event)}", phase=turn.state.phase))


def _say_outcome(event: ApprovalDecided) -> str:
    match event.outcome:
        case "expired":
            return "nobody decided in time, so the answer is no"
        case "denied" if event.comment:
            return f"denied: {event.comment}"
        case _:
            return event.outcome
