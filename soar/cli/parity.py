"""`soar playbook parity`: what shadow runs would have done beside what was done."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, guide
from soar.cli.output import Line, count, describe_moment, show_answer
from soar.expr import ExpressionError, parse_duration
from soar.model.errors import InputError

HELP = guide(
    "Hold what a playbook would have done in shadow against what was done meanwhile, by people or by live runs.",
    "soar playbook parity block-malicious-ip",
    "soar playbook parity block-malicious-ip --since 7d --window 4h",
)
_HOUR = timedelta(hours=1)
_LONGEST = timedelta(days=90)


def compare(
    playbook: Annotated[str, typer.Argument(metavar="ID", help="The playbook's id.")],
    since: Annotated[str, typer.Option("--since", help="How far back, up to 90d.")] = "30d",
    window: Annotated[
        str, typer.Option("--window", help="How far apart the same change may have been made, up to 30d.")
    ] = "24h",
    is_json: Json = False,
) -> None:
    """Say where both agree."""
    query = {
        "hours": str(_read_hours("--since", since, _LONGEST)),
        "window_hours": str(_read_hours("--window", window, _LONGEST / 3)),
    }
    told = connect().get("playbooks", playbook, "parity", query=query)
    show_answer(told, *tell_parity(told), is_json=is_json)


def tell_parity(told: Answer) -> Iterator[Line]:
    """Yield the lines about an answer of `/api/v1/playbooks/{id}/parity`."""
    playbook, runs = told.text("playbook"), told.number("runs")
    if not runs:
        yield Line(f"{playbook} had no run in shadow mode in this time")
        yield Line("`mode: shadow` in its document notes writes instead of making them")
        return
    yield Line(f"{count(runs, 'shadow run')} of {playbook}, the first {describe_moment(told.moment('since'))}", "bold")
    if not told.parts("tallies"):
        yield Line("it would have changed nothing, and nobody has used its actions")
    for tally in told.parts("tallies"):
        facts = (
            f"{tally.number('agreed')} agreed",
            f"{tally.number('only_shadow')} only shadow",
            f"{tally.number('only_people')} only people",
        )
        yield Line(f"{tally.text('action')}: {', '.join(facts)}")
    yield from _tell_examples("agreed, such as", (pair.part("made") for pair in told.parts("agreed")))
    yield from _tell_examples("only shadow would have", told.parts("only_shadow"))
    yield from _tell_examples("only people did", told.parts("only_people"))
    if not told.flag("is_complete"):
        yield Line("only the newest were read; choose a later --since", "yellow")


def _tell_examples(title: str, acts: Iterable[Answer]) -> Iterator[Line]:
    lines = [
        Line(
            f"  {act.text('action')} {act.text('target') or '(no target)'}"
            f"  {describe_moment(act.moment('at'))}  {act.text('run')} of {act.text('playbook')}"
        )
        for act in acts
    ]
    if lines:
        yield Line(title, "bold")
        yield from lines


def _read_hours(option: str, text: str, most: timedelta) -> int:
    try:
        length = parse_duration(text)
    except ExpressionError as error:
        raise InputError(f"{option}: {error.message}", hint="write 7d or 12h") from error
    if not _HOUR <= length <= most:
        raise InputError(f"{option} is at least 1h and at most {most.days}d", hint="write 7d or 12h")
    return -(-length // _HOUR)
