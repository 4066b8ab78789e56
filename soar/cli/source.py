"""`soar source`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import count, cut, describe_moment, mark, note, show, show_answer, show_json, show_list
from soar.cli.prompts import ask_secret
from soar.ingest.bodies.rule import Format
from soar.model.values import JsonValue

commands = group(
    "List what may send alerts, add to it, and change its keys.",
    "soar source list",
    "soar source new edr --auth github",
    "soar source test edr alert.json",
    "soar source rotate edr --hours 24",
)


_HEADS = ("SOURCE", "PROVES ITSELF BY", "POSTS TO", "POLLED", "WHAT IT IS")


@commands.command("list", help=guide("List the sources, and where each posts its alerts.", "soar source list"))
def list_sources(is_json: Json = False) -> None:
    """Show who may send alerts."""
    page = connect().get("sources")
    rows = (
        (
            source.text("id"),
            source.text("auth"),
            source.text("hook") or source.part("poll").text("trigger"),
            _tell_poll(source.part("poll")),
            source.text("description"),
        )
        for source in page.parts("items")
    )
    if show_list(page, is_json, _HEADS, rows):
        show("No source is set up. Each is a file in config/sources.", "next: soar doctor")


@commands.command(
    "new",
    help=guide(
        "Write the file of a source to begin with: how it proves itself, and what it sends.",
        "soar source new edr --auth hmac",
        "soar source new firewall --auth basic --format cef",
    ),
)
def new_source(
    source_id: Annotated[str, typer.Argument(metavar="ID", help="In kebab-case; it stands in the hook's address.")],
    way: Annotated[str, typer.Option("--auth", help="How it proves itself: a key under `auth`.")] = "hmac",
    body: Annotated[Format, typer.Option("--format", help="What it sends.")] = Format.OBJECT,
    may_replace: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    is_json: Json = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Write a source's file."""
    from soar.cli import source_file  # noqa: PLC0415 -- loads every connector, and much with them

    draft = source_file.draft_source(source_id, way, body, config)
    source_file.write_source(draft, may_replace=may_replace)
    if is_json:
        show_json({"source": str(draft.file), "credentials": [*draft.credentials]})
        return
    show(f"wrote {draft.file}", f"next: soar source test {source_id} BODY")
    show(*(f"      soar secret set {name}" for name in draft.credentials))
    show("      start the service again; it reads its sources then")


@commands.command(
    "test",
    help=guide(
        "Show what the site's file of a source makes of a body; no server is asked, and nothing has to be signed.",
        "soar source test edr alert.json",
        "soar source test mail reported.eml --header 'Content-Type: message/rfc822'",
    ),
)
def try_source(
    source_id: Annotated[str, typer.Argument(metavar="ID", help="As its file is called.")],
    file: Annotated[Path, typer.Argument(metavar="BODY", help="What the source would send.")],
    headers: Annotated[list[str] | None, typer.Option("--header", help="`Name: value`; may be repeated.")] = None,
    is_json: Json = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Show the alerts in a body."""
    from soar.cli import source_file  # noqa: PLC0415 -- as above

    alerts = source_file.map_body(source_id, file, headers or (), config)
    if is_json:
        show_json({"alerts": [*alerts]})
        return
    for alert in alerts:
        fields = alert if isinstance(alert, dict) else {}
        show(*(f"{name:12} {value}" for name, value in fields.items()), "")
    note(f"{len(alerts)} {'alert' if len(alerts) == 1 else 'alerts'}")


@commands.command(
    "rotate",
    help=guide(
        "Change a source's key; the one before is good for some hours more. A key that is made is printed once, alone "
        "on standard output.",
        "soar source rotate edr --hours 24 | vault-put edr-hook",
        "soar source rotate github --given",
    ),
)
def rotate_source(
    source_id: Annotated[str, typer.Argument(metavar="ID", help="As `soar source list` shows it.")],
    hours: Annotated[int, typer.Option(min=0, max=720, help="How long the key before is good, too.")] = 24,
    credential: Annotated[str | None, typer.Option(help="Which key, if the source names two.")] = None,
    is_given: Annotated[bool, typer.Option("--given", help="Take the product's key: asked for, or piped in.")] = False,
    is_json: Json = False,
) -> None:
    """Change a source's key."""
    body: dict[str, JsonValue] = {"former_hours": hours}
    if credential is not None:
        body["credential"] = credential
    if is_given:
        is_piped = not sys.stdin.isatty()
        body["value"] = ask_secret(f"key of {source_id}", is_from_stdin=is_piped, otherwise="pipe the key in")
    made = connect().post("sources", source_id, "rotate", body=body)
    until = made.moment("former_until")
    note(f"{made.text('credential')} has version {made.text('version')}")
    note(f"the key before is good until {describe_moment(until)}" if until else "there was no key before")
    if is_given:
        show_answer(made, f"✔ {source_id} proves itself by the key that was given", is_json=is_json)
        return
    note("the key is shown only this once:")
    show_answer(made, made.text("key"), is_json=is_json)


def _tell_poll(poll: Answer) -> str:
    """Say how it goes to ask a source for alerts; nothing of one that posts them."""
    failures = poll.number("failures")
    if failures:
        again = describe_moment(poll.moment("due_at"))
        return f"{mark('failed')} {count(failures, 'failure')}, again {again}: {cut(poll.text('fault'))}"
    return describe_moment(poll.moment("polled_at"))
