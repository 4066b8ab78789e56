"""`soar audit`."""

from pathlib import Path
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.exits import ExitCode
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import Line, count, describe_moment, show, show_answer, show_list, waiting

commands = group(
    "Read the record of who did what, and check it.",
    "soar audit verify",
    "soar audit verify export.jsonl --key audit.pub --anchor anchor.txt",
    "soar audit status",
    "soar audit prove 48190 > event-48190.tlog-proof",
    "soar audit list --type approval.voted",
)


@commands.command(
    help=guide(
        "Check the server's whole record; or an export of it, or the proof of one event, here without any server.",
        "soar audit verify",
        "soar audit verify export.jsonl --key audit.pub --anchor anchor.txt",
        "soar audit verify event-12.tlog-proof --key soar.example/audit+1b2c3d4e+AQ…",
    )
)
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An export or a proof; if missing, the server checks its own record.")
    ] = None,
    keys: Annotated[
        list[str] | None, typer.Option("--key", help="A public key of a signer, or a file of them; may be repeated.")
    ] = None,
    anchors: Annotated[
        list[Path] | None, typer.Option("--anchor", help="Checkpoints that were kept elsewhere; may be repeated.")
    ] = None,
    allow_unsigned: Annotated[
        bool, typer.Option("--allow-unsigned", help="Take a record that no checkpoint vouches for; else the code is 7.")
    ] = False,
    is_json: Json = False,
) -> None:
    """Check a record, and fail if it is not sound."""
    if file is None:
        report = connect().post("audit", "verify", body={})
    else:
        from soar.cli.verification import verify_file  # noqa: PLC0415 -- loads the ciphers' libraries

        with waiting("checking the file"):
            report = verify_file(file, keys or [], anchors or [])
    is_sound, is_signed = report.flag("is_sound"), report.number("checkpoints") > 0
    lines = [Line(report.text("summary"), "red" if not is_sound else "green" if is_signed else "yellow")]
    lines += [Line(f"  {fault}") for fault in report.texts("faults")[1:]]
    lines += [Line(f"  {remark}") for remark in report.texts("remarks")]
    show_answer(report, *lines, is_json=is_json)
    if not is_sound:
        raise typer.Exit(ExitCode.FAILED)
    if not is_signed and not allow_unsigned:
        raise typer.Exit(ExitCode.UNSIGNED)


@commands.command(
    help=guide(
        "Write the proof that one event is in the record: it can be checked without the rest, and without us.",
        "soar audit prove 48190 > event-48190.tlog-proof",
        "soar audit verify event-48190.tlog-proof --key audit.pub",
    )
)
def prove(
    event: Annotated[int, typer.Argument(min=0, help="The event's number, as `soar audit list` shows it.")],
    is_json: Json = False,
) -> None:
    """Print a proof."""
    proof = connect().get("audit", "events", str(event), "proof")
    if is_json:
        show_answer(proof, is_json=True)
    else:
        typer.echo(proof.text("proof"), nl=False)


@commands.command(
    "verifier",
    help=guide(
        "Write the program with which an auditor checks exports and proofs without us: one file, needs `cryptography`.",
        "soar audit verifier > verify.py",
        "python3 verify.py export.jsonl --key audit.pub",
    ),
)
def print_verifier() -> None:
    """Print the single-file verifier."""
    from soar.audit.single_file import write_verifier  # noqa: PLC0415 -- reads the sources

    typer.echo(write_verifier(), nl=False)


@commands.command(
    help=guide("Show the public keys of the record, and how far each anchor has come.", "soar audit status")
)
def status(is_json: Json = False) -> None:
    """Show who vouches for the record, and up to where; fail if an anchor is late."""
    found = connect().get("audit", "status")
    size, signed = found.number("size"), found.number("signed")
    lines = [Line(f"{count(size, 'event')}, {count(signed, 'event')} signed", "green")]
    lines += [Line(f"  key {key}") for key in found.texts("keys")]
    lines += [_tell_anchor(anchor) for anchor in found.parts("anchors")]
    if not found.parts("anchors"):
        lines.append(Line("! no anchor: whoever controls this server can rewrite the record unseen", "yellow"))
    show_answer(found, *lines, is_json=is_json)
    if any(anchor.flag("is_late") for anchor in found.parts("anchors")):
        raise typer.Exit(ExitCode.FAILED)


def _tell_anchor(anchor: Answer) -> Line:
    reached = describe_moment(anchor.moment("reached_at")) or "never"
    said = f"{anchor.text('name')}: {count(anchor.number('size'), 'event')}, {reached}"
    behind = anchor.number("behind")
    if behind:
        said += f", {behind:,} behind"
    if anchor.text("error"):
        said += f": {anchor.text('error')}"
    return Line(f"✖ {said}", "red") if anchor.flag("is_late") else Line(f"✔ {said}", "green")


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
