"""What a command's exit code says to the shell."""

from enum import IntEnum

from soar.model.errors import DeniedError, InputError, NotFoundError, SoarError, UnavailableError


class ExitCode(IntEnum):
    """The exit codes, which scripts may rely on."""

    GOOD = 0
    FAILED = 1
    USAGE = 2
    WAITING = 3
    LOGIN = 4
    DENIED = 5
    NOT_FOUND = 6
    UNSIGNED = 7


def choose_exit_code(error: SoarError) -> ExitCode:
    """Return the exit code of an error."""
    match error:
        case DeniedError(code="unauthenticated"):
            return ExitCode.LOGIN
        case DeniedError():
            return ExitCode.DENIED
        case NotFoundError():
            return ExitCode.NOT_FOUND
        case InputError():
            return ExitCode.USAGE
        case UnavailableError():
            return ExitCode.WAITING
        case _:
            return ExitCode.FAILED
