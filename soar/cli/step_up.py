"""Proving again who one is, when a server asks for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from soar.cli.answer import Answer
from soar.cli.prompts import ask, ask_secret
from soar.model.errors import DeniedError
from soar.model.values import JsonValue

if TYPE_CHECKING:
    from soar.cli.client import Client

T = TypeVar("T")

_OTHERWISE = "run `soar step-up` at a terminal; it is good for five minutes"


def step_up(client: "Client") -> Answer:
    """Ask for the password, and for a code where the server wants one, and send them.

    Raises:
        DeniedError: they are wrong.
        InputError: there is no terminal to ask on.
    """
    proof: dict[str, JsonValue] = {"password": ask_secret("password", is_from_stdin=False, otherwise=_OTHERWISE)}
    return send_with_code(lambda code: client.post("session", "step-up", body={**proof, **code}))


def send_with_code(send: Callable[[dict[str, JsonValue]], T]) -> T:
    """Send something, and once more with a code if the server wants a second factor.

    Args:
        send: takes what is added to the body.

    Raises:
        InputError: there is no terminal to ask on.
    """
    try:
        return send({})
    except DeniedError as error:
        if error.code != "second_factor_required":
            raise
    return send({"code": ask("code of your authenticator, or a recovery code", otherwise="use --code")})
