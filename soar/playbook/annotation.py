"""Findings as lines of a log from which GitHub Actions makes annotations.

The form and its escapes are those of GitHub's runner: see "Setting an error message" in its documentation.
"""

from soar.playbook.finding import Finding, Severity


def render_annotation(finding: Finding) -> str:
    """Return a finding as one line; no name, message or hint in it can begin another."""
    level = "error" if finding.severity is Severity.ERROR else "warning"
    properties = {"file": finding.file, "line": finding.line, "col": finding.column, "title": finding.code}
    place = ",".join(f"{name}={_escape_property(str(value))}" for name, value in properties.items())
    message = "\n".join(filter(None, (finding.message, finding.hint)))
    return f"::{level} {place}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
