"""Whether what an action did can be seen: a step with `verify` has succeeded once the product shows it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from soar.engine.action import connection_of, pick_all, spec_of, use_of
from soar.engine.commands import Call, StartAction
from soar.engine.events import ActionFailed, ActionSucceeded, OutcomeUnknown
from soar.engine.place import Place
from soar.engine.turn import Turn, retry_timer
from soar.expr import EvaluationError, ExpressionError, print_duration, to_plain
from soar.model.catalog import Effect
from soar.model.errors import ActionCode, BugError
from soar.model.ids import derive_effect_key
from soar.model.run import StepFault, StepRecord, StepStatus
from soar.model.step import Step, Verify
from soar.model.values import JsonValue, Value, as_value

UNVERIFIED = "unverified"
"""How a step fails whose action answered well and whose effect was never seen."""


def is_looking(record: StepRecord) -> bool:
    """Whether an action has answered, and what it did is being looked for."""
    return record.done_at is not None and not record.status.is_final


def begin_looking(turn: Turn, record: StepRecord, place: Place) -> None:
    """Look for what an action did, which has just answered; what cannot be looked for is not seen."""
    try:
        look = _freeze_look(turn, turn.plan.program.step(record.path), place, record)
    except ExpressionError as error:
        _give_up(turn, record, f"it cannot be looked for: {error.message}")
        return
    start_look(turn, replace(record, look=look))


def start_look(turn: Turn, record: StepRecord) -> None:
    """Look once more, with what was frozen before the first look."""
    running = replace(record, status=StepStatus.RUNNING, attempt=record.attempt + 1)
    command = look_for(turn, running)
    try:
        _check_look(turn, command.call.action)
    except EvaluationError as error:
        _give_up(turn, record, f"it cannot be looked for: {error.message}")
        return
    turn.put(running)
    turn.commands.append(command)


def look_for(turn: Turn, record: StepRecord) -> StartAction:
    """Return the command for the look that a running record stands for; recovery uses it, too."""
    action, connection, arguments = read_look(record)
    return StartAction(
        call=Call(step=record.path, action=action, connection=connection, arguments=arguments, secrets=()),
        attempt=record.attempt,
        effect_key=derive_effect_key(turn.plan.run, f"{record.path}/verify", None, 0),
        approval=None,
        timeout=None,
        targets=(),
    )


def read_look(record: StepRecord) -> tuple[str, str, JsonValue]:
    """Return what looks for what a record's action did: an action, the connection, the arguments.

    Raises:
        BugError: nothing does.
    """
    match record.look:
        case {"action": str(action), "connection": str(connection), "arguments": arguments}:
            return action, connection, arguments
        case _:
            raise BugError(f"{record.path} verifies nothing")


def take_look(
    turn: Turn, record: StepRecord, place: Place, event: ActionSucceeded | ActionFailed | OutcomeUnknown
) -> None:
    """Take what a look came to: the step has succeeded, or is looked at again while there is time."""
    verify = _verify_of(turn.plan.program.step(record.path))
    is_counted = not (isinstance(event, ActionFailed) and event.is_unsent)
    looked = replace(record, looks=record.looks + is_counted)
    why = _find_absence(turn, verify, place, event)
    if why is None:
        seen = replace(looked, done_at=None, look=None, reason=None)
        turn.finish(seen, StepStatus.SUCCEEDED)
    elif turn.is_halted:
        turn.finish(looked, StepStatus.CANCELLED, f"it was done, and the run ended before it was seen: {why}")
    else:
        _look_again(turn, looked, verify, event, why)


def _verify_of(step: Step) -> Verify:
    verify = use_of(step).verify
    if verify is None:
        raise BugError(f"{step.path} verifies nothing")
    return verify


def _freeze_look(turn: Turn, step: Step, place: Place, record: StepRecord) -> JsonValue:
    """Resolve everything that a look sends.

    Raises:
        EvaluationError: the connector has no check, or an expression cannot be evaluated.
    """
    verify, verified, spec = _verify_of(step), use_of(step).action, spec_of(turn, step)
    defaults = turn.plan.playbook.default_connections
    connection = verify.find_connection(verified, connection_of(turn, step), defaults)
    if verify.action is not None:
        extra: Mapping[str, Value] = {"output": record.output}
        arguments = to_plain(turn.render(f"{step.path}/verify/with", verify.arguments or {}, place, extra))
        return {"action": verify.action, "connection": connection, "arguments": arguments}
    if spec.check is None:
        raise EvaluationError(f"the connector has no check for `{verified}`", code=ActionCode.INVALID.value)
    sources: Mapping[str, Value] = {"with": as_value(record.arguments), "output": record.output}
    found = pick_all(sources, spec.check_arguments)
    return {"action": f"{spec.connector}.{spec.check}", "connection": connection, "arguments": found}


def _check_look(turn: Turn, action: str) -> None:
    """Hold the action that looks against what is installed now.

    Raises:
        EvaluationError: it is not installed, or does more than read.
    """
    spec = turn.plan.actions.get(action)
    if spec is None:
        raise EvaluationError(f"`{action}` is not installed", code=ActionCode.INVALID.value)
    if spec.effect is not Effect.READ:
        raise EvaluationError(f"`{action}` does more than look", code=ActionCode.INVALID.value)


def _find_absence(
    turn: Turn, verify: Verify, place: Place, event: ActionSucceeded | ActionFailed | OutcomeUnknown
) -> str | None:
    """Return why a look has not seen what was done; None if it has."""
    match event:
        case ActionSucceeded(output=output):
            try:
                is_seen = turn.decide(verify.until, place, {"output": output})
            except ExpressionError as error:
                return error.message
            return None if is_seen else f"`{verify.until}` is not true"
        case ActionFailed(code=code, message=message):
            return f"{code}: {message}"
        case OutcomeUnknown(message=message):
            return message


def _look_again(
    turn: Turn,
    record: StepRecord,
    verify: Verify,
    event: ActionSucceeded | ActionFailed | OutcomeUnknown,
    why: str,
) -> None:
    asked = event.retry_after if isinstance(event, ActionFailed) else None
    delay = max(verify.every, timedelta(seconds=asked or 0))
    since = record.done_at or turn.at
    if record.looks >= verify.attempts or turn.at + delay > since + verify.timeout:
        looks = "1 look" if record.looks == 1 else f"{record.looks} looks"
        _give_up(turn, record, f"{looks} within {print_duration(verify.timeout)} did not show it: {why}")
        return
    waiting = replace(record, status=StepStatus.RETRYING, reason=f"it was done and is not seen yet: {why}")
    turn.put(waiting)
    turn.start_timer(retry_timer(waiting), delay)


def _give_up(turn: Turn, record: StepRecord, why: str) -> None:
    """Let a step fail whose effect was not seen; what it holds is held all the same."""
    step = turn.plan.program.step(record.path)
    use = use_of(step)
    held = "; it is held all the same, and can be taken back" if use.undo is not None else ""
    fault = StepFault(
        code=UNVERIFIED,
        message=f"`{use.action}` says that it was done, but {why}{held}",
        attempts=max(record.looks, 1),
        step=step.id or step.path,
    )
    turn.fail_with(replace(record, look=None, reason=None), fault)
