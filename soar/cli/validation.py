"""The verdicts of `soar playbook validate`, in text, as JSON and as annotations."""

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
from soar.playbook import Finding, Loaded, Severity, render_text


def check_playbooks(paths: Sequence[Path], config: Path | None) -> list[Loaded]:
    """Check files and folders of playbooks.

    Args:
        paths: what to check; nothing means the site's own folder.
        config: the site's settings; None means the usual file, if it is there.

    Raises:
        NotFoundError: a path is not there, or there is no playbook in any.
        InputError: the site's own files do not fit.
    """
    settings = find_settings(config)
    files = list_playbooks(paths, settings)
    checker = read_site(settings).checker
    try:
        return [_name_file(checker.check_file(file)) for file in files]
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}", code="unreadable") from error


def _name_file(loaded: Loaded) -> Loaded:
    """Let findings name the file as it was given, so that editors and reviewers find it."""
    return replace(loaded, findings=tuple(replace(finding, file=str(loaded.file)) for finding in loaded.findings))


def tell_verdicts(verdicts: Sequence[Loaded]) -> Iterator[Line]:
    """Yield a line a file, its findings under it, and how many are good."""
    for loaded in verdicts:
        name = loaded.file.name.removesuffix(".yaml")
        if loaded.playbook is None:
            yield Line(f"✖ {name}", "red")
        else:
            yield Line(f"✔ {name}  {_describe(loaded.playbook)}", "green")
        for finding in loaded.findings:
            yield from (Line(f"  {line}") for line in render_text(finding).split("\n"))
    bad = sum(loaded.playbook is None for loaded in verdicts)
    yield Line(f"{len(verdicts) - bad} good, {bad} bad")


def write_verdict(loaded: Loaded) -> JsonValue:
    """Return a verdict as plain data."""
    return {
        "file": str(loaded.file),
        "is_valid": loaded.playbook is not None,
        "findings": [finding.to_json() for finding in loaded.findings],
    }


def annotate(finding: Finding) -> str:
    """Return a finding in the form in which GitHub Actions takes annotations from a log."""
    level = "error" if finding.severity is Severity.ERROR else "warning"
    place = f"file={_escape_property(finding.file)},line={finding.line},col={finding.column}"
    message = "\n".join(filter(None, (finding.message, finding.hint)))
    return f"::{level} {place},title={_escape_property(finding.code)}::{_escape(message)}"


def _describe(playbook: Playbook) -> str:
    steps = list(walk_steps(playbook.steps))
    gates = sum(step.gate is not None for step in steps)
    connectors = {step.body.action.partition(".")[0] for step in steps if isinstance(step.body, UseAction)}
    parts = (count(len(steps), "step"), count(gates, "gate"), count(len(connectors), "connector"))
    return " · ".join(parts)


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
