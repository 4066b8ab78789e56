"""Calls of actions: what is sent, and what an answer means."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from soar.engine.commands import Call, HoldResponse, StartAction
from soar.engine.events import ActionFailed, ActionSucceeded
from soar.engine.place import Place
from soar.engine.retry import default_retry, delay_before_next, delay_unsent
from soar.engine.turn import Turn, retry_timer
from soar.expr import EvaluationError, ExpressionError, parse_duration, print_duration, to_plain
from soar.model.catalog import ActionSpec, Effect
from soar.model.errors import ActionCode, BugError
from soar.model.ids import derive_effect_key
from soar.model.run import Mode, StepRecord, StepStatus
from soar.model.step import Poll, Retry, Step, UseAction
from soar.model.values import JsonValue, Value, as_value


def use_of(step: Step) -> UseAction:
    """Return the body of a step that calls an action.

    Raises:
        BugError: it calls none.
    """
    if not isinstance(step.body, UseAction):
        raise BugError(f"{step.path} calls no action")
    return step.body


def spec_of(turn: Turn, step: Step) -> ActionSpec:
    """Return what is known of the action that a step calls.

    Raises:
        EvaluationError: no such action is installed.
    """
    name = use_of(step).action
    spec = turn.plan.actions.get(name)
    if spec is None:
        raise EvaluationError(f"`{name}` is not installed", code=ActionCode.INVALID.value)
    return spec


def connection_of(turn: Turn, step: Step) -> str:
    """Return the id of the connection that a step uses: its own, the playbook's default, or the connector's name."""
    use = use_of(step)
    connector = use.action.partition(".")[0]
    return use.connection or turn.plan.playbook.default_connections.get(connector) or connector


def frozen_call(turn: Turn, record: StepRecord) -> Call:
    """Return the call that a record has frozen, without evaluating anything."""
    step = turn.plan.program.step(record.path)
    use = use_of(step)
    template = turn.plan.program.template(f"{step.path}/with", use.arguments or {})
    return Call(
        step=record.path,
        action=use.action,
        connection=connection_of(turn, step),
        arguments=record.arguments,
        secrets=tuple((_pointer(keys), name) for keys, name in template.secrets),
    )


def _pointer(keys: tuple[str | int, ...]) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def targets_of(spec: ActionSpec, arguments: JsonValue) -> tuple[str, ...]:
    """Return what a call acts on, as texts."""
    if spec.targets is None or not isinstance(arguments, dict):
        return ()
    found = arguments.get(spec.targets)
    if isinstance(found, list):
        return tuple(str(target) for target in found)
    return () if found is None else (str(found),)


def start_call(turn: Turn, record: StepRecord, approval: str | None) -> None:
    """Start the next attempt at a frozen call."""
    running = begin_attempt(turn, record, approval)
    if running is not None:
        turn.commands.append(command_for(turn, running))


def begin_attempt(turn: Turn, record: StepRecord, approval: str | None) -> StepRecord | None:
    """Note that an attempt begins and return its record; in shadow mode, note what would have been done instead."""
    step = turn.plan.program.step(record.path)
    spec = spec_of(turn, step)
    if turn.plan.mode is Mode.SHADOW and spec.effect is not Effect.READ:
        turn.finish(replace(record, started_at=turn.at), StepStatus.SUCCEEDED, "shadow: this would have been called")
        return None
    running = replace(
        record,
        status=StepStatus.RUNNING,
        attempt=record.attempt + 1,
        approval=approval,
        started_at=record.started_at or turn.at,
        called_at=(record.called_at or turn.at) if use_of(step).poll else None,
    )
    turn.put(running)
    return running


def command_for(turn: Turn, record: StepRecord) -> StartAction:
    """Return the command for the attempt that a running record stands for; recovery uses it, too."""
    step = turn.plan.program.step(record.path)
    path, _, index = record.path.rpartition("#")
    iteration = int(index) if path and index.isdigit() else None
    return StartAction(
        call=frozen_call(turn, record),
        attempt=record.attempt,
        effect_key=derive_effect_key(turn.plan.run, path if iteration is not None else record.path, iteration, 0),
        approval=record.approval,
        timeout=_timeout_of(turn, step),
        targets=targets_of(spec_of(turn, step), record.arguments),
    )


def _timeout_of(turn: Turn, step: Step) -> float | None:
    timeout = step.timeout or turn.plan.playbook.default_timeout
    return timeout.total_seconds() if timeout else None


def succeed(turn: Turn, record: StepRecord, place: Place, event: ActionSucceeded) -> None:
    """Take an answer: the output, the step's own outputs, and the change we now hold.

    A step with `verify` is not over then: `soar.engine.verification` looks for what was done.
    """
    step = turn.plan.program.step(record.path)
    use = use_of(step)
    told = f"its answer was lost; {event.checked_by} says that it happened" if event.checked_by else record.reason
    done: dict[str, Any] = {"output": event.output, "has_output": True, "reason": told}
    try:
        if use.poll is not None and not turn.decide(use.poll.until, place, {"output": event.output}):
            _poll_again(turn, record, use.poll)
            return
        outputs: Value = turn.render_outputs(step, use.outputs, place, event.output)
        held = _hold(turn, step, place, record, event.output)
    except ExpressionError as error:
        message = f"it was done, but what comes after cannot be worked out: {error.message}"
        turn.fail(replace(record, **done), error.code, message)
        return
    expires = held.expires_at if held else None
    if use.verify is None:
        turn.finish(record, StepStatus.SUCCEEDED, outputs=outputs, expires_at=expires, **done)
    else:
        turn.put(replace(record, outputs=outputs, expires_at=expires, done_at=turn.at, **done))
    if held is not None:
        turn.commands.append(held)


def _poll_again(turn: Turn, record: StepRecord, poll: Poll) -> None:
    """Plan the next call; one that would come after the end of the poll's time is not made."""
    if turn.is_halted:
        turn.finish(record, StepStatus.CANCELLED, "the run ended before it was done")
    elif turn.at + poll.every > (record.called_at or turn.at) + poll.timeout:
        message = f"`{poll.until}` did not come true within {print_duration(poll.timeout)}"
        turn.fail(record, ActionCode.TIMEOUT.value, message)
    else:
        waiting = replace(
            record,
            status=StepStatus.RETRYING,
            settled=record.attempt,
            unsent_since=None,
            reason=f"`{poll.until}` is not true yet",
        )
        turn.put(waiting)
        turn.start_timer(retry_timer(waiting), poll.every)


def _hold(turn: Turn, step: Step, place: Place, record: StepRecord, output: Value) -> HoldResponse | None:
    use = use_of(step)
    if use.undo is None:
        return None
    spec = spec_of(turn, step)
    extra: Mapping[str, Value] = {"output": output}
    sources: Mapping[str, Value] = {"with": as_value(record.arguments), "output": output}
    if use.undo.action is not None:
        arguments = to_plain(turn.render(f"{step.path}/undo/with", use.undo.arguments or {}, place, extra))
        undo, connection = use.undo.action, use.undo.connection or use.undo.action.partition(".")[0]
    elif spec.undo is not None:
        arguments = pick_all(sources, spec.undo_arguments)
        undo, connection = f"{spec.connector}.{spec.undo}", connection_of(turn, step)
    else:
        raise EvaluationError(f"`{use.action}` has no inverse", code=ActionCode.INVALID.value)
    return HoldResponse(
        path=record.path,
        action=use.action,
        connection=connection,
        targets=targets_of(spec, record.arguments),
        undo_action=undo,
        undo_arguments=arguments,
        expires_at=_expiry(turn, step, use, place, extra),
        check_action=f"{spec.connector}.{spec.check}" if spec.check else None,
        check_arguments=pick_all(sources, spec.check_arguments) if spec.check else None,
        check_connection=connection_of(turn, step) if spec.check else None,
    )


def _expiry(turn: Turn, step: Step, use: UseAction, place: Place, extra: Mapping[str, Value]) -> datetime | None:
    if use.expires is None:
        return None
    delay = turn.render(f"{step.path}/expires", use.expires, place, extra)
    if isinstance(delay, str):
        delay = parse_duration(delay)
    if not isinstance(delay, timedelta):
        raise EvaluationError("`expires` is no duration", code="expr.type", hint="write 24h")
    return turn.at + delay


def pick_all(sources: Mapping[str, Value], paths: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return the arguments that a connector's own action takes from `with.x` and `output.x` of another one.

    Raises:
        EvaluationError: one of them is not there.
    """
    return {name: to_plain(_pick(sources, path)) for name, path in paths.items()}


def _pick(sources: Mapping[str, Value], path: str) -> Value:
    found: Value = dict(sources)
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            raise EvaluationError(f"`{path}` is needed, and it is not there", code="expr.missing")
        found = found[key]
    return found


def fail(turn: Turn, record: StepRecord, place: Place, event: ActionFailed) -> None:
    """Take a failure: plan another attempt, or let the step fail."""
    step = turn.plan.program.step(record.path)
    retry = use_of(step).retry or turn.plan.playbook.default_retry or default_retry(spec_of(turn, step))
    record = _note_unsent(turn, record, event)
    if event.is_unsent and not turn.is_halted and _wait_for_room(turn, record, retry, event):
        return
    delay = delay_before_next(
        retry,
        attempt=event.attempt - record.settled,
        code=event.code,
        retry_after=event.retry_after,
        jitter=event.jitter,
    )
    if delay is None or turn.is_halted or not _wants_retry(turn, retry.when, place, record, event):
        turn.fail(record, event.code, event.message)
        return
    _retry_later(turn, record, event, delay)


def _note_unsent(turn: Turn, record: StepRecord, event: ActionFailed) -> StepRecord:
    return replace(record, unsent_since=(record.unsent_since or turn.at) if event.is_unsent else None)


def _wait_for_room(turn: Turn, record: StepRecord, retry: Retry, event: ActionFailed) -> bool:
    """Plan the attempt again that did not reach the product, without counting it; return whether it has the time."""
    since = record.unsent_since or turn.at
    delay = delay_unsent(
        retry,
        attempt=event.attempt,
        code=event.code,
        retry_after=event.retry_after,
        jitter=event.jitter,
        patience=since + _limit_of(turn, record) - turn.at,
    )
    if delay is None:
        return False
    _retry_later(turn, replace(record, settled=record.settled + 1), event, delay)
    return True


def _limit_of(turn: Turn, record: StepRecord) -> timedelta:
    """Return how long a call may take: what the step says, or else the action."""
    step = turn.plan.program.step(record.path)
    return timedelta(seconds=_timeout_of(turn, step) or spec_of(turn, step).timeout)


def _retry_later(turn: Turn, record: StepRecord, event: ActionFailed, delay: timedelta) -> None:
    waiting = replace(record, status=StepStatus.RETRYING, reason=f"{event.code}: {event.message}")
    turn.put(waiting)
    turn.start_timer(retry_timer(waiting), delay)


def _wants_retry(turn: Turn, when: str | None, place: Place, record: StepRecord, event: ActionFailed) -> bool:
    if when is None:
        return True
    error: Value = {"code": event.code, "message": event.message, "attempts": event.attempt, "step": record.path}
    try:
        return turn.decide(when, place, {"error": error})
    except ExpressionError:
        return False
