"""`soar list`."""

from datetime import timedelta
from typing import Annotated

import typer

from soar.app.clock import SystemClock
from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import count, describe_moment, show, show_answer, show_list
from soar.expr import parse_duration
from soar.model.errors import InputError
from soar.model.values import print_timestamp

Name = Annotated[str, typer.Argument(metavar="LIST", help="As playbooks name it.")]
Value = Annotated[str, typer.Argument(help="An address, a network, a domain (.example.com: all below it) or a text.")]

commands = group(
    "Keep the lists that playbooks look values up in.",
    "soar list ls",
    "soar list add partner-addresses 192.0.2.64/26 --note 'Their offices'",
    "soar list show partner-addresses",
    "soar list remove partner-addresses 192.0.2.64/26",
)


@commands.command("ls", help=guide("List the lists, with how many entries each has.", "soar list ls"))
def list_lists(is_json: Json = False) -> None:
    """Show which lists there are."""
    page = connect().get("lists")
    rows = (
        (
            found.text("name"),
            count(found.number("entries"), "value"),
            describe_moment(found.moment("created_at")),
            found.text("created_by"),
        )
        for found in page.parts("items")
    )
    if show_list(page, is_json, ("LIST", "HOLDS", "MADE", "BY"), rows):
        show("No lists yet. The first value makes one.", "next: soar list add LIST VALUE")


@commands.command(
    "show",
    help=guide("Show a list's values, newest first.", "soar list show partner-addresses"),
)
def show_values(name: Name, limit: Limit = 50, is_json: Json = False) -> None:
    """Show what is on a list."""
    page = connect().get("lists", name, query={"limit": str(limit)})
    rows = (
        (
            entry.text("value"),
            describe_moment(entry.moment("expires_at")) or "never",
            entry.text("added_by"),
            describe_moment(entry.moment("added_at")),
            entry.text("note"),
        )
        for entry in page.parts("items")
    )
    if show_list(page, is_json, ("VALUE", "ENDS", "BY", "ADDED", "NOTE"), rows):
        show(f"Nothing is on {name}.", f"next: soar list add {name} VALUE")


@commands.command(
    help=guide(
        "Put a value on a list; the first one makes the list.",
        "soar list add partner-addresses 192.0.2.64/26 --note 'Their offices'",
        "soar list add blocked-domains .evil.example --expires 30d",
    )
)
def add(
    name: Name,
    value: Value,
    note: Annotated[str, typer.Option("--note", "-m", help="Why, for people.")] = "",
    expires: Annotated[str | None, typer.Option(help="How long it stands there, such as 24h or 30d.")] = None,
    is_json: Json = False,
) -> None:
    """Add an entry and say what stands there now."""
    until = None if expires is None else print_timestamp(SystemClock().now() + _read_length(expires))
    added = connect().post("lists", name, "entries", body={"value": value, "note": note, "expires_at": until})
    show_answer(added, _describe(name, added), is_json=is_json)


@commands.command(
    help=guide(
        "Take a value off a list; a wider network or domain that covers it stays.",
        "soar list remove partner-addresses 192.0.2.64/26",
    )
)
def remove(name: Name, value: Value) -> None:
    """Remove an entry."""
    connect().delete("lists", name, "entries", value)
    show(f"✔ {value} is off {name}")


def _read_length(text: str) -> timedelta:
    """Return how long an entry is to stand.

    Raises:
        InputError: it is no duration, or a longer one than the calendar has.
    """
    length = parse_duration(text)
    if not timedelta() < length <= timedelta(days=3650):
        raise InputError(f"{text} is not between a moment and ten years", hint="write 24h or 30d")
    return length


def _describe(name: str, added: Answer) -> str:
    entry = added.part("entry")
    value, until = entry.text("value"), describe_moment(entry.moment("expires_at"))
    ends = f"; it ends {until}" if until else ""
    if added.flag("is_new"):
        return f"✔ {value} is on {name}{ends}"
    return f"· {value} was on {name} already, by {entry.text('added_by')}{ends}"
