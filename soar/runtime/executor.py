"""One call made, and what came of it as an event."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson

from soar.engine.check import find_check_arguments, read_verdict
from soar.engine.commands import StartAction
from soar.engine.events import ActionFailed, ActionSucceeded, Event, OutcomeUnknown
from soar.engine.place import is_element
from soar.engine.plan import Plan
from soar.engine.retry import is_checkable
from soar.engine.state import RunState
from soar.model.alert import Severity
from soar.model.catalog import ActionSpec, Effect
from soar.model.clock import Clock
from soar.model.errors import ActionCode
from soar.model.ids import Randomness
from soar.model.process import ActionCall, ActionHost
from soar.model.run import StepRecord
from soar.model.standing import Standing, find_source
from soar.model.step import UseAction
from soar.model.values import JsonValue, as_value

OUTPUT_TOO_LARGE = "output_too_large"
"""Code of a call whose output is larger than that, or more than its run may still keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTerms:
    """What calls may bring, unless the site says otherwise.

    Attributes:
        output: bytes that one action's output may have as JSON.
        outputs: bytes that all outputs of a run's actions may have together.
        patience: how long a run waits for people to find out what a call did whose outcome is unknown: as long as for
            a gate.
    """

    output: int = 1024 * 1024
    outputs: int = 64 * 1024 * 1024
    patience: timedelta = timedelta(minutes=30)


CALL_TERMS = CallTerms()
"""Those of a site that says nothing."""

Answer = ActionSucceeded | ActionFailed | OutcomeUnknown


class Executor:
    """Makes calls whose intent is durable.

    Args:
        host: where connector code runs.
        clock: for the moment of the answer.
        randomness: for the jitter of the next attempt, drawn here so that a replay waits as long.
        terms: what calls may bring.
    """

    def __init__(
        self, *, host: ActionHost, clock: Clock, randomness: Randomness, terms: CallTerms = CALL_TERMS
    ) -> None:
        self._host = host
        self._clock = clock
        self._randomness = randomness
        self._terms = terms

    async def execute(self, plan: Plan, command: StartAction) -> Answer:
        """Make the call and return how it ended; if its answer is lost and its action has a check, what that says."""
        answer = await self._send(plan, command)
        if isinstance(answer, OutcomeUnknown) and is_checkable(plan.actions[command.call.action]):
            return await self.find_out(plan, command, answer)
        return answer

    def lose(self, command: StartAction, message: str) -> OutcomeUnknown:
        """Return the outcome of a call of which nobody knows what it did."""
        return OutcomeUnknown(
            at=self._clock.now(),
            path=command.call.step,
            attempt=command.attempt,
            message=message,
            patience=self._terms.patience.total_seconds(),
        )

    async def find_out(self, plan: Plan, command: StartAction, lost: OutcomeUnknown) -> Answer:
        """Ask the check of a call's action what became of the call, which is not made again.

        Returns:
            That it happened, with what the check knows of it; that nothing came of it, so that it may be tried again;
            or what was known before, if the check cannot say.
        """
        call, spec = command.call, plan.actions[command.call.action]
        check = plan.actions.get(f"{spec.connector}.{spec.check}")
        arguments = find_check_arguments(spec, call)
        if check is None or arguments is None:
            return lost
        answer = await self._host.call(
            replace(
                _describe_call(plan, command, check.timeout),
                action=check.full_name,
                arguments=dict(arguments),
                secrets=(),
            )
        )
        if answer.code is not None:
            return replace(lost, message=f"{lost.message}; {check.full_name} cannot tell: {answer.message}")
        verdict = read_verdict(spec, answer.output)
        if verdict.has_happened is None:
            return replace(lost, message=f"{lost.message}; {check.full_name} does not say whether it happened")
        if not verdict.has_happened:
            return self._deny(command, f"its answer was lost, and {check.full_name} says that it did not happen")
        return self._accept(spec, command, verdict.output, check.full_name)

    def _deny(self, command: StartAction, message: str) -> ActionFailed:
        """Return the failure of a call of which nothing came for sure."""
        return ActionFailed(
            at=self._clock.now(),
            path=command.call.step,
            attempt=command.attempt,
            code=ActionCode.TIMEOUT.value,
            message=message,
            jitter=self._randomness.uniform(0.0, 1.0),
            is_unsent=True,
        )

    def limit_run(self, plan: Plan, event: Event, kept: int) -> tuple[Event, int]:
        """Refuse what a read has answered if its run would then keep too much; what a write answered is always kept.

        Args:
            plan: of the run.
            event: what the run is told.
            kept: bytes that the outputs of its actions have so far.

        Returns:
            What the run is told instead, and how many bytes its outputs have with it.
        """
        if not isinstance(event, ActionSucceeded):
            return event, kept
        size = measure(event.output)
        body = plan.program.step(event.path).body
        spec = plan.actions.get(body.action) if isinstance(body, UseAction) else None
        if kept + size <= self._terms.outputs or spec is None or spec.effect is not Effect.READ:
            return event, kept + size
        message = (
            f"its output has {size} bytes, and the outputs of this run would have {kept + size} with it, more than "
            f"the {self._terms.outputs} that are kept: ask for less, or raise `server.run_output_limit`"
        )
        failed = ActionFailed(
            at=event.at, path=event.path, attempt=event.attempt, code=OUTPUT_TOO_LARGE, message=message
        )
        return failed, kept

    async def _send(self, plan: Plan, command: StartAction) -> Answer:
        call = command.call
        spec = plan.actions[call.action]
        answer = await self._host.call(_describe_call(plan, command, command.timeout or spec.timeout))
        if answer.code is None:
            return self._accept(spec, command, answer.output)
        if answer.code is ActionCode.UNKNOWN_OUTCOME:
            return self.lose(command, answer.message)
        return ActionFailed(
            at=self._clock.now(),
            path=call.step,
            attempt=command.attempt,
            code=answer.code.value,
            message=answer.message,
            retry_after=answer.retry_after,
            jitter=self._randomness.uniform(0.0, 1.0),
            is_unsent=answer.is_unsent,
        )

    def _accept(
        self, spec: ActionSpec, command: StartAction, output: JsonValue, checked_by: str | None = None
    ) -> Answer:
        """Return the success of a call, unless its output is too large."""
        at, size = self._clock.now(), measure(output)
        if size > self._terms.output:
            return self._refuse_output(spec, command, size, at)
        return ActionSucceeded(
            at=at,
            path=command.call.step,
            attempt=command.attempt,
            output=as_value(output),
            checked_by=checked_by,
        )

    def _refuse_output(self, spec: ActionSpec, command: StartAction, size: int, at: datetime) -> ActionFailed:
        """Return the failure of a call whose output would burden the journal; a write has been done all the same."""
        done = "" if spec.effect is Effect.READ else "it was done, but "
        message = (
            f"{done}its output has {size} bytes, more than the {self._terms.output} that are kept: ask for less, "
            "or raise `server.output_limit`"
        )
        return ActionFailed(
            at=at, path=command.call.step, attempt=command.attempt, code=OUTPUT_TOO_LARGE, message=message
        )


def measure_outputs(plan: Plan, state: RunState) -> int:
    """Return how many bytes the outputs of a run's actions have together."""
    return sum(measure(record.output) for record in state.records.values() if _has_answered(plan, record))


def _has_answered(plan: Plan, record: StepRecord) -> bool:
    step = plan.program.step(record.path)
    is_one = step.foreach is None or is_element(record.path)  # a loop's own output repeats those of its elements
    return record.has_output and is_one and isinstance(step.body, UseAction)


def _describe_call(plan: Plan, command: StartAction, timeout: float) -> ActionCall:
    call = command.call
    return ActionCall(
        workspace=plan.workspace,
        run=plan.run,
        step=call.step,
        action=call.action,
        connection=call.connection,
        arguments=call.arguments,
        secrets=call.secrets,
        effect_key=command.effect_key,
        attempt=command.attempt,
        timeout=timeout,
        standing=_find_standing(plan),
    )


def measure(output: object) -> int:
    """Return how many bytes an output has as JSON; of what the fast writer refuses, such as huge integers, about."""
    try:
        return len(orjson.dumps(output))
    except orjson.JSONEncodeError:
        return len(str(output))


def _find_standing(plan: Plan) -> Standing:
    severity = Severity.MEDIUM if plan.alert is None else Severity(str(plan.alert["severity"]))
    return Standing(severity=severity, source=find_source(plan.initiator), playbook=plan.playbook.id, is_begun=True)
