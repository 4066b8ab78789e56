from pathlib import Path

import pytest

from soar.model.catalog import Catalog
from soar.playbook import Finding, Severity, render_text, validate_text
from soar.policy import DEFAULT_POLICY

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["several-mistakes", "colon-in-a-ternary", "started-by-hand", "doubtful"])
def test_messages_look_as_the_language_says(name: str, catalog: Catalog) -> None:
    text = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    _, findings = validate_text(text, playbook_id=name, file=f"{name}.yaml", catalog=catalog, policy=DEFAULT_POLICY)
    shown = "".join(f"{render_text(found)}\n" for found in findings)
    assert shown == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def make_finding(**changes: str | int | None) -> Finding:
    fields: dict[str, str | int | None] = {
        "code": "P101",
        "file": "a.yaml",
        "line": 2,
        "column": 3,
        "path": "steps[0]",
        "message": "unknown key `a`",
        "hint": None,
        "source_line": "\t\ta: 1",
    }
    return Finding(severity=Severity.ERROR, **(fields | changes))  # type: ignore[arg-type]  # a table of fields


def test_the_caret_stands_under_its_character_behind_tabs() -> None:
    assert render_text(make_finding()).splitlines()[1:] == ["     2 | \t\ta: 1", "       | \t\t^"]


def test_a_finding_without_a_line_or_hint_is_one_line() -> None:
    assert render_text(make_finding(source_line="")) == "a.yaml:2:3: P101 steps[0]: unknown key `a`"


def test_a_finding_is_plain_data_for_programs() -> None:
    assert make_finding(hint="remove it").to_json() == {
        "code": "P101",
        "severity": "error",
        "file": "a.yaml",
        "line": 2,
        "column": 3,
        "path": "steps[0]",
        "message": "unknown key `a`",
        "hint": "remove it",
        "source_line": "\t\ta: 1",
    }


def test_nothing_in_a_message_moves_the_cursor_or_turns_writing_around(catalog: Catalog) -> None:
    text = 'name: a\nowner: team:a\non: {manual: {}}\n"\\e[2J\u202e": 1\nsteps: [{stop: {}}]\n'
    _, findings = validate_text(text, playbook_id="a", file="a.yaml", catalog=catalog, policy=DEFAULT_POLICY)
    shown = render_text(findings[0])
    assert "unknown key `\ufffd[2J\ufffd`" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_line_of_any_length_is_clipped(catalog: Catalog) -> None:
    text = f"name: a\nowner: team:a\non: {{manual: {{}}}}\n{'k' * 5000}: 1\nsteps: [{{stop: {{}}}}]\n"
    _, findings = validate_text(text, playbook_id="a", file="a.yaml", catalog=catalog, policy=DEFAULT_POLICY)
    assert len(findings[0].source_line) == 240
    assert len(findings[0].message) < 100


def test_no_more_findings_come_than_anybody_reads(catalog: Catalog) -> None:
    text = "name: a\n" + "".join(f"k{number}: 1\n" for number in range(1000))
    _, findings = validate_text(text, playbook_id="a", file="a.yaml", catalog=catalog, policy=DEFAULT_POLICY)
    assert 200 <= len(findings) <= 400
