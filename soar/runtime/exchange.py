"""What one request of a trigger tells of the host that it went to."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from soar.model.errors import ActionCode
from soar.model.network import EgressRequest, EgressResponse
from soar.runtime.breaker import Result
from soar.sdk.client import parse_retry_after
from soar.sdk.errors import UnknownOutcomeError, UnreachableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What was learnt.

    Attributes:
        reason: what was wrong, in words.
        wanted: seconds that the product asked to be left alone; None if it did not.
    """

    result: Result = Result.NOTHING
    reason: str = ""
    wanted: float | None = None


def find_host(request: EgressRequest) -> str:
    """Return the name of the host that a request goes to, in lower case; empty if its URL names none."""
    try:
        return urlsplit(request.url).hostname or ""
    except ValueError:
        return ""


def judge_response(response: EgressResponse, host: str, now: datetime) -> Lesson:
    """Return what an answer tells: whoever answers is there, unless the answer is that it cannot."""
    failed = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status == HTTPStatus.REQUEST_TIMEOUT
    if not failed and response.status != HTTPStatus.TOO_MANY_REQUESTS:
        return Lesson(result=Result.ALIVE)
    values = (value for name, value in response.headers if name.lower() == "retry-after")
    return Lesson(
        result=Result.FAILED if failed else Result.ALIVE,
        reason=f"{host} answered {response.status}",
        wanted=parse_retry_after(next(values, ""), now),
    )


def judge_error(error: Exception) -> Lesson:
    """Return what it tells that there was no answer: nothing, if the request was not to leave at all."""
    match error:
        case UnreachableError():
            return Lesson(result=Result.FAILED, reason=error.message)
        case UnknownOutcomeError(read_code=ActionCode.TIMEOUT | ActionCode.UNAVAILABLE):
            return Lesson(result=Result.FAILED, reason=error.message)
        case UnknownOutcomeError():
            return Lesson(result=Result.ALIVE)
        case _:
            return Lesson()
