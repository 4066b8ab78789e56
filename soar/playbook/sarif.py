"""Findings as a SARIF log, which code hosts and editors read.

The form is SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from soar.model.values import JsonValue
from soar.playbook.finding import CODES, Finding, Severity

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_DOCUMENTATION: Final = "https://soar.example/docs"
_REFERENCE: Final = f"{_DOCUMENTATION}/reference/findings.md"
_RULES: Final = tuple(CODES)


def write_sarif(findings: Iterable[Finding], version: str) -> JsonValue:
    """Return findings as a SARIF log with one run.

    Args:
        findings: of any number of documents; their `file` is a path, which becomes a URI.
        version: of this product.
    """
    driver: JsonValue = {
        "name": "soar playbook validate",
        "version": version,
        "informationUri": _DOCUMENTATION,
        "rules": [_describe_rule(code) for code in _RULES],
    }
    results: list[JsonValue] = [_describe_result(finding) for finding in findings]
    run: JsonValue = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _describe_rule(code: str) -> JsonValue:
    return {"id": code, "shortDescription": {"text": CODES[code]}, "helpUri": f"{_REFERENCE}#{code.lower()}"}


def _describe_result(finding: Finding) -> JsonValue:
    place: JsonValue = {
        "artifactLocation": {"uri": _write_uri(finding.file)},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }
    location: dict[str, JsonValue] = {"physicalLocation": place}
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    return {
        "ruleId": finding.code,
        "ruleIndex": _RULES.index(finding.code),
        "level": "error" if finding.severity is Severity.ERROR else "warning",
        "message": {"text": "\n".join(filter(None, (finding.message, finding.hint)))},
        "locations": [location],
    }


def _write_uri(file: str) -> str:
    """Return a path as a URI; one that is not absolute stays relative to wherever the reader stands."""
    escaped = quote(file, errors="surrogatepass")
    return f"file://{escaped}" if file.startswith("/") else escaped
