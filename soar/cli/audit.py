"""`soar audit`."""

from pathlib import Path
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.exits import ExitCode
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import Line, describe_moment, show, show_answer, show_list, waiting

commands = group(
    "Read the record of who did what, and check it.",
    "soar audit verify",
    "soar audit verify export.jsonl --key audit.pub",
    "soar audit list --type approval.voted",
)


@commands.command(
    help=guide(
        "Check the server's whole record, or an export of it here without any server.",
        "soar audit verify",
        "soar audit verify export.jsonl --key soar.example/audit+1b2c3d4e+AQ…",
        "soar audit verify export.jsonl --key audit.pub",
    )
)
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An export; if missing, the server checks its own record.")
    ] = None,
    keys: Annotated[
        list[str] | None, typer.Option("--key", help="A public key of a signer, or a file of them; may be repeated.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Check a record, and fail if it is not sound."""
    if file is None:
        report = connect().post("audit", "verify", body={})
    else:
        from soar.cli.verification import verify_file  # noqa: PLC0415 -- loads the store's and the ciphers' libraries

        with waiting("checking the export"):
            report = verify_file(file, keys or [])
    is_sound = report.flag("is_sound")
    lines = [Line(report.text("summary"), "green" if is_sound else "red")]
    lines += [Line(f"  {fault}") for fault in report.texts("faults")]
    lines += [Line(f"  {remark}") for remark in report.texts("remarks")]
    show_answer(report, *lines, is_json=is_json)
    if not is_sound:
        raise typer.Exit(ExitCode.FAILED)


@commands.command(
    "list",
    help=guide(
        "List audit events, newest first.", "soar audit list", "soar audit list --type approval.voted --actor ann"
    ),
)
def list_events(
    type_: Annotated[str | None, typer.Option("--type", help="Only of this type, such as approval.voted.")] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only by this actor.")] = None,
    target: Annotated[str | None, typer.Option("--target", help="Only about this target.")] = None,
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """Show the record."""
    query = {"type": type_, "actor": actor, "target": target, "limit": str(limit)}
    page = connect().get("audit", query=query)
    rows = (
        (
            event.text("sequence") or event.text("seq"),
            describe_moment(event.moment("at")),
            event.part("actor").text("name") or event.part("actor").text("id"),
            event.text("type"),
            _describe_target(event.part("target")),
            event.text("outcome"),
            event.text("reason"),
        )
        for event in page.parts("items")
    )
    if show_list(page, is_json, ("EVENT", "AT", "WHO", "WHAT", "TO WHAT", "OUTCOME", "WHY"), rows):
        is_filtered = bool(type_ or actor or target)
        show("No such event. Ask without filters: soar audit list" if is_filtered else "Nothing is recorded yet.")


def _describe_target(target: Answer) -> str:
    return " ".join(filter(None, (target.text("kind"), target.text("name") or target.text("id"))))
