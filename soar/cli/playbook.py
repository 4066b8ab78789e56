"""`soar playbook`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, assert_never

import typer

import soar
from soar.cli import comparison, graph, launch, parity, publication, schema
from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.exits import ExitCode
from soar.cli.options import Json, Origin, group, guide
from soar.cli.output import describe_moment, mark, note, show, show_json, show_list, waiting
from soar.playbook import render_annotation, write_sarif
from soar.rehearsal.assumptions import Answers, Assumptions, Decide

commands = group(
    "List playbooks; write, check and rehearse files before they serve; propose and publish them.",
    "soar playbook new block-sender --from alert --source phish-report",
    "soar playbook validate",
    "soar playbook test phishing-triage --cover",
    "soar playbook backtest phishing-triage.yaml --against live",
    "soar playbook validate playbooks/phishing-triage.yaml --format github",
    "soar playbook show phishing-triage",
)


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
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
            _tell_upcoming(playbook.part("upcoming")),
            playbook.text("owner"),
        )
        for playbook in page.parts("items")
    )
    if show_list(page, is_json, ("PLAYBOOK", "NAME", "MODE", "STEPS", "GATES", "CONNECTORS", "NEXT", "OWNER"), rows):
        show("No playbook serves. Each is a file in the folder of playbooks.", "next: soar playbook validate")


def _tell_upcoming(upcoming: Answer) -> str:
    """Say when a schedule starts a playbook next, and whether the last time came to nothing."""
    moment = describe_moment(upcoming.moment("moment"))
    return f"{moment} ({mark('rejected')} {upcoming.text('last_reason')})" if upcoming.text("last_reason") else moment


@commands.command(
    "new",
    help=guide(
        "Write a small playbook that is finished, and its tests: a question to an analyst before a message to a room.",
        "soar playbook new block-sender",
        "soar playbook new block-sender --from alert --source phish-report",
    ),
)
def create_playbook(
    playbook_id: Annotated[str, typer.Argument(metavar="ID", help="Lower case letters and digits, with hyphens.")],
    origin: Annotated[Origin, typer.Option("--from", help="What starts it, beside people.")] = Origin.MANUAL,
    source: Annotated[str | None, typer.Option("--source", help="Whose alerts start it; any if missing.")] = None,
    may_replace: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print the files' names for programs.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Write a playbook to begin with."""
    from soar.cli import starter  # noqa: PLC0415 -- loads every connector, and much with them

    pair = starter.draft_playbook(playbook_id, origin, source, config)
    starter.write_pair(pair, may_replace=may_replace)
    if is_json:
        show_json({"playbook": str(pair.playbook), "tests": str(pair.tests)})
        return
    show(
        f"wrote {pair.playbook} and {pair.tests}",
        f"next: soar playbook validate {pair.playbook}",
        f"      soar playbook test {playbook_id} --require-gates",
        f"      soar playbook show {playbook_id}",
        f"Editors that know YAML schemas read {starter.SCHEMA}, once it is there.",
    )


@commands.command(
    "show",
    help=guide(
        "Tell what a playbook does and the worst that it can do: a file, one of the site's, or else one that serves.",
        "soar playbook show phishing-triage",
        "soar playbook show playbooks/phishing-triage.yaml --json",
        "soar playbook show phishing-triage --grants",
    ),
)
def show_playbook(
    name: Annotated[str, typer.Argument(metavar="ID_OR_FILE", help="The playbook's id, or its file.")],
    has_text: Annotated[bool, typer.Option("--text", help="Print the document instead.")] = False,
    has_grants: Annotated[bool, typer.Option("--grants", help="Print what it may use instead, and no more.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Show one playbook."""
    from soar.cli import summary  # noqa: PLC0415 -- loads every connector, and much with them
    from soar.cli.manifest import show_grants  # noqa: PLC0415 -- as above
    from soar.playbook.references import find_references  # noqa: PLC0415 -- as above

    shown = summary.find_playbook(name, config)
    if has_text:
        show(*shown.loaded.text.rstrip("\n").split("\n"))
        return
    playbook = shown.loaded.playbook
    if playbook is None:
        note(*summary.tell_faults(shown.loaded))
        raise typer.Exit(ExitCode.FAILED)
    if has_grants:
        references = find_references(playbook, shown.catalog.find_action)
        show_grants(references, is_json=is_json)
    elif is_json:
        show_json(summary.write_playbook(playbook, shown.catalog))
    else:
        show(*summary.tell_playbook(playbook, shown.catalog))


@commands.command(
    help=guide(
        "Check playbooks here, against the installed connectors and the policy; no server is needed.",
        "soar playbook validate",
        "soar playbook validate playbooks/phishing-triage.yaml",
        "soar playbook validate playbooks --strict --format sarif",
    )
)
def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders; the site's folder of playbooks if missing.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How findings are printed.")] = Format.TEXT,
    is_strict: Annotated[bool, typer.Option("--strict", help="Let warnings, such as of no owner, fail.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Check files, and fail if one is bad."""
    from soar.cli import validation  # noqa: PLC0415 -- loads every connector, and much with them

    with waiting("checking playbooks"):
        verdicts = validation.check_playbooks(paths or [], config, is_strict=is_strict)
    findings = [finding for loaded in verdicts for finding in loaded.findings]
    match format_:
        case Format.TEXT:
            show(*validation.tell_verdicts(verdicts))
        case Format.JSON:
            show_json({"files": [validation.write_verdict(loaded) for loaded in verdicts]})
        case Format.SARIF:
            show_json(write_sarif(findings, soar.__version__))
        case Format.GITHUB:
            show(*map(render_annotation, findings))
        case _:
            assert_never(format_)
    if any(loaded.playbook is None for loaded in verdicts):
        raise typer.Exit(ExitCode.FAILED)


@commands.command(
    "fmt",
    help=guide(
        "Write playbooks in the canonical form: keys in order, two spaces a level, one blank line between blocks. "
        "Comments and values stay as they are; a file that cannot be read is left alone.",
        "soar playbook fmt",
        "soar playbook fmt playbooks/phishing-triage.yaml --diff",
        "soar playbook fmt playbooks --check",
    ),
)
def format_files(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders; the site's folder of playbooks if missing.")
    ] = None,
    is_check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a file differs.")] = False,
    has_diff: Annotated[bool, typer.Option("--diff", help="Change nothing; print what would change.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print the verdicts for programs.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Rewrite files, or say which would be."""
    from soar.cli import canon, site  # noqa: PLC0415 -- loads the reader of documents, and the settings

    formatted = canon.format_playbooks(paths or [], config)
    if not (is_check or has_diff):
        for one in formatted:
            if one.is_different:
                site.replace_file(one.file, one.after)
    if is_json:
        show_json({"files": [canon.write_verdict(one) for one in formatted]})
    else:
        show(*canon.tell_formatted(formatted, is_check=is_check, has_diff=has_diff))
    if any(one.findings or (is_check and one.is_different) for one in formatted):
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


commands.command("run", help=launch.HELP)(launch.start)
commands.command("graph", help=graph.HELP)(graph.draw)
commands.command("diff", help=comparison.HELP)(comparison.compare)
commands.command("parity", help=parity.HELP)(parity.compare)
commands.command("schema", help=schema.HELP)(schema.write)
commands.command("push", help=publication.PUSH_HELP)(publication.push)
commands.command("revisions", help=publication.REVISIONS_HELP)(publication.list_revisions)
commands.command("publish", help=publication.PUBLISH_HELP)(publication.publish)


@commands.command(
    help=guide(
        "Say what a playbook would have done with stored alerts, and what would change against another revision. The "
        "site's database is read here, nothing is written to it, and nothing is sent to anybody.",
        "soar playbook backtest phishing-triage --since 30d",
        "soar playbook backtest new/phishing-triage.yaml --against live --fail-on-change",
        "soar playbook backtest phishing-triage --answers simulated --decide silence --limit 500",
    )
)
def backtest(
    playbook: Annotated[str, typer.Argument(help="A file, or the id of a playbook of the site.")],
    *,
    since: Annotated[str, typer.Option("--since", help="How long ago to begin, such as 30d, or a moment.")] = "30d",
    until: Annotated[str, typer.Option("--until", help="How long ago to end, or a moment; 0s is now.")] = "0s",
    against: Annotated[
        str | None, typer.Option("--against", help="What to compare with: live, a file, or the digest of a revision.")
    ] = None,
    answers: Annotated[
        Answers, typer.Option("--answers", help="Answer calls as on record, or by simulators alone.")
    ] = Answers.RECORDED,
    decide: Annotated[Decide, typer.Option("--decide", help="What people do at gates.")] = Decide.APPROVE,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many alerts, the oldest.")] = None,
    fail_on_change: Annotated[
        bool, typer.Option("--fail-on-change", help="Fail if anything would change; needs --against.")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print the report for programs.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Take stored alerts through a playbook."""
    from soar.cli import backtest as backtesting  # noqa: PLC0415 -- loads every connector and the engine
    from soar.cli import forecast  # noqa: PLC0415 -- as above

    order = backtesting.Order(
        playbook=playbook,
        since=since,
        until=until,
        against=against,
        assumptions=Assumptions(answers, decide),
        limit=limit,
        config=config,
    )
    found = backtesting.run_backtest(order)
    if is_json:
        show_json(forecast.write_forecast(found))
    else:
        show(*forecast.tell_forecast(found))
    if fail_on_change and found.backtested.difference is not None and not found.backtested.difference.is_empty:
        raise typer.Exit(ExitCode.FAILED)
