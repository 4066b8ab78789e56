"""One call made, and what came of it as an event."""

from soar.engine.commands import StartAction
from soar.engine.events import ActionFailed, ActionSucceeded, OutcomeUnknown
from soar.engine.plan import Plan
from soar.model.clock import Clock
from soar.model.errors import ActionCode
from soar.model.ids import Randomness
from soar.model.process import ActionCall, ActionHost
from soar.model.values import as_value

Answer = ActionSucceeded | ActionFailed | OutcomeUnknown


class Executor:
    """Makes calls whose intent is durable.

    Args:
        host: where connector code runs.
        clock: for the moment of the answer.
        randomness: for the jitter of the next attempt, drawn here so that a replay waits as long.
    """

    def __init__(self, *, host: ActionHost, clock: Clock, randomness: Randomness) -> None:
        self._host = host
        self._clock = clock
        self._randomness = randomness

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
            )
        )
        at = self._clock.now()
        if answer.code is None:
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
        )
