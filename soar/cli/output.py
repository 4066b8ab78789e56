"""The one place where anything is written to the terminal; every text goes through one escaper."""

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from soar.app.clock import SystemClock
from soar.app.log import inert
from soar.cli.answer import Answer
from soar.model.errors import InputError, SoarError

_WIDEST_CELL = 60
_WIDEST_WHOLE = 20  # what is no longer is an id or a word, and is never broken
_NARROWEST_FOLD = 12
_UNBOUNDED = 10_000  # columns of what is no terminal: programs cut lines themselves
_PATIENCE = 2.0  # seconds before a spinner or a bar says that we wait
_BAR_WIDTH = 40
_DASH = "\N{EN DASH}"
_FACES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("succeeded", "approved", "answered", "lifted", "closed"), ("✔", "green")),
    **dict.fromkeys(("skipped", "cancelled", "superseded", "undone", "duplicate", "disabled"), (_DASH, "dim")),
    **dict.fromkeys(("running", "retrying", "lifting"), ("·", "cyan")),
    **dict.fromkeys(("waiting", "pending", "queued", "half_open"), ("…", "yellow")),
    "expired": (_DASH, "yellow"),
    "active": ("●", "yellow"),
    "overdue": ("!", "red"),
}
_BAD_FACE = ("✖", "red")
_LENGTHS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line, however hostile its text.

    Attributes:
        text: any text.
        style: a style of rich; empty is plain.
    """

    text: str = ""
    style: str = ""


def mark(status: str) -> str:
    """Return the sign that stands for a status; the word goes beside it."""
    return _FACES.get(status, _BAD_FACE)[0]


def style_of(status: str) -> str:
    """Return the colour of a status."""
    return _FACES.get(status, _BAD_FACE)[1]


def cut(text: str, width: int = _WIDEST_CELL) -> str:
    """Return a text of at most so many characters; a cut one ends in an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"


def describe_length(length: timedelta) -> str:
    """Return a length of time in its largest whole unit, such as `3 min`; below ten seconds with a decimal."""
    seconds = abs(length.total_seconds())
    if seconds < 10:  # noqa: PLR2004 -- where a decimal still says something
        return f"{seconds:.1f} s"
    size, unit = next((size, unit) for size, unit in _LENGTHS if seconds >= size)
    return f"{int(seconds // size)} {unit}"


def describe_moment(moment: datetime | None) -> str:
    """Return when something is or was, seen from now, such as `3 min ago` or `in 2 h`; nothing for None."""
    if moment is None:
        return ""
    distance = moment - SystemClock().now()
    length = describe_length(distance)
    return f"in {length}" if distance > timedelta() else f"{length} ago"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 run` or `2 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def show(*lines: Line | str) -> None:
    """Print lines."""
    _print(lines, is_error=False)


def show_json(document: object) -> None:
    """Print JSON for programs; what could harm a terminal is written as JSON's own escapes."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    sys.stdout.write("".join(f"{inert(line)}\n" for line in text.split("\n")))


def show_answer(answer: Answer, *lines: Line | str, is_json: bool) -> None:
    """Print an answer: as it came for programs, as these lines for people."""
    if is_json:
        show_json(answer.raw)
    else:
        show(*lines)


def show_list(answer: Answer, is_json: bool, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bool:
    """Print a list for people or for programs.

    Args:
        answer: the page as the API gave it.
        is_json: whether programs read it.
        headings: of the columns, in upper case.
        rows: their cells; one that begins with a status's sign takes its colour.

    Returns:
        Whether people were shown an empty list, so that the next step must be said.
    """
    if is_json:
        show_json(answer.raw)
        return False
    cells = [*rows]
    if cells:
        show_table(headings, cells)
    if answer.text("next"):
        show(Line("there are more: ask for them with --limit", "dim"))
    return not cells


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings; there is at least one row."""
    open_console(is_error=False).print(_make_table(headings, [*rows]))


def note(*lines: Line | str) -> None:
    """Print lines on standard error: for the person, not for the pipe."""
    _print(lines, is_error=True)


def print_error(error: SoarError) -> None:
    """Print an error: what happened, and what to do."""
    faults = error.faults if isinstance(error, InputError) else ()
    told = [fault for fault in faults if fault.message not in error.message]
    message = "; ".join((error.message, *(f"{fault.pointer or '/'}: {fault.message}" for fault in told)))
    first, *rest = message.split("\n")
    note(Line(f"error: {first}", "red"), *rest)
    if error.hint:
        note(f"hint: {error.hint}")


@contextmanager
def waiting(message: str) -> Iterator[None]:
    """Show on a terminal that something takes its time, once it does."""
    console = open_console(is_error=True)
    if not console.is_terminal:
        yield
        return
    status = console.status(Text(inert(message)))
    timer = threading.Timer(_PATIENCE, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()


@contextmanager
def advancing(message: str, total: int) -> Iterator[Callable[[], None]]:
    """Show on a terminal how far something has come, once it takes its time.

    Args:
        message: what is done.
        total: how many parts it has.

    Yields:
        What to call after each part.
    """
    console = open_console(is_error=True)
    bar = ProgressBar(total=max(total, 1), width=_BAR_WIDTH)

    def advance() -> None:
        bar.update(bar.completed + 1)

    def draw() -> Table:
        row = Table.grid(padding=(0, 1))
        row.add_row(Text(inert(message)), bar, Text(f"{int(bar.completed):,}/{total:,}"))
        return row

    if not console.is_terminal:
        yield advance
        return
    live = Live(get_renderable=draw, console=console, transient=True)
    timer = threading.Timer(_PATIENCE, live.start)
    timer.daemon = True
    timer.start()
    try:
        yield advance
    finally:
        timer.cancel()
        timer.join()
        live.stop()


def open_console(*, is_error: bool) -> Console:
    """Return the terminal, or what stands in its place; colours obey NO_COLOR.

    Args:
        is_error: whether standard error is meant.
    """
    console = Console(stderr=is_error, highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    return console


def make_text(lines: Iterable[Line | str]) -> Group:
    """Return lines for rich to print, each made inert."""
    whole = (line if isinstance(line, Line) else Line(line) for line in lines)
    return Group(*(Text(inert(line.text), style=line.style) for line in whole))


def _print(lines: Iterable[Line | str], *, is_error: bool) -> None:
    open_console(is_error=is_error).print(make_text(lines), soft_wrap=True)


def _make_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Lay rows out so that in a narrow terminal long texts are folded, and ids stay whole."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    told = [[cut(inert(cell)) for cell in row] for row in rows]
    for index, heading in enumerate(headings):
        if max(len(row[index]) for row in told) <= _WIDEST_WHOLE:
            table.add_column(heading, no_wrap=True)
        else:
            table.add_column(heading, min_width=_NARROWEST_FOLD, overflow="fold")
    styles = dict((*_FACES.values(), _BAD_FACE))
    for row in told:
        table.add_row(*(Text(cell, style=styles.get(cell[:1], "")) for cell in row))
    return table
