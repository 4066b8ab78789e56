"""`soar audit`."""

import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from soar.audit.format import Format
from soar.cli.answer import Answer
from soar.cli.client import connect, locate
from soar.cli.exits import ExitCode
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import Line, count, describe_moment, note, show, show_answer, show_json, show_list, waiting
from soar.cli.prompts import ask_secret
from soar.model.errors import InputError
from soar.model.values import JsonValue

Query: TypeAlias = Annotated[
    str, typer.Argument(help="Conditions, such as `actor:ann`, `-type:run.*`, `after:2026-11-01`, or words.")
]
ViewName: TypeAlias = Annotated[str | None, typer.Option("--view", help="A ready-made question.")]

commands = group(
    "Read the record of who did what, and check it.",
    "soar audit verify",
    "soar audit verify export.jsonl --key audit.pub --anchor anchor.txt",
    "soar audit status",
    "soar audit prove 48190 > event-48190.tlog-proof",
    "soar audit list --type approval.voted",
    "soar audit search 'actor:carol type:approval.* after:2026-11-01'",
    "soar audit export --output record.jsonl",
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
    help=guide(
        "Ask to erase a person or an alert from the record, or confirm what somebody else has asked for.",
        'soar audit shred --user u_7k2m9q4wz1xt --reason "left, and asked for it"',
        'soar audit shred --alert al_7k2m9q4wz1xt --reason "a private mail"',
    )
)
def shred(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the record.")],
    alert: Annotated[str | None, typer.Option("--alert", metavar="ID", help="An alert and its runs.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="A person.")] = None,
    is_json: Json = False,
) -> None:
    """Erase from the record for good, as one of two people."""
    if (alert is None) == (user is None):
        raise InputError("say whom or what to erase", hint="give one of --alert and --user")
    kind, id_ = ("user", user) if user is not None else ("alert", alert)
    body: dict[str, JsonValue] = {"kind": kind, "id": id_, "reason": reason}
    done = connect().post("audit", "erasures", body=body)
    events = count(done.number("events"), "event")
    is_done = done.text("status") == "confirmed"
    line = f"✔ {kind} {id_} is erased from {events}" if is_done else f"✔ asked for, in {events}; somebody else confirms"
    show_answer(done, line, is_json=is_json)


@commands.command(
    help=guide(
        "Ask whether a secret value was used here; it is asked for without echo, or read from standard input.",
        "soar audit fingerprint",
        "pass soc/leaked | soar audit fingerprint",
    )
)
def fingerprint(is_json: Json = False) -> None:
    """Show which credentials had a value, and what stands for it in the record."""
    value = ask_secret("value", is_from_stdin=not sys.stdin.isatty(), otherwise="pipe the value in")
    found = connect().post("audit", "fingerprint", body={"value": value})
    had = [Line(_tell_sighting(credential), "yellow") for credential in found.parts("credentials")]
    shown = had or [Line("✔ no credential had this value as long as there has been the present audit key", "green")]
    show_answer(found, *shown, f"  {found.text('fingerprint')}", is_json=is_json)


def _tell_sighting(credential: Answer) -> str:
    what = "had it, and it was used" if credential.flag("is_used") else "had it; it was never used"
    first, last = describe_moment(credential.moment("first_at")), describe_moment(credential.moment("last_at"))
    events = f"event {credential.number('first')} ({first}) to event {credential.number('last')} ({last})"
    return f"! {credential.text('credential')} {what}: {events}"


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


@commands.command(
    help=guide(
        "Search the record, newest first; each event is a sentence. `soar audit views` lists ready-made questions.",
        "soar audit search 'actor:carol type:approval.* outcome:success after:2026-11-01'",
        "soar audit search 'host:srv-files-01 renaming -type:run.*' --raw",
        "soar audit search --view actions-without-a-human",
        "soar audit search type:action.started --facets",
    )
)
def search(
    query: Query = "",
    view: ViewName = None,
    limit: Limit = 50,
    is_raw: Annotated[
        bool, typer.Option("--raw", help="Print each event as it is recorded under its sentence.")
    ] = False,
    is_counted: Annotated[
        bool, typer.Option("--facets", help="Count by type, actor, outcome and day instead of listing; without a view.")
    ] = False,
    is_json: Json = False,
) -> None:
    """Show the events that match."""
    if is_counted:
        if view is not None:
            raise InputError("facets are of a query, not of a view", hint="leave --view away, or --facets")
        _show_facets(connect().get("audit", "facets", query={"q": query or None}), is_json=is_json)
        return
    page = connect().get("audit", query={"q": query or None, "view": view, "limit": str(limit)})
    if not is_raw or is_json:
        rows = (
            (event.text("sequence"), describe_moment(event.moment("at")), event.text("type"), event.text("sentence"))
            for event in page.parts("items")
        )
        if show_list(page, is_json, ("EVENT", "AT", "TYPE", "WHAT HAPPENED"), rows):
            show("No such event.")
        return
    for event in page.parts("items"):
        show(Line(f"{event.text('sequence')}  {event.text('sentence')}", "bold"))
        show_json({name: value for name, value in event.raw.items() if name not in {"sequence", "sentence"}})


@commands.command(help=guide("List the ready-made questions about the record.", "soar audit views"))
def views(is_json: Json = False) -> None:
    """Show the views."""
    page = connect().get("audit", "views")
    rows = ((view.text("name"), view.text("title"), view.text("query")) for view in page.parts("items"))
    show_list(page, is_json, ("VIEW", "WHAT IT SHOWS", "QUERY"), rows)


@commands.command(
    help=guide(
        "Write the record, or what a query finds, for other programs. Whole and as JSON lines it can be verified.",
        "soar audit export --output record.jsonl",
        "soar audit export --format csv --query type:approval.* --since 2026-01-01 --output approvals.csv",
        "soar audit export --format ocsf --view own-requests-approved",
    )
)
def export(
    format_: Annotated[Format, typer.Option("--format", help="How events are written.")] = Format.JSONL,
    query: Annotated[str, typer.Option("--query", help="Which events, as `soar audit search` takes it.")] = "",
    view: ViewName = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From this day or moment on, such as 2026-11-01.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="The file to write; else it is printed.")] = None,
) -> None:
    """Write the record."""
    asked = f"{query} after:{since}".strip() if since else query
    wanted = {"format": format_.value, "q": asked or None, "view": view}
    if output is None:
        connect().download(locate("audit", "export"), sys.stdout.buffer, query=wanted)
        sys.stdout.flush()
        return
    partial = output.with_name(f"{output.name}.part")
    try:
        partial.touch(mode=0o600)
        with partial.open("wb") as file:
            connect().download(locate("audit", "export"), file, query=wanted)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    note(f"written: {output}")


def _show_facets(facets: Answer, *, is_json: bool) -> None:
    counted = facets.number("counted")
    scope = "" if facets.flag("is_complete") else "the newest "
    lines = [Line(f"{scope}{count(counted, 'event')}", "bold")]
    for name in ("types", "actors", "outcomes", "days"):
        lines.append(Line(name))
        lines += [Line(f"  {tally.number('count'):>6,}  {tally.text('value')}") for tally in facets.parts(name)]
    show_answer(facets, *lines, is_json=is_json)
