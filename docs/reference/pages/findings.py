"""The page of what the checker finds, each with a document that makes the mistake and what is said of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from soar.access.allowances import Allowances
from soar.app.documents import read_yaml
from soar.model.catalog import Allow, Catalog
from soar.playbook import CODES, Finding, load_file, render_text, validate_text
from soar.policy import DEFAULT_POLICY
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import load_connectors

_ROOT = Path(__file__).resolve().parents[3]
_MISTAKES = _ROOT / "tests" / "unit" / "playbook" / "mistakes"
_EXPECTATION = re.compile(r"# P[0-9]{3} [0-9]+ [0-9]+ .+\n")
_ROTAS = ("incident-commander", "identity")
_SOURCES = ("phish-report", "wazuh")
_IDENTITY = Allow(teams=("identity",))
_ALLOWANCES = Allowances(connections={"virustotal-of-identity": _IDENTITY}, credentials={"identity_key": _IDENTITY})

_ADVICE = {
    "P102": "write the key that the message names",
    "P106": "remove the key, or move it to a step of the kind that takes it",
    "P116": "write a pattern in the syntax of RE2",
    "P305": "write the kind of value that the message names, or an expression that gives one",
}
"""What to write where a finding's message alone says what is missing."""


class Mistake(NamedTuple):
    """A document that makes a mistake, and what is found in it."""

    name: str
    text: str
    findings: tuple[Finding, ...]


def read_mistake(file: Path, catalog: Catalog) -> Mistake:
    """Return the mistake that a file makes, without the lines that say what is expected of it."""
    text = _EXPECTATION.sub("", file.read_text("utf-8"))
    _, findings = validate_text(
        text,
        playbook_id=file.stem,
        file=file.name,
        catalog=catalog,
        policy=DEFAULT_POLICY,
        known_sources=_SOURCES,
        allowances=_ALLOWANCES,
        known_rotas=_ROTAS,
    )
    if not findings:
        findings.extend(load_file(file, catalog=catalog, policy=DEFAULT_POLICY).findings)
    return Mistake(file.name, text.strip("\n"), tuple(findings))


def choose_example(code: str, made: list[Mistake]) -> Mistake:
    """Return the mistake that shows a code best: in which little else is found, with a hint, and the shortest."""
    showing = [mistake for mistake in made if any(found.code == code for found in mistake.findings)]
    return min(showing, key=_measure_length)


def _measure_length(mistake: Mistake) -> tuple[int, bool, int]:
    has_hint = any(found.hint for found in mistake.findings)
    return len(mistake.findings), not has_hint, len(mistake.text)


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    catalog = build_catalog(load_connectors(discover([_ROOT / "connectors"], installed=()), read_yaml).values())
    made = [read_mistake(file, catalog) for file in sorted(_MISTAKES.glob("*.yaml"))]
    yield "# Findings"
    yield ""
    yield "What `soar playbook validate` says of a document. Codes below P500 are errors: the document does not serve,"
    yield "and the last good revision serves on. Those from P500 are warnings, which `--strict` counts as errors."
    for code, sentence in CODES.items():
        yield from ("", f"## {code}", "", sentence)
        yield from _describe(code, choose_example(code, made))


def _describe(code: str, mistake: Mistake) -> Iterator[str]:
    if mistake.text:
        yield from ("", "```yaml", *map(_show, mistake.text.split("\n")), "```")
    yield from ("", "```text")
    for found in mistake.findings:
        yield from render_text(found).split("\n")
    yield "```"
    hint = next((found.hint for found in mistake.findings if found.code == code and found.hint), None)
    yield from ("", f"What to do: {hint or _ADVICE[code]}.")


def _show(line: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in line)
