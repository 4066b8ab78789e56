import asyncio
from typing import Any

import httpx
import pytest

from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.sdk import (
    ActionInputError,
    Arguments,
    Connector,
    Context,
    Effect,
    Output,
    PermanentError,
    RateLimitedError,
    Repeat,
    UnknownOutcomeError,
    action,
)
from soar.sdk.testing import SECRET, Bench


class How(Arguments):
    how: str
    number: int = 0


class Done(Output):
    said: str
    number: int = 0


FAILURES = {
    "unknown": UnknownOutcomeError("it broke off", read_code=ActionCode.UNAVAILABLE),
    "limited": RateLimitedError("slowly", retry_after=9.0),
    "refused": PermanentError("no", action_code=ActionCode.CONFLICT, hint="look again"),
    "input": ActionInputError("how: \x1b[31mnot\nso"),
}


async def act(ctx: Context, arguments: How) -> Done:
    if arguments.how in FAILURES:
        raise FAILURES[arguments.how]
    match arguments.how:
        case "hang":
            await asyncio.Event().wait()
        case "bug":
            raise KeyError(ctx.secret("token").reveal())
        case "tell":
            return Done(said=f"the token is {ctx.secret('token').reveal()}")
        case "number":
            return Done(said="", number=int(ctx.secret("pin").reveal()))
        case "missing":
            ctx.secret("none")
    return Done(said=arguments.how)


class Shield(Connector):
    @action(title="Look", effect=Effect.READ, repeat=Repeat.SAFE)
    async def look(self, ctx: Context, arguments: How) -> Done:
        return await act(ctx, arguments)

    @action(title="Make", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def make(self, ctx: Context, arguments: How) -> Done:
        return await act(ctx, arguments)


BENCH = Bench(Shield, credentials={"token": SECRET, "pin": "1234567890"})


def refuse(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"{request} was not to be sent")


async def call(name: str, arguments: dict[str, Any]) -> ActionAnswer:
    return await BENCH.call(name, arguments, refuse, seconds=0.05 if arguments.get("how") == "hang" else 5.0)


async def test_an_output_is_checked_json() -> None:
    assert await call("look", {"how": "fine"}) == ActionAnswer(output={"said": "fine", "number": 0})


@pytest.mark.parametrize(
    ("how", "on_read", "on_write"),
    [
        ("hang", ActionCode.TIMEOUT, ActionCode.UNKNOWN_OUTCOME),
        ("bug", ActionCode.INTERNAL, ActionCode.UNKNOWN_OUTCOME),
        ("unknown", ActionCode.UNAVAILABLE, ActionCode.UNKNOWN_OUTCOME),
        ("number", ActionCode.INTERNAL, ActionCode.UNKNOWN_OUTCOME),
        ("limited", ActionCode.RATE_LIMITED, ActionCode.RATE_LIMITED),
        ("refused", ActionCode.CONFLICT, ActionCode.CONFLICT),
        ("input", ActionCode.INVALID, ActionCode.INVALID),
        ("missing", ActionCode.AUTH, ActionCode.AUTH),
    ],
)
async def test_a_write_that_failed_in_an_unforeseen_way_may_have_happened(
    how: str, on_read: ActionCode, on_write: ActionCode
) -> None:
    assert (await call("look", {"how": how})).code is on_read
    assert (await call("make", {"how": how})).code is on_write


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "how"),
        ({"how": 3}, "how"),
        ({"how": "fine", "number": "3"}, "number"),
        ({"how": "fine", "colour": "red"}, "colour"),
        ({"how": "fine", "number": None}, "number"),
    ],
)
async def test_arguments_that_do_not_fit_are_named(arguments: dict[str, Any], named: str) -> None:
    answer = await call("make", arguments)
    assert answer.code is ActionCode.INVALID
    assert answer.message.startswith(f"{named}: ")


async def test_arguments_that_do_not_fit_are_not_quoted() -> None:
    answer = await call("make", {"how": ["hunter2-hunter2"]})
    assert "hunter2" not in answer.message


@pytest.mark.parametrize("how", ["bug", "tell", "number"])
@pytest.mark.parametrize("name", ["look", "make"])
async def test_no_secret_comes_out(how: str, name: str) -> None:
    answer = await call(name, {"how": how})
    assert SECRET not in f"{answer.output}{answer.message}"
    assert "1234567890" not in f"{answer.output}{answer.message}"


async def test_what_to_do_next_and_how_long_to_wait_are_passed_on() -> None:
    assert (await call("look", {"how": "refused"})).message == "no (look again)"
    assert (await call("look", {"how": "limited"})).retry_after == 9.0


async def test_a_message_cannot_steer_a_terminal() -> None:
    assert (await call("look", {"how": "input"})).message == "how:  [31mnot so"


async def test_a_cancelled_call_is_cancelled() -> None:
    running = asyncio.ensure_future(BENCH.call("make", {"how": "hang"}, refuse, seconds=60.0))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
