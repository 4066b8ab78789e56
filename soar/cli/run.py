"""`soar run`."""

import time
from typing import Annotated

import orjson
import typer
from rich.live import Live

from soar.cli.answer import Answer
from soar.cli.client import Client, connect
from soar.cli.exits import ExitCode
from soar.cli.options import Json, Limit, Yes, group, guide
from soar.cli.output import (
    count,
    cut,
    describe_moment,
    make_text,
    mark,
    note,
    open_console,
    show,
    show_answer,
    show_list,
)
from soar.cli.prompts import ask
from soar.cli.story import tell_run
from soar.model.errors import InputError, NotFoundError
from soar.model.run import Finding, Mode, RunStatus
from soar.model.values import JsonValue

commands = group(
    "Follow runs, cancel them, try them again, take back what they did.",
    "soar run list --status waiting",
    "soar run show @last --watch",
    "soar run retry @failed --from page",
    'soar run settle @last isolate --happened --reason "Defender shows it isolated"',
    "soar run undo run_31x84k2m9q4w",
)

RunId = Annotated[str, typer.Argument(metavar="ID", help="A run's id, @last or @failed.")]

_POLL = 0.5  # seconds between two looks at a run
_OPEN = frozenset(status.value for status in RunStatus if not status.is_final)
_NAMED = {"@last": None, "@failed": "failed"}


@commands.command("list", help=guide("List runs, newest first.", "soar run list", "soar run list --status failed"))
def list_runs(
    status: Annotated[RunStatus | None, typer.Option(help="Only with this status.")] = None,
    playbook: Annotated[str | None, typer.Option(help="Only of this playbook.")] = None,
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """Show what ran."""
    query = {"status": status.value if status else None, "playbook": playbook, "limit": str(limit)}
    page = connect().get("runs", query=query)
    rows = (
        (
            run.text("id"),
            run.text("playbook"),
            f"{mark(run.text('status'))} {run.text('status')}{_tell_mode(run)}",
            describe_moment(run.moment("created_at")),
            run.text("waiting_for") or run.text("reason"),
        )
        for run in page.parts("items")
    )
    if show_list(page, is_json, ("RUN", "PLAYBOOK", "STATUS", "BEGUN", "WHY"), rows):
        is_filtered = bool(status or playbook)
        show("No such run. Ask without filters: soar run list" if is_filtered else "No runs yet. An alert starts one:")
        if not is_filtered:
            show("next: soar alert send SOURCE FILE")


@commands.command(
    "show",
    help=guide(
        "Show a run: its steps, what went wrong, what is next.",
        "soar run show @last --watch",
        "soar run show @failed",
        "soar run show run_31x84k2m9q4w --json",
    ),
)
def show_run(
    run_id: RunId,
    is_watching: Annotated[
        bool, typer.Option("--watch", help="Stay until it ends; the exit code says whether it ended well.")
    ] = False,
    is_json: Json = False,
) -> None:
    """Show one run, once or until it ends."""
    client = connect()
    name = _resolve(client, run_id)
    run = _watch(client, name, is_json=is_json) if is_watching else client.get("runs", name)
    show_answer(run, *tell_run(run), is_json=is_json)
    if is_watching and run.text("status") != RunStatus.SUCCEEDED:
        raise typer.Exit(ExitCode.FAILED)


@commands.command(help=guide("Cancel a run that has not ended.", 'soar run cancel @last --reason "wrong host"'))
def cancel(
    run_id: RunId,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why; it goes into the record.")] = "",
    is_json: Json = False,
) -> None:
    """Ask a run to stop."""
    client = connect()
    name = _resolve(client, run_id)
    run = client.post("runs", name, "cancel", body={"reason": reason})
    status = run.text("status")
    show_answer(
        run,
        f"{mark(status)} {name} is {status}; what it did stays done, unless its playbook rolls back",
        f"next: soar run show {name}",
        is_json=is_json,
    )


@commands.command(
    help=guide(
        "Try a run again that did not end well: a new run, which asks every gate again.",
        "soar run retry @failed",
        "soar run retry run_31x84k2m9q4w --from contain",
        'soar run retry @failed --accept-unknown "Entra shows no change"',
    )
)
def retry(
    run_id: RunId,
    step: Annotated[
        str, typer.Option("--from", help="Id of the step to begin at; without it, the first that is not done.")
    ] = "",
    accept_unknown: Annotated[
        str,
        typer.Option(metavar="FINDING", help="What you found out about calls whose outcome is unknown."),
    ] = "",
    is_json: Json = False,
) -> None:
    """Start a run in the place of another."""
    client = connect()
    name = _resolve(client, run_id)
    wanted: JsonValue = {"from": step or None, "accept_unknown": accept_unknown or None}
    run = client.post("runs", name, "retry", body=wanted)
    again = run.text("id")
    told = f"{mark(run.text('status'))} {again} tries {name} again; what {name} did stays its own"
    show_answer(run, told, f"next: soar run show {again} --watch", is_json=is_json)


@commands.command(
    help=guide(
        "Say what a call did whose outcome is unknown; its run goes on from there.",
        'soar run settle @last isolate --happened --reason "Defender shows it isolated"',
        'soar run settle @last ticket --happened --output \'{"key": "SEC-7"}\' --reason "found by its title"',
        'soar run settle @last ticket --did-not --again --reason "no such ticket"',
    )
)
def settle(
    run_id: RunId,
    step: Annotated[str, typer.Argument(metavar="STEP", help="The step's id or path; of an element, with #INDEX.")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="How you know; it goes into the record.")],
    has_happened: Annotated[
        bool | None, typer.Option("--happened/--did-not", help="Whether it did what it was to do.")
    ] = None,
    output: Annotated[str, typer.Option(metavar="JSON", help="What it would have answered, if it happened.")] = "",
    is_again: Annotated[bool, typer.Option("--again", help="Try it again, as it did not happen.")] = False,
    is_json: Json = False,
) -> None:
    """Tell a run what became of a call."""
    if has_happened is None or (has_happened and is_again):
        raise InputError("say --happened, or --did-not with or without --again", code="settle.finding")
    client = connect()
    name = _resolve(client, run_id)
    finding = Finding.HAPPENED if has_happened else Finding.AGAIN if is_again else Finding.DID_NOT
    wanted: JsonValue = {
        "step": step,
        "finding": finding.value,
        "reason": reason,
        "output": _read_output(output) if output else None,
    }
    run = client.post("runs", name, "settle", body=wanted)
    show_answer(run, f"{name} goes on with that", f"next: soar run show {name} --watch", is_json=is_json)


@commands.command(
    help=guide(
        "Take back every active response of a run, newest first.", "soar run undo @last", "soar run undo @last --yes"
    )
)
def undo(run_id: RunId, is_sure: Yes = False, is_json: Json = False) -> None:
    """Lift what a run holds down."""
    client = connect()
    name = _resolve(client, run_id)
    held = [one for one in client.get("runs", name).parts("responses") if one.text("status") in {"active", "overdue"}]
    if held and not is_sure:
        note(f"{name} holds {count(len(held), 'active response')}:")
        note(*(f"  {one.text('id')}  {one.text('action')}  {cut(', '.join(one.texts('targets')))}" for one in held))
        if ask(f"type {name} to take them back", otherwise="use --yes") != name:
            raise InputError("that is not the run's id; nothing was taken back", code="not_confirmed")
    lifted = client.post("runs", name, "undo", body={})
    lines = [f"{mark(one.text('status'))} {one.text('id')} {one.text('status')}" for one in lifted.parts("responses")]
    nothing = f"{name} holds nothing down; there is nothing to take back"
    show_answer(lifted, *([*lines, "next: soar response list"] if lines else [nothing]), is_json=is_json)


def _read_output(text: str) -> JsonValue:
    try:
        document: JsonValue = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError(f"--output is no JSON: {error}", code="settle.output") from None
    return document


def _tell_mode(run: Answer) -> str:
    """Say that a run was not for real, or that every write of it was asked about."""
    mode = run.text("mode")
    return f" · {mode}" if mode and mode != Mode.LIVE else ""


def _resolve(client: Client, run_id: str) -> str:
    """Return the id that is meant."""
    if not run_id.startswith("@"):
        return run_id
    if run_id not in _NAMED:
        raise InputError(f"{run_id} names no run", hint="write its id, @last or @failed")
    newest = client.get("runs", query={"limit": "1", "status": _NAMED[run_id]}).parts("items")
    if not newest:
        what = "no run" if run_id == "@last" else "no failed run"
        raise NotFoundError(f"there is {what} yet", hint="soar run list")
    return newest[0].text("id")


def _watch(client: Client, name: str, *, is_json: bool) -> Answer:
    """Look at a run until it ends; meanwhile show it, where somebody is looking."""
    console = open_console(is_error=True)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            run = client.get("runs", name)
            if run.text("status") not in _OPEN:
                return run
            if console.is_terminal and not is_json:
                live.update(make_text(tell_run(run)), refresh=True)
            time.sleep(_POLL)
