import pytest

from soar.playbook import Finding, Severity, render_annotation


def make_finding(**changes: str | None) -> Finding:
    fields = {"file": "a.yaml", "message": "unknown key `a`", "hint": "remove it"} | changes
    return Finding(
        code="P101", severity=Severity.ERROR, line=2, column=3, path="steps[0]", source_line="a: 1", **fields
    )  # type: ignore[arg-type]  # a table of fields


def test_an_annotation_names_file_line_column_and_code() -> None:
    expected = "::error file=a.yaml,line=2,col=3,title=P101::unknown key `a`%0Aremove it"
    assert render_annotation(make_finding()) == expected


def test_a_finding_without_a_hint_is_its_message() -> None:
    assert render_annotation(make_finding(hint=None)).endswith("::unknown key `a`")


@pytest.mark.parametrize("field", ["file", "message", "hint"])
@pytest.mark.parametrize("text", ["a\n::error ::b", "a\r\n::stop-commands::x", "a\r::add-mask::b", "100%0A::error::x"])
def test_no_text_begins_a_line_of_its_own(field: str, text: str) -> None:
    shown = render_annotation(make_finding(**{field: text}))
    assert "\n" not in shown
    assert "\r" not in shown
    assert shown.startswith("::error file=")
    assert "%0A::error::x" not in shown


def test_no_file_name_ends_its_property_or_the_properties() -> None:
    shown = render_annotation(make_finding(file="a,line=9::b%.yaml"))
    assert shown.startswith("::error file=a%2Cline=9%3A%3Ab%25.yaml,line=2,col=3,title=P101::")


def test_a_warning_is_one() -> None:
    finding = Finding(
        code="P501",
        severity=Severity.WARNING,
        file="a",
        line=1,
        column=1,
        path="",
        message="m",
        hint=None,
        source_line="",
    )
    assert render_annotation(finding) == "::warning file=a,line=1,col=1,title=P501::m"
