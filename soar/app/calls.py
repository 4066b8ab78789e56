"""What the service's own parts share where a connector calls them."""

from collections.abc import Iterator
from contextlib import contextmanager

from soar.model.errors import ActionCode, BugError, ConflictError, InputError, NotFoundError, UnavailableError
from soar.model.process import ActionCall
from soar.model.run import Run
from soar.sdk.errors import ActionInputError, PermanentError, TransientError
from soar.store import Unit


@contextmanager
def tell_connectors() -> Iterator[None]:
    """Raise in an error's place the one that an action may fail with.

    Works of the store happen whole or not at all, so none of these leaves an outcome unknown.

    Raises:
        ActionError: what was raised inside, as an action tells it.
    """
    try:
        yield
    except InputError as error:
        raise ActionInputError(error.message, hint=error.hint) from error
    except NotFoundError as error:
        raise PermanentError(error.message, action_code=ActionCode.NOT_FOUND, hint=error.hint) from error
    except ConflictError as error:
        raise PermanentError(error.message, action_code=ActionCode.CONFLICT, hint=error.hint) from error
    except UnavailableError as error:
        raise TransientError(error.message, retry_after=error.retry_after) from error


def find_run(unit: Unit, call: ActionCall) -> Run:
    """Return the run that makes a call.

    Raises:
        BugError: it is not there.
    """
    run = unit.runs.get(call.run)
    if run is None:
        raise BugError(f"run {call.run} makes a call and is not there")
    return run
