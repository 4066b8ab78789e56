"""The entry point. It knows every command's name and loads the one that was typed, so that `--help` answers at once."""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

import soar
from soar.cli.exits import choose_exit_code
from soar.model.errors import SoarError

NOUNS: Mapping[str, str] = {
    "alert": "Send alerts, and see what became of them.",
    "run": "Follow runs, cancel them, try them again, take back what they did.",
    "approval": "See what waits for people, and decide it.",
    "oncall": "See who is on call.",
    "response": "See what we hold down in the world, check it, lift it or let it stand longer.",
    "dead-letter": "See what the service has given up on; put it back or discard it.",
    "playbook": "List playbooks; write, check and rehearse files before they serve.",
    "expr": "Try expressions out, and list what they may call.",
    "list": "Keep the lists that playbooks look values up in.",
    "suppress": "Let alerts start nothing for a while; they are kept and marked.",
    "message": "Read the built-in chat, and write into it.",
    "policy": "See the policy above the playbooks, and what another one would change.",
    "connector": "List the installed connectors.",
    "connection": "List the connections, and which of them are left alone.",
    "source": "List what may send alerts.",
    "secret": "Set credentials, and list them without their values.",
    "vault": "See and change the keys over the credentials.",
    "token": "Make, list and revoke API tokens of your own.",
    "session": "See where you are logged in, and log out from afar.",
    "chat": "Link your chat accounts, which vote as you.",
    "factor": "List, add and remove your second factors.",
    "user": "Add people and programs, change their roles, switch them off.",
    "admin": "Make the first administrator, on the server's own machine.",
    "role": "See which role allows what.",
    "break-glass": "Act in an emergency, when nobody can log in.",
    "access": "Say who may do what and why, and give roles for a part of the world.",
    "audit": "Read the record of who did what, and check it.",
}
"""The nouns, each a module of this package, with what its commands are for."""

VERBS: Mapping[str, tuple[str, str]] = {
    "demo": ("server", "Run the product here on simulated connections; nothing to set up."),
    "serve": ("server", "Run the service."),
    "worker": ("server", "Drive runs beside other processes, on PostgreSQL."),
    "witness": ("witness", "Vouch for the audit records of others, so that none can tell two stories."),
    "doctor": ("server", "Say what would keep this installation from being trusted."),
    "migrate": ("server", "Bring the database's schema up to date."),
    "freeze": ("freeze", "Stop every write at once; reads go on."),
    "unfreeze": ("freeze", "Let writes go on, as one of two people."),
    "status": ("freeze", "Say what is frozen, and what is under way."),
    "login": ("login", "Log in, and keep a token for the commands that follow."),
    "logout": ("login", "Revoke that token and forget it."),
    "step-up": ("login", "Prove again who you are; good for five minutes."),
    "join": ("login", "Set your password with the code of an invitation."),
    "password": ("login", "Change your own password."),
    "whoami": ("login", "Say who you are to the server, and what you may do."),
}
"""The commands without a noun: their module, and what they are for."""

_DESCRIPTION = """Security orchestration, automation and response.

The server is the one at SOAR_URL (http://127.0.0.1:8600 unless set). `soar login` keeps a token for it; SOAR_TOKEN is
used instead where it is set. Exit codes: 0 good, 1 failed, 2 usage, 3 waiting or not yet, 4 login needed, 5 denied,
6 not found, 7 whole but unsigned (`soar audit verify`)."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code; an error is two lines, never a traceback.

    Args:
        arguments: without the program's name; by default those of the process.

    Raises:
        SystemExit: always; its code is one of `ExitCode`.
    """
    typed = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # no text can break a terminal of another encoding
    named = next((word for word in typed if not word.startswith("-")), None)
    try:
        get_command(_build(named))(args=typed, prog_name="soar")
    except SoarError as error:
        _leave(error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _leave(SoarError(f"{where}{error.strerror or error}", code="system"))


def _leave(error: SoarError) -> NoReturn:
    from soar.cli.output import print_error  # noqa: PLC0415 -- rich is slow to load, and `--help` needs none of it

    print_error(error)
    sys.exit(choose_exit_code(error))


def _build(named: str | None) -> typer.Typer:
    """Return the command tree, in which only the named command is more than its name and summary."""
    root = typer.Typer(
        callback=_start,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=_DESCRIPTION,
        no_args_is_help=True,
    )
    chosen, _ = VERBS.get(named or "", ("", ""))
    for verb, (module, summary) in VERBS.items():
        if module != chosen:
            root.command(verb, short_help=summary)(_stand_in)
    if chosen:
        root.add_typer(_load(chosen))
    for noun, summary in NOUNS.items():
        root.add_typer(_load(noun) if noun == named else typer.Typer(), name=noun, short_help=summary)
    return root


def _load(module: str) -> typer.Typer:
    commands: typer.Typer = import_module(f"soar.cli.{module.replace('-', '_')}").commands
    return commands


def _stand_in() -> None:
    """Stand for a command that was not named; it is listed and never called."""


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"soar {soar.__version__}")
        raise typer.Exit


def _start(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that come before the command."""
