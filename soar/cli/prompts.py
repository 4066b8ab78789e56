"""What is asked of the person at the terminal. Where there is no terminal, nothing is asked."""

import sys
from getpass import getpass

from soar.app.log import inert
from soar.model.errors import InputError


def is_interactive() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty()


def ask(question: str, *, otherwise: str) -> str:
    """Ask the person at the terminal for one line.

    Args:
        question: what to ask.
        otherwise: what to do where there is no terminal.

    Raises:
        InputError: there is no terminal.
    """
    if not is_interactive():
        raise InputError("there is no terminal to ask on", code="not_interactive", hint=otherwise)
    sys.stderr.write(f"{inert(question)}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def ask_secret(question: str, *, is_from_stdin: bool, otherwise: str) -> str:
    """Take a secret from the terminal without echo, or from standard input, without its last line end.

    Args:
        question: what to ask.
        is_from_stdin: whether to read standard input, to its end, though it may be a terminal.
        otherwise: what to do where there is neither.

    Raises:
        InputError: there is no terminal, or nothing was given.
    """
    if not (is_from_stdin or is_interactive()):
        raise InputError("there is no terminal to ask on", code="not_interactive", hint=otherwise)
    secret = sys.stdin.read().removesuffix("\n").removesuffix("\r") if is_from_stdin else getpass(f"{question}: ")
    if not secret:
        raise InputError("nothing was given", code="empty", hint=otherwise)
    return secret
