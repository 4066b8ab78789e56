"""The run that takes a change back."""

from collections.abc import Sequence
from dataclasses import replace

from soar.model.response import Response
from soar.model.run import Run
from soar.responses.errand import Errand
from soar.responses.rollback import name_rollback

LIFT = "lift"


def describe_lift(response: Response, channel: str | None = None) -> Errand:
    """Return the call of a response's inverse, with the arguments it was given when the change was made."""
    return Errand(
        step=LIFT,
        name=f"Take back {response.action}",
        action=response.undo_action,
        connection=response.connection,
        arguments=response.undo_arguments,
        channel=channel,
    )


def join_rollback(run: Run, origin: Run | None) -> Run:
    """Return a lift as part of the rollback of the run that made the change, if it is that.

    It shares that run's key, so that a run that waits for that one waits for the rollback, too.
    """
    if origin is None or run.initiator != name_rollback(origin.id):
        return run
    return replace(run, concurrency_key=origin.concurrency_key, concurrency_max=origin.concurrency_max)


def join_queue(run: Run, key: str, others: Sequence[Run]) -> Run:
    """Return a lift that begins when those before it are over, whose runs share this key; the first begins at once."""
    before = f"{others[-1].id} to end, which is taken back before" if others else None
    return replace(run, concurrency_key=key, concurrency_max=1, waiting_for=before)
