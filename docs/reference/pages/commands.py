"""The page of commands."""

import importlib
import inspect
from collections.abc import Iterator, Mapping, Sequence

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from pages.table import row
from soar.cli.exits import ExitCode
from soar.cli.main import NOUNS, VERBS


def list_commands() -> Iterator[tuple[str, TyperCommand]]:
    """Yield every command with its full name, such as `soar run list`."""
    for module in dict.fromkeys(module for module, _ in VERBS.values()):
        yield from _walk(("soar",), module)
    for noun in NOUNS:
        yield from _walk(("soar", noun), noun.replace("-", "_"))


def _walk(words: Sequence[str], module: str) -> Iterator[tuple[str, TyperCommand]]:
    root = get_command(importlib.import_module(f"soar.cli.{module}").commands)
    yield from _list(words, root.commands if isinstance(root, TyperGroup) else {str(root.name): root})


def _list(words: Sequence[str], commands: Mapping[str, object]) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in commands.items():
        if isinstance(command, TyperGroup):
            yield from _list((*words, name), command.commands)
        elif isinstance(command, TyperCommand):
            yield " ".join((*words, name)), command


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Commands"
    yield ""
    yield "The commands speak to the server at `SOAR_URL`. `soar login` keeps a token for it; `SOAR_TOKEN` is used"
    yield "instead where it is set. `serve`, `demo`, `doctor`, `migrate`, `expr` and what writes, checks, rehearses and"
    yield "shows files of playbooks work on this machine."
    yield ""
    yield "| Exit code | Means |"
    yield "|---|---|"
    for code in ExitCode:
        yield row(str(code.value), code.name.lower().replace("_", " "))
    for name, command in list_commands():
        yield from ("", f"## {name}", "")
        summary, _, examples = inspect.cleandoc(command.help or "").partition("\b\n")
        yield summary.strip()
        if examples.strip():
            yield from ("", "```console", *(f"$ {line.strip()}" for line in examples.strip().splitlines()), "```")
        if command.params:
            yield from ("", "| Argument or option | Meaning |", "|---|---|")
            yield from map(_describe_parameter, command.params)


def _describe_parameter(parameter: object) -> str:
    match parameter:
        case TyperOption(opts=first, secondary_opts=second, help=help_):
            names = [*first, *second]
            return row(", ".join(f"`{name}`" for name in names), help_ or "")
        case TyperArgument(name=name, metavar=metavar, help=help_):
            return row(f"`{metavar or str(name).upper()}`", help_ or "")
        case _:
            return row(str(parameter), "")
