"""`soar playbook`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, assert_never

import typer

from soar.cli.client import connect
from soar.cli.exits import ExitCode
from soar.cli.options import Json, group, guide
from soar.cli.output import mark, show, show_answer, show_json, show_list, waiting

commands = group(
    "List playbooks; check and rehearse files before they serve.",
    "soar playbook validate",
    "soar playbook test phishing-triage --cover",
    "soar playbook validate playbooks/phishing-triage.yaml --format github",
    "soar playbook show phishing-triage",
)


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@commands.command("list", help=guide("List the playbooks that serve.", "soar playbook list"))
def list_playbooks(is_json: Json = False) -> None:
    """Show what may run."""
    page = connect().get("playbooks")
    rows = (
        (
            playbook.text("id"),
            playbook.text("name"),
            playbook.text("mode") if playbook.flag("is_enabled") else f"{mark('disabled')} disabled",
            playbook.text("steps"),
            playbook.text("gates"),
            ", ".join(playbook.texts("connectors")),
            playbook.text("owner"),
        )
        for playbook in page.parts("items")
    )
    if show_list(page, is_json, ("PLAYBOOK", "NAME", "MODE", "STEPS", "GATES", "CONNECTORS", "OWNER"), rows):
        show("No playbook serves. Each is a file in the folder of playbooks.", "next: soar playbook validate")


@commands.command("show", help=guide("Show a playbook's document as it serves.", "soar playbook show phishing-triage"))
def show_playbook(
    playbook_id: Annotated[str, typer.Argument(metavar="ID", help="The playbook's id.")], is_json: Json = False
) -> None:
    """Show one playbook."""
    playbook = connect().get("playbooks", playbook_id)
    show_answer(playbook, *playbook.text("text").rstrip("\n").split("\n"), is_json=is_json)


@commands.command(
    help=guide(
        "Check playbooks here, against the installed connectors and the policy; no server is needed.",
        "soar playbook validate",
        "soar playbook validate playbooks/phishing-triage.yaml",
        "soar playbook validate playbooks --format github",
    )
)
def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders; the site's folder of playbooks if missing.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How findings are printed.")] = Format.TEXT,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Check files, and fail if one is bad."""
    from soar.cli import validation  # noqa: PLC0415 -- loads every connector, and much with them

    with waiting("checking playbooks"):
        verdicts = validation.check_playbooks(paths or [], config)
    match format_:
        case Format.TEXT:
            show(*validation.tell_verdicts(verdicts))
        case Format.JSON:
            show_json({"files": [validation.write_verdict(loaded) for loaded in verdicts]})
        case Format.GITHUB:
            show(*(validation.annotate(finding) for loaded in verdicts for finding in loaded.findings))
        case _:
            assert_never(format_)
    if any(loaded.playbook is None for loaded in verdicts):
        raise typer.Exit(ExitCode.FAILED)


@commands.command(
    "test",
    help=guide(
        "Rehearse playbooks here: the tests beside them are played on a virtual clock, and nothing is sent to anybody.",
        "soar playbook test",
        "soar playbook test phishing-triage --cover",
        "soar playbook test playbooks --require-gates --junit report.xml",
    ),
)
def rehearse(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Playbook ids, files and folders; the site's folder of playbooks if missing."),
    ] = None,
    has_cover: Annotated[bool, typer.Option("--cover", help="Say what the tests have not seen.")] = False,
    needs_gates: Annotated[
        bool, typer.Option("--require-gates", help="Fail unless each gate has a test with a yes, a no and silence.")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print the verdicts for programs.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write the verdicts as JUnit XML.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Play tests, and fail if one fails."""
    from soar.cli import rehearsal  # noqa: PLC0415 -- loads every connector and the engine

    with waiting("rehearsing playbooks"):
        rehearsed = rehearsal.rehearse_playbooks(paths or [], config)
    if junit is not None:
        rehearsal.write_report(junit, rehearsed)
    if is_json:
        show_json(rehearsal.write_verdicts(rehearsed))
    else:
        show(*rehearsal.tell_verdicts(rehearsed, has_cover=has_cover, needs_gates=needs_gates))
    if not rehearsal.is_passed(rehearsed, needs_gates=needs_gates):
        raise typer.Exit(ExitCode.FAILED)
