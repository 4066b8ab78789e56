"""One call of an action, from unchecked arguments to an answer that holds no secret."""

import asyncio
import json

from pydantic import BaseModel, ValidationError

from soar.model.catalog import Effect
from soar.model.errors import ActionCode, ActionError
from soar.model.process import ActionAnswer
from soar.model.values import JsonValue
from soar.sdk.action import Action, Connector
from soar.sdk.context import Context
from soar.sdk.errors import ActionInputError, UnknownOutcomeError
from soar.sdk.faults import describe_faults
from soar.sdk.redaction import Redactor

MESSAGE_LIMIT = 1000
"""Characters of an answer's message at most."""


async def invoke(
    connector: Connector, action: Action, context: Context, arguments: JsonValue, *, seconds: float, redactor: Redactor
) -> ActionAnswer:
    """Call an action and say how it ended; nothing but a cancellation is raised.

    A write that is cut off or fails in a way nobody foresaw may have happened: its outcome is unknown.

    Args:
        connector: the instance it is called on.
        action: one of its actions.
        context: what the call has of the world.
        arguments: as JSON, secrets filled in.
        seconds: how long it may take.
        redactor: knows every secret of this call; output and message pass through it.
    """
    is_read = action.promise.effect is Effect.READ
    try:
        answer = await _attempt(connector, action, context, arguments, seconds)
    except TimeoutError:
        code = ActionCode.TIMEOUT if is_read else ActionCode.UNKNOWN_OUTCOME
        answer = ActionAnswer(code=code, message=f"no answer within {seconds:g} s")
    except UnknownOutcomeError as error:
        answer = ActionAnswer(code=error.read_code if is_read else error.action_code, message=error.message)
    except ActionError as error:
        answer = _explain(error)
    except Exception as error:  # noqa: BLE001 a connector is somebody else's code; whatever it raises is an answer
        answer = _fail(is_read, f"the connector failed: {type(error).__name__}: {error}")
    return _redact(answer, redactor, is_read=is_read)


async def _attempt(
    connector: Connector, action: Action, context: Context, arguments: JsonValue, seconds: float
) -> ActionAnswer:
    checked = _check_arguments(action.takes, arguments)
    async with asyncio.timeout(seconds):
        output = await action.method(connector, context, checked)
    return ActionAnswer(output=action.gives.model_validate(output).model_dump(mode="json", by_alias=True))


def _check_arguments(takes: type[BaseModel], arguments: JsonValue) -> BaseModel:
    try:
        return takes.model_validate_json(json.dumps(arguments), strict=True)
    except ValidationError as error:
        raise ActionInputError(describe_faults(error)) from None


def _explain(error: ActionError) -> ActionAnswer:
    message = f"{error.message} ({error.hint})" if error.hint else error.message
    return ActionAnswer(code=error.action_code, message=message, retry_after=error.retry_after)


def _fail(is_read: bool, message: str) -> ActionAnswer:  # noqa: FBT001 the two callers hold it as a plain fact
    return ActionAnswer(code=ActionCode.INTERNAL if is_read else ActionCode.UNKNOWN_OUTCOME, message=message)


def _redact(answer: ActionAnswer, redactor: Redactor, *, is_read: bool) -> ActionAnswer:
    try:
        output = redactor.mask(answer.output)
    except (ValueError, RecursionError) as error:
        answer, output = _fail(is_read, str(error)), None
    if output is answer.output and not answer.message:
        return answer
    message = _print(redactor.mask_text(answer.message))
    return ActionAnswer(output=output, code=answer.code, message=message, retry_after=answer.retry_after)


def _print(message: str) -> str:
    """Return a message on one line, and no longer than a message may be."""
    printable = "".join(character if character.isprintable() else " " for character in " ".join(message.split()))
    return printable[:MESSAGE_LIMIT]
