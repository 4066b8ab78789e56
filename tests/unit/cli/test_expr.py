"""`soar expr`."""

import json
from pathlib import Path

import pytest

from soar.expr import BUILTINS
from tests.unit.cli.fakes import Soar

NOW = ("--now", "2026-11-21T09:00:00Z")


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("1 + 2", ["3", "int · trusted"]),
        ('${{ "a" + "b" }}', ['"ab"', "string · trusted"]),
        ('now() - duration("1h")', ['timestamp("2026-11-21T08:00:00Z")', "timestamp · trusted"]),
        ("inputs.n > 2", ["true", "bool · untrusted"]),
        ("inputs.hosts", ['["a", "b"]', "list · untrusted"]),
        ("inputs.text", ['"a=b"', "string · untrusted"]),
        ('[ip("::1"), {"a": bytes("b")}]', ['["::1", {"a": "Yg=="}]', "list · trusted"]),
    ],
)
def test_a_value_is_told_with_its_type_and_label(soar: Soar, expression: str, told: list[str]) -> None:
    given = ("--input", "n=3", "--input", 'hosts=["a", "b"]', "--input", "text=a=b")
    outcome = soar("expr", "eval", expression, *NOW, *given)
    assert (outcome.code, outcome.out.splitlines()) == (0, told)


def test_alerts_names_and_settings_are_read_from_files(soar: Soar, tmp_path: Path) -> None:
    (tmp_path / "alert.json").write_text('{"source": "wazuh", "severity": "high", "raw": {"level": 12}}', "utf-8")
    (tmp_path / "names.json").write_text('{"vars": {"limit": 10}, "steps": {"a": {"output": [1]}}}', "utf-8")
    (tmp_path / "soar.yaml").write_text("config: {zone: dmz}\n", "utf-8")
    files = ("--alert", "alert.json", "--vars", "names.json", "--config", "soar.yaml")
    expression = 'alert.severity == "high" && alert.raw.level > vars.limit && steps.a.output == [1]'
    assert soar("expr", "eval", expression, *files).out == "true\nbool · untrusted\n"
    assert soar("expr", "eval", "config.zone + string(vars.limit)", *files).out == '"dmz10"\nstring · trusted\n'


def test_the_trace_is_a_tree(soar: Soar) -> None:
    outcome = soar(
        "expr", "eval", "size(inputs.a) > 3 || inputs.n == 2", "--input", "a=[1]", "--input", "n=2", "--trace"
    )
    assert outcome.out.splitlines() == [
        "size(inputs.a) > 3 || inputs.n == 2  →  true",
        "  size(inputs.a) > 3  →  false",
        "    size(inputs.a)  →  1",
        "      inputs.a  →  [1]",
        "  inputs.n == 2  →  true",
        "    inputs.n  →  2",
        "true",
        "bool · untrusted",
    ]


def test_a_missing_value_is_pointed_at(soar: Soar) -> None:
    outcome = soar("expr", "eval", "1 > 0 &&\n  inputs.hots == 1", "--input", "host=a")
    assert (outcome.code, outcome.out) == (1, "")
    first, line, caret, hint = outcome.err.splitlines()
    assert first.startswith("error: line 2: ")
    assert line.removeprefix("  ").lstrip() == "inputs.hots == 1"
    assert line[caret.index("^") : caret.rindex("^") + 1] == "inputs.hots"
    assert hint == "hint: did you mean `host`?"


def test_what_is_no_expression_is_pointed_at(soar: Soar) -> None:
    outcome = soar("expr", "eval", "vars.a ++ 3")
    assert outcome.code == 2
    assert outcome.err.splitlines()[:3] == ["error: `+` is not expected here", "  vars.a ++ 3", "          ^"]
    outcome = soar("expr", "eval", "")
    assert outcome.code == 2
    assert outcome.err.startswith("error: ")


def test_programs_get_value_trace_and_error(soar: Soar) -> None:
    document = json.loads(soar("expr", "eval", "1 + inputs.n", "--input", "n=2", "--trace", "--json").out)
    assert (document["value"], document["type"], document["label"], document["error"]) == (3, "int", "untrusted", None)
    assert [(part["source"], part["depth"], part["value"]) for part in document["trace"]] == [
        ("1 + inputs.n", 0, 3),
        ("inputs.n", 1, 2),
    ]
    outcome = soar("expr", "eval", "1 + inputs.n", "--json")
    assert outcome.code == 1
    document = json.loads(outcome.out)
    assert (document["type"], document["error"]["position"], document["error"]["length"]) == (None, 4, 8)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--now", "yesterday"),
        ("--input", "x"),
        ("--input", "A=1"),
        ("--vars", "none.json"),
        ("--vars", "list.json"),
        ("--vars", "broken.json"),
        ("--alert", "raw.json"),
        ("--alert", "binary.json"),
    ],
)
def test_what_does_not_fit_is_a_usage_error(soar: Soar, tmp_path: Path, arguments: tuple[str, str]) -> None:
    (tmp_path / "list.json").write_text("[1]", "utf-8")
    (tmp_path / "broken.json").write_text('{"a": [', "utf-8")
    (tmp_path / "raw.json").write_text('{"rule": {"level": 3}}', "utf-8")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    outcome = soar("expr", "eval", "1", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")


def test_functions_are_listed_and_told(soar: Soar) -> None:
    listed = soar("expr", "functions").out.splitlines()
    assert len(listed) == len(BUILTINS) + 1
    assert soar("expr", "functions", "in_cidr").out.splitlines() == [
        "in_cidr(ip or string, string) gives bool",
        '  in_cidr("192.0.2.7", "192.0.2.0/24")',
        "  true",
    ]
    assert soar("expr", "functions", "has").out.splitlines()[0] == "has(a.b)"
    (told,) = json.loads(soar("expr", "functions", "matches", "--json").out)["functions"]
    assert (told["gives"], told["value"]) == ("bool", "true")


def test_an_unknown_function_is_not_found(soar: Soar) -> None:
    outcome = soar("expr", "functions", "in_cdir")
    assert (outcome.code, outcome.err) == (6, "error: there is no function in_cdir\nhint: did you mean in_cidr?\n")
