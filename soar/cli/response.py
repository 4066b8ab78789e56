"""`soar response`."""

from typing import Annotated

import typer

from soar.cli.client import connect
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import describe_moment, mark, show, show_answer, show_list
from soar.model.response import ResponseStatus

commands = group(
    "See what we hold down in the world, and lift it.",
    "soar response list",
    "soar response list --status overdue",
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
            f"{mark(response.text('status'))} {response.text('status')}",
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


@commands.command(help=guide("Take a change back.", 'soar response lift ar_88c2m9q4wz1x -m "host is clean"'))
def lift(
    response_id: Annotated[str, typer.Argument(metavar="ID", help="The response's id.")],
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
