"""The findings of one document, as they come in."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from soar.playbook.finding import MAX_SOURCE_LINE, Finding, Severity, clean_text, split_lines
from soar.playbook.node import Path, print_path

_MAX_FINDINGS = 200  # nobody reads more, and a hostile document could hold thousands
_MAX_MESSAGE = 300
_MAX_NAME = 60
_MAX_CHOICES = 200
_MAX_COMPARED = 1_000_000  # characters with characters: what is compared grows with the square of what is written


class Report:
    """Collects findings; beyond two hundred it counts no more.

    Args:
        text: the document.
        file: what the findings call it.
    """

    def __init__(self, text: str, file: str) -> None:
        self.lines = split_lines(text)
        self.file = file
        self.findings: list[Finding] = []
        self._patience = _MAX_COMPARED

    @property
    def is_full(self) -> bool:
        """Whether further findings are dropped."""
        return len(self.findings) >= _MAX_FINDINGS

    def line(self, number: int) -> str:
        """Return a line of the document, counted from 1; empty behind its end, where the parser may point."""
        return self.lines[number - 1] if number <= len(self.lines) else ""

    def add(
        self,
        code: str,
        place: tuple[int, int],
        path: Path,
        message: str,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note down a finding at a line and column."""
        if self.is_full:
            return
        line, column = place
        self.findings.append(
            Finding(
                code=code,
                severity=severity,
                file=self.file,
                line=line,
                column=column,
                path=clean_text(print_path(path), _MAX_MESSAGE),
                message=clean_text(message, _MAX_MESSAGE),
                hint=None if hint is None else clean_text(hint, _MAX_MESSAGE),
                source_line=clean_text(self.line(line), MAX_SOURCE_LINE),
            )
        )

    def suggest(self, name: str, choices: Iterable[str]) -> str | None:
        """Return a hint that names the choice closest to a mistyped name, or None if none is close."""
        if self.is_full or len(name) > _MAX_NAME:
            return None
        candidates = sorted(choice for choice in islice(choices, _MAX_CHOICES) if len(choice) <= _MAX_NAME)
        self._patience -= len(name) * sum(map(len, candidates))
        close = get_close_matches(name, candidates, n=1) if self._patience >= 0 else []
        return f"did you mean `{close[0]}`?" if close else None


def quote(text: object) -> str:
    """Return a name from a document between backquotes, clipped."""
    return f"`{clean_text(str(text), _MAX_NAME)}`"
