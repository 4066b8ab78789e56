"""What `soar playbook fmt` does: playbooks written in their canonical form."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from soar.cli.output import Line
from soar.cli.site import find_settings, list_playbooks
from soar.model.errors import InputError, NotFoundError
from soar.model.values import JsonValue
from soar.playbook import Finding, format_document, read_file, render_text


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file, and what it should say.

    Attributes:
        before: what it says.
        after: its canonical form; as before if it cannot be read.
        findings: why it cannot be read.
    """

    file: Path
    before: str
    after: str
    findings: tuple[Finding, ...]

    @property
    def is_different(self) -> bool:
        """Whether the file is not in its canonical form."""
        return self.before != self.after


def format_playbooks(paths: Sequence[Path], config: Path | None) -> list[Formatted]:
    """Return files and folders of playbooks with their canonical form; nothing is written.

    Raises:
        NotFoundError: there is no playbook in any of them.
        InputError: a file cannot be read, or not be laid out without changing what it says.
    """
    files = list_playbooks(paths, find_settings(config))
    if not files:
        raise NotFoundError("there is no playbook", hint="a playbook is ID.yaml; `soar playbook new ID` writes one")
    return [_format(file) for file in files]


def _format(file: Path) -> Formatted:
    try:
        text, findings = read_file(file)
        after, found = (text, findings) if findings else format_document(text, str(file))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", code="unreadable") from error
    except InputError as error:
        raise InputError(f"{file}: {error.message}", code=error.code, hint=error.hint) from error
    return Formatted(file, text, after, tuple(replace(finding, file=str(file)) for finding in found))


def tell_formatted(formatted: Sequence[Formatted], *, is_check: bool, has_diff: bool) -> Iterator[Line]:
    """Yield what is wrong with files, the differences if they are wanted, and which files differ."""
    for one in formatted:
        for finding in one.findings:
            yield from (Line(line) for line in render_text(finding).split("\n"))
        if has_diff:
            yield from _tell_difference(one)
        elif one.is_different:
            yield Line(f"{one.file} is not in the canonical form" if is_check else f"{one.file} was rewritten")


def _tell_difference(one: Formatted) -> Iterator[Line]:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    lines = difflib.unified_diff(
        one.before.splitlines(), one.after.splitlines(), str(one.file), f"{one.file} (canonical)", lineterm=""
    )
    yield from (Line(line, styles.get(line[:1], "")) for line in lines)


def write_verdict(one: Formatted) -> JsonValue:
    """Return what became of a file as plain data."""
    return {
        "file": str(one.file),
        "is_different": one.is_different,
        "findings": [finding.to_json() for finding in one.findings],
    }
