"""One call made, and what came of it as an event."""

from datetime import datetime

import orjson

from soar.engine.commands import StartAction
from soar.engine.events import ActionFailed, ActionSucceeded, OutcomeUnknown
from soar.engine.plan import Plan
from soar.model.alert import Severity
from soar.model.catalog import ActionSpec, Effect
from soar.model.clock import Clock
from soar.model.errors import ActionCode
from soar.model.ids import Randomness
from soar.model.process import ActionCall, ActionHost
from soar.model.standing import Standing, find_source
from soar.model.values import JsonValue, as_value

OUTPUT_LIMIT = 1024 * 1024
"""Bytes that an action's output may have as JSON, unless the site says otherwise."""

OUTPUT_TOO_LARGE = "output_too_large"
"""Code of a call whose output is larger than that."""

Answer = ActionSucceeded | ActionFailed | OutcomeUnknown


class Executor:
    """Makes calls whose intent is durable.

    Args:
        host: where connector code runs.
        clock: for the moment of the answer.
        randomness: for the jitter of the next attempt, drawn here so that a replay waits as long.
        output_limit: bytes that an output may have as JSON.
    """

    def __init__(
        self, *, host: ActionHost, clock: Clock, randomness: Randomness, output_limit: int = OUTPUT_LIMIT
    ) -> None:
        self._host = host
        self._clock = clock
        self._randomness = randomness
        self._output_limit = output_limit

    async def execute(self, plan: Plan, command: StartAction) -> Answer:
        """Make the call and return how it ended."""
        call = command.call
        spec = plan.actions[call.action]
        answer = await self._host.call(
            ActionCall(
                workspace=plan.workspace,
                run=plan.run,
                step=call.step,
                action=call.action,
                connection=call.connection,
                arguments=call.arguments,
                secrets=call.secrets,
                effect_key=command.effect_key,
                attempt=command.attempt,
                timeout=command.timeout or spec.timeout,
                standing=_find_standing(plan),
            )
        )
        at = self._clock.now()
        if answer.code is None:
            size = _measure(answer.output)
            if size > self._output_limit:
                return self._refuse_output(spec, command, size, at)
            return ActionSucceeded(at=at, path=call.step, attempt=command.attempt, output=as_value(answer.output))
        if answer.code is ActionCode.UNKNOWN_OUTCOME:
            return OutcomeUnknown(at=at, path=call.step, attempt=command.attempt, message=answer.message)
        return ActionFailed(
            at=at,
            path=call.step,
            attempt=command.attempt,
            code=answer.code.value,
            message=answer.message,
            retry_after=answer.retry_after,
            jitter=self._randomness.uniform(0.0, 1.0),
            is_unsent=answer.is_unsent,
        )

    def _refuse_output(self, spec: ActionSpec, command: StartAction, size: int, at: datetime) -> ActionFailed:
        """Return the failure of a call whose output would burden the journal; a write has been done all the same."""
        done = "" if spec.effect is Effect.READ else "it was done, but "
        message = (
            f"{done}its output has {size} bytes, more than the {self._output_limit} that are kept: ask for less, "
            "or raise `server.output_limit`"
        )
        return ActionFailed(
            at=at, path=command.call.step, attempt=command.attempt, code=OUTPUT_TOO_LARGE, message=message
        )


def _measure(output: JsonValue) -> int:
    """Return how many bytes an output has as JSON; of what the fast writer refuses, such as huge integers, about."""
    try:
        return len(orjson.dumps(output))
    except orjson.JSONEncodeError:
        return len(str(output))


def _find_standing(plan: Plan) -> Standing:
    severity = Severity.MEDIUM if plan.alert is None else Severity(str(plan.alert["severity"]))
    return Standing(severity=severity, source=find_source(plan.initiator), playbook=plan.playbook.id, is_begun=True)
