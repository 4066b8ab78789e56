"""`soar response`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import Client, connect
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import count, describe_moment, mark, show, show_answer, show_json, show_list
from soar.model.errors import InputError
from soar.model.response import ResponseStatus

ResponseId = Annotated[str, typer.Argument(metavar="ID", help="The response's id.")]

_STANDING = ("active", "overdue")

commands = group(
    "See what we hold down in the world, look whether it still stands, lift it or let it stand longer.",
    "soar response list",
    "soar response list --status overdue",
    "soar response show ar_88c2m9q4wz1x",
    "soar response check --all",
    "soar response extend ar_88c2m9q4wz1x 4h",
    'soar response lift ar_88c2m9q4wz1x -m "host is clean"',
)


@commands.command(
    "list", help=guide("List active responses.", "soar response list", "soar response list --status lifted")
)
def list_responses(
    status: Annotated[ResponseStatus | None, typer.Option(help="Only with this status.")] = None,
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """Show what is held, and until when."""
    query = {"status": status.value if status else None, "limit": str(limit)}
    page = connect().get("responses", query=query)
    rows = (
        (
            response.text("id"),
            response.text("action"),
            ", ".join(response.texts("targets")),
            _tell_status(response),
            describe_moment(response.moment("created_at")),
            describe_moment(response.moment("expires_at")) or "never",
            response.text("run"),
            response.text("fault"),
        )
        for response in page.parts("items")
    )
    if show_list(page, is_json, ("RESPONSE", "ACTION", "TARGETS", "STATUS", "SINCE", "ENDS", "RUN", "FAULT"), rows):
        show("No such response. See all: soar response list" if status else "We hold nothing down.")
        if not status:
            show("A step that changes the world and declares its way back is listed here while it lasts.")


@commands.command(
    "show",
    help=guide(
        "Show one change that we hold: what it is, until when, and whether it is still there.",
        "soar response show ar_88c2m9q4wz1x",
        "soar response show ar_88c2m9q4wz1x --json",
    ),
)
def show_response(response_id: ResponseId, is_json: Json = False) -> None:
    """Show one active response."""
    response = connect().get("responses", response_id)
    show_answer(response, *_tell_response(response), is_json=is_json)


@commands.command(help=guide("Take a change back.", 'soar response lift ar_88c2m9q4wz1x -m "host is clean"'))
def lift(
    response_id: ResponseId,
    reason: Annotated[str | None, typer.Option("--reason", "-m", help="Why; it goes into the record.")] = None,
    is_json: Json = False,
) -> None:
    """Ask for an active response to be lifted."""
    response = connect().post("responses", response_id, "lift", body={"reason": reason})
    status, run = response.text("status"), response.text("lift_run")
    show_answer(
        response,
        f"{mark(status)} {response.text('id')} {status}: {', '.join(response.texts('targets'))}",
        f"next: soar run show {run} --watch" if run else "next: soar response list",
        is_json=is_json,
    )


@commands.command(
    help=guide(
        "Let a change stand longer: from its end on, or from now on if it is overdue.",
        'soar response extend ar_88c2m9q4wz1x 4h -m "forensics are at it"',
    )
)
def extend(
    response_id: ResponseId,
    by: Annotated[str, typer.Argument(metavar="DURATION", help="How much longer, such as 4h or 2d.")],
    reason: Annotated[str | None, typer.Option("--reason", "-m", help="Why; it goes into the record.")] = None,
    is_json: Json = False,
) -> None:
    """Move the end of an active response."""
    response = connect().post("responses", response_id, "extend", body={"by": by, "reason": reason})
    ends = describe_moment(response.moment("expires_at"))
    show_answer(response, f"{_tell_status(response)}: {response.text('id')} ends {ends}", is_json=is_json)


@commands.command(
    help=guide(
        "Let a change stand until somebody lifts it.", 'soar response keep ar_88c2m9q4wz1x -m "known bad, see c_51x8"'
    )
)
def keep(
    response_id: ResponseId,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why; it goes into the record.")],
    is_json: Json = False,
) -> None:
    """Take the end from an active response."""
    response = connect().post("responses", response_id, "keep", body={"reason": reason})
    told = f"{_tell_status(response)}: {response.text('id')} stands until somebody lifts it"
    show_answer(response, told, f"lift: soar response lift {response.text('id')}", is_json=is_json)


@commands.command(
    help=guide(
        "Look at the product whether changes still stand.",
        "soar response check ar_88c2m9q4wz1x",
        "soar response check --all",
    )
)
def check(
    response_id: Annotated[str | None, typer.Argument(metavar="ID", help="The response's id.")] = None,
    is_all: Annotated[bool, typer.Option("--all", help="All that we hold and whose connector can look.")] = False,
    is_json: Json = False,
) -> None:
    """Have runs look whether active responses are there."""
    if (response_id is None) != is_all:
        raise InputError("name a response, or all of them", hint="soar response check ID, or --all")
    client = connect()
    names = [response_id] if response_id else _list_checkable(client)
    looked = [client.post("responses", name, "check", body={}) for name in names]
    lines = [f"{one.text('id')}  {one.text('action')}  looks: soar run show {one.text('check_run')}" for one in looked]
    if is_json:
        show_json([one.raw for one in looked])
    else:
        show(*lines, f"{count(len(looked), 'response')} looked at; see what was found: soar response list")


def _list_checkable(client: Client) -> list[str]:
    """Return the ids of all that stands and whose connector can tell whether it does."""
    found = []
    for status in _STANDING:
        cursor: str | None = ""
        while cursor is not None:
            page = client.get("responses", query={"status": status, "limit": "200", "cursor": cursor or None})
            found += [one.text("id") for one in page.parts("items") if one.flag("is_checkable")]
            cursor = page.text("next") or None
    return found


def _tell_response(response: Answer) -> Iterator[str]:
    status, lifter = response.text("status"), response.part("lifted_by")
    yield f"{response.text('id')}  {response.text('action')} through {response.text('connection')}"
    yield f"on: {', '.join(response.texts('targets'))}"
    yield f"status: {_tell_status(response)}"
    yield f"done: {describe_moment(response.moment('created_at'))}: soar run show {response.text('run')}"
    if status in _STANDING:
        yield f"ends: {describe_moment(response.moment('expires_at')) or 'never'}"
    yield f"answers for it: {response.text('owner') or 'nobody'}"
    if lifter.raw:
        asked = describe_moment(response.moment("lifted_at"))
        yield f"taken back: asked {asked} by {lifter.text('kind')} {lifter.text('name')}"
    if response.text("lift_run"):
        yield f"taken back by: soar run show {response.text('lift_run')}"
    if response.text("fault"):
        yield f"what went wrong: {response.text('fault')}"
    if status in _STANDING:
        yield f"next: soar response lift {response.text('id')} -m WHY"


def _tell_status(response: Answer) -> str:
    """Say where a response stands, and what was seen of it when somebody looked."""
    status, sighting = response.text("status"), response.text("sighting")
    looked = describe_moment(response.moment("checked_at"))
    seen = f" · {sighting} {looked}" if status in _STANDING and sighting else ""
    return f"{mark(status)} {status}{seen}"
