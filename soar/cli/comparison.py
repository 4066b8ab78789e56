"""`soar playbook diff`."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from soar.cli.exits import ExitCode
from soar.cli.options import guide
from soar.cli.output import Line, count, cut, show, show_json, waiting
from soar.model.errors import InputError
from soar.model.values import JsonValue

if TYPE_CHECKING:
    from soar.playbook.compare import Difference

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}

HELP = guide(
    "Say in what two playbooks differ, step by step, and what protects less than before. No server is needed.",
    "soar playbook diff old.yaml new.yaml",
    "soar playbook diff old.yaml new.yaml --fail-on-weaker",
    "soar playbook diff playbooks/phishing-triage.yaml --live",
)


def compare(
    before: Annotated[str, typer.Argument(metavar="A", help="A file, or the id of a playbook of the site.")],
    after: Annotated[str | None, typer.Argument(metavar="B", help="What it became; not with --live.")] = None,
    is_live: Annotated[bool, typer.Option("--live", help="From what serves under the id of A, to A.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print the differences for programs.")] = False,
    has_exit_code: Annotated[bool, typer.Option("--exit-code", help="Fail if there is a difference.")] = False,
    refuses_weaker: Annotated[bool, typer.Option("--fail-on-weaker", help="Fail if less is protected.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Compare two playbooks."""
    from soar.cli.document import Documents  # noqa: PLC0415 -- loads every connector, and much with them
    from soar.playbook.compare import compare_playbooks  # noqa: PLC0415 -- as above

    if (after is None) != is_live:
        raise InputError("a playbook is compared with one other", hint="name two, or one with --live")
    with waiting("comparing playbooks"):
        documents = Documents.of(config)
        old = documents.read_live(before) if after is None else documents.read(before)
        new = documents.read(before if after is None else after)
        found = compare_playbooks(old, new, documents.catalog)
    weaker = sum(bool(difference.weaker) for difference in found)
    if is_json:
        show_json({"differences": [difference.to_json() for difference in found], "weaker": weaker})
    else:
        show(*_tell(found), _sum_up(len(found), weaker))
    if (has_exit_code and found) or (refuses_weaker and weaker):
        raise typer.Exit(ExitCode.FAILED)


def _tell(found: Sequence["Difference"]) -> Iterator[Line]:
    for (path, subject), group in groupby(found, key=lambda difference: (difference.path, difference.subject)):
        about = [*group]
        whole = next((each for each in about if not each.field), None)
        sign = _SIGNS[whole.change] if whole else _SIGNS["changed"]
        yield Line(f"{sign} {subject or 'the playbook'}" + (f"  {path}" if path else ""), "bold")
        for difference in about:
            yield Line(f"    {_describe(difference)}")
            if difference.weaker:
                yield Line(f"    ! weaker: {difference.weaker}", "red")


def _describe(difference: "Difference") -> str:
    if not difference.field:
        return f"moved from {difference.before}" if difference.change == "moved" else f"{difference.change.value}"
    old, new = _write(difference.before), _write(difference.after)
    match difference.change.value:
        case "added":
            return f"{difference.field}: added {new}"
        case "removed":
            return f"{difference.field}: removed {old}"
        case _:
            return f"{difference.field}: {old} -> {new}"


def _write(value: JsonValue) -> str:
    return cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 100)


def _sum_up(differences: int, weaker: int) -> Line:
    if not differences:
        return Line("no difference", "green")
    return Line(f"{count(differences, 'difference')}, {weaker} weaker", "red" if weaker else "")
