"""Proving again who one is, when a server asks for it."""

from collections.abc import Callable
from typing import TypeVar

from soar.cli.answer import Answer
from soar.cli.client import Client
from soar.cli.output import note
from soar.cli.prompts import ask, ask_secret, is_interactive
from soar.model.errors import DeniedError
from soar.model.values import JsonValue

T = TypeVar("T")

_OTHERWISE = "run `soar step-up` at a terminal; it is good for five minutes"


def step_up(client: Client) -> Answer:
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


def with_proof(client: Client, send: Callable[[], T]) -> T:
    """Send something, and once more after the person has proved who they are if the server wants that first.

    Args:
        client: the server.
        send: what is to be done.

    Raises:
        DeniedError: the server refuses; or it wants a proof, and there is no terminal to ask on (`step_up_required`).
    """
    try:
        return send()
    except DeniedError as error:
        if error.code != "step_up_required" or not is_interactive():
            raise
        note(f"{error.message}")
    step_up(client)
    return send()
