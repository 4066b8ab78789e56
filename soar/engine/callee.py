"""Calls of other playbooks."""

from dataclasses import replace

from soar.engine.commands import Call, StartRun
from soar.engine.events import RunEnded
from soar.engine.turn import Turn, timeout_timer
from soar.expr import ExpressionError
from soar.model.ids import derive_id
from soar.model.run import RunStatus, StepRecord, StepStatus
from soar.model.step import CallPlaybook, Step
from soar.model.values import JsonValue


def call_of(body: CallPlaybook, path: str, inputs: JsonValue) -> Call:
    """Return the call of a playbook as people approve it."""
    return Call(step=path, action=f"playbook.{body.playbook}", connection="", arguments=inputs, secrets=())


def start_playbook(turn: Turn, step: Step, body: CallPlaybook, record: StepRecord, approval: str | None) -> None:
    """Start the playbook; its run ends with ours, or before."""
    child = derive_id("run", turn.plan.run, record.path)
    running = replace(
        record,
        status=StepStatus.RUNNING,
        approval=approval,
        child=child,
        started_at=record.started_at or turn.at,
    )
    turn.put(running)
    call = call_of(body, record.path, record.arguments)
    turn.commands.append(StartRun(run=child, playbook=body.playbook, call=call, approval=approval))
    if step.timeout is not None:
        turn.start_timer(timeout_timer(record), step.timeout)


def take_end(turn: Turn, record: StepRecord, event: RunEnded) -> None:
    """Take the end of a run that a step has started."""
    step = turn.plan.program.step(record.path)
    if record.status is not StepStatus.RUNNING or record.child != event.run or not isinstance(step.body, CallPlaybook):
        return
    if record.fault is not None:
        turn.fail_with(record, record.fault)
        return
    if event.status != RunStatus.SUCCEEDED:
        ended = f"the playbook {step.body.playbook} ended as {event.status}"
        turn.fail(record, f"run.{event.status}", f"{ended}: {event.reason}" if event.reason else ended)
        return
    done = replace(record, output=event.outputs, has_output=True)
    try:
        outputs = turn.render_outputs(step, step.body.outputs, turn.place(record.path), event.outputs)
    except ExpressionError as error:
        turn.fail(done, error.code, f"it was done, but what comes after cannot be worked out: {error.message}")
        return
    turn.finish(replace(done, outputs=outputs), StepStatus.SUCCEEDED)
