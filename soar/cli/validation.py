"""The verdicts of `soar playbook validate`, in text and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from soar.app.site import read_site
from soar.cli.output import Line, count
from soar.cli.site import find_settings, list_playbooks
from soar.model.errors import InputError
from soar.model.playbook import Playbook
from soar.model.step import UseAction, walk_steps
from soar.model.values import JsonValue
from soar.playbook import Loaded, Severity, render_text

_BEGINNING = "next: `soar playbook new ID` writes one; docs/tutorial/first-playbook.md shows how it goes on"


def check_playbooks(paths: Sequence[Path], config: Path | None, *, is_strict: bool = False) -> list[Loaded]:
    """Check files and folders of playbooks.

    Args:
        paths: what to check; nothing means the site's own folder.
        config: the site's settings; None means the usual file, if it is there.
        is_strict: whether warnings count as errors.

    Raises:
        InputError: a path is not there, or the site's own files do not fit.
    """
    settings = find_settings(config)
    files = list_playbooks(paths, settings)
    checker = read_site(settings).checker
    try:
        verdicts = [checker.check_file(file) for file in files]
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}", code="unreadable") from error
    named = [_name_file(loaded) for loaded in verdicts]
    return [_judge_strictly(loaded) for loaded in named] if is_strict else named


def _name_file(loaded: Loaded) -> Loaded:
    """Let findings name the file as it was given, so that editors and reviewers find it."""
    return replace(loaded, findings=tuple(replace(finding, file=str(loaded.file)) for finding in loaded.findings))


def _judge_strictly(loaded: Loaded) -> Loaded:
    findings = tuple(replace(finding, severity=Severity.ERROR) for finding in loaded.findings)
    return replace(loaded, findings=findings, playbook=None if findings else loaded.playbook)


def tell_verdicts(verdicts: Sequence[Loaded]) -> Iterator[Line]:
    """Yield a line a file, its findings under it, and how many of each; of no file, how to make one."""
    if not verdicts:
        yield from (Line("There is no playbook here."), Line(_BEGINNING, "dim"))
        return
    for loaded in verdicts:
        name = loaded.file.name.removesuffix(".yaml")
        if loaded.playbook is None:
            yield Line(f"✖ {name}", "red")
        else:
            yield Line(f"✔ {name}  {_describe(loaded.playbook)}", "green")
        for finding in loaded.findings:
            yield from (Line(f"  {line}") for line in render_text(finding).split("\n"))
    severities = [finding.severity for loaded in verdicts for finding in loaded.findings]
    counts = (
        count(len(verdicts), "playbook"),
        count(severities.count(Severity.ERROR), "error"),
        count(severities.count(Severity.WARNING), "warning"),
    )
    yield Line(", ".join(counts))


def write_verdict(loaded: Loaded) -> JsonValue:
    """Return a verdict as plain data."""
    return {
        "file": str(loaded.file),
        "is_valid": loaded.playbook is not None,
        "findings": [finding.to_json() for finding in loaded.findings],
    }


def _describe(playbook: Playbook) -> str:
    steps = list(walk_steps(playbook.steps))
    gates = sum(step.gate is not None for step in steps)
    connectors = {step.body.action.partition(".")[0] for step in steps if isinstance(step.body, UseAction)}
    parts = (count(len(steps), "step"), count(gates, "gate"), count(len(connectors), "connector"))
    return " · ".join(parts)
