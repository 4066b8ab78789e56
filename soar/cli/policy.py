"""`soar policy`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import Line, count, show, show_answer, show_json
from soar.cli.site import find_settings, list_playbooks
from soar.model.errors import InputError
from soar.model.values import JsonValue
from soar.playbook import Loaded, Severity, render_text

File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy.")]
Config = Annotated[Path | None, typer.Option("--config", help="The settings; config/soar.yaml if it is there.")]

commands = group(
    "See the policy above the playbooks, and what another one would change.",
    "soar policy show",
    "soar policy check config/policy.yaml",
    "soar policy diff new-policy.yaml",
)


@commands.command("show", help=guide("Show the policy in force.", "soar policy show"))
def show_policy(is_json: Json = False) -> None:
    """Print what the server holds every action against."""
    answer = connect().get("policy")
    policy = answer.part("policy")
    show_answer(answer, *_describe(policy), is_json=is_json)


@commands.command(
    help=guide(
        "Check a policy here, and the site's playbooks against it; no server is needed.",
        "soar policy check config/policy.yaml",
    )
)
def check(file: File, config: Config = None, is_json: Json = False) -> None:
    """Say what is wrong with a policy, and which playbooks it would refuse.

    Raises:
        InputError: the policy or the site's own files do not fit.
        typer.Exit: a playbook that serves now would not any more.
    """
    from soar.app.site import read_policy, read_site  # noqa: PLC0415 -- loads the whole service; `--help` need not

    policy = read_policy(file)
    settings = find_settings(config)
    site = read_site(settings)
    other = replace(site, policy=policy)
    files = list_playbooks((), settings)
    refused = [
        after
        for before, after in ((site.checker.check_file(each), other.checker.check_file(each)) for each in files)
        if before.playbook is not None and after.playbook is None
    ]
    if is_json:
        show_json({"is_valid": True, "playbooks": len(files), "refused": [_write(loaded) for loaded in refused]})
    else:
        show(*_tell(policy_file=file, refused=refused, playbooks=len(files)))
    if refused:
        raise typer.Exit(1)


@commands.command(
    help=guide(
        "Say what another policy would have changed: which of the writes of the last days would have been asked about, "
        "capped or refused.",
        "soar policy diff new-policy.yaml",
        "soar policy diff new-policy.yaml --days 7",
    )
)
def diff(
    file: File,
    days: Annotated[int, typer.Option("--days", min=1, max=30, help="How far back.")] = 30,
    is_json: Json = False,
) -> None:
    """Hold another policy against what was done.

    Raises:
        InputError: the policy cannot be read.
    """
    from soar.app.documents import read_yaml_file  # noqa: PLC0415 -- slow to load; `--help` need not

    document = read_yaml_file(file)
    if document is None:
        raise InputError(f"there is no policy in {file}", code="unreadable")
    answer = connect().post("policy", "diff", body={"policy": document, "days": days})
    show_answer(answer, *_compare(answer, days), is_json=is_json)


def _describe(policy: Answer) -> Iterator[Line]:
    yield Line("gates", "bold")
    for gate in policy.parts("gates"):
        yield Line(f"  {gate.text('name')}: {_describe_gate(gate)}")
        yield Line(f"    when {gate.text('when')}", "dim")
    yield Line("protected", "bold")
    for rule in policy.parts("protected"):
        yield Line(f"  {rule.text('kind') or 'anything'} with {rule.text('match')}")
    yield Line("caps", "bold")
    for cap in policy.parts("caps"):
        yield Line("  " + ", ".join(f"{name} {cap.text(name)}" for name in cap.raw))
    yield Line("silence is a no")


def _describe_gate(gate: Answer) -> str:
    if gate.raw.get("require") == "none":
        return "nobody is asked"
    require = gate.part("require")
    excluded = require.texts("exclude")
    without = f", without {', '.join(excluded)}" if excluded else ""
    people = (
        count(require.number("quorum"), "yes") if require.number("quorum") == 1 else f"{require.text('quorum')} yes"
    )
    return f"{people} of {', '.join(require.texts('by'))}, {require.text('assurance')}{without}"


def _tell(*, policy_file: Path, refused: list[Loaded], playbooks: int) -> Iterator[Line]:
    yield Line(f"✔ {policy_file} is a policy", "green")
    for loaded in refused:
        yield Line(f"✖ {loaded.file.name.removesuffix('.yaml')} would not serve under it", "red")
        for finding in loaded.findings:
            if finding.severity is Severity.ERROR:
                yield from (Line(f"  {line}") for line in render_text(finding).split("\n"))
    yield Line(f"{count(playbooks, 'playbook')}, {len(refused)} of which would not serve any more")


def _write(loaded: Loaded) -> JsonValue:
    return {"file": str(loaded.file), "findings": [finding.to_json() for finding in loaded.findings]}


def _compare(answer: Answer, days: int) -> Iterator[Line]:
    for shift in answer.parts("shifts"):
        before, after = shift.text("before"), shift.text("after")
        unasked = shift.number("unasked") if after == "asked" else 0
        told = f" ({unasked} ran without anybody's yes)" if unasked else ""
        yield Line(f"{shift.number('count'):>6,}  {shift.text('action')}: {before} → {after}{told}")
        yield Line(f"        {shift.text('why')}", "dim")
    judged = f"{count(answer.number('judged'), 'write')} of the last {count(days, 'day')}"
    changed = sum(shift.number("count") for shift in answer.parts("shifts"))
    yield Line(f"{judged}, {changed} of which it would judge differently", "bold")
    if not answer.flag("is_complete"):
        yield Line("only the newest were judged; choose fewer --days", "yellow")
    if answer.number("unknown"):
        yield Line(f"{count(answer.number('unknown'), 'write')} of actions that are not installed any more", "dim")
