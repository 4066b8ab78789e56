"""Each mistake that the checker knows, as a file that makes it: the first lines say what must be found, and where."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from soar.model.catalog import Catalog
from soar.playbook import CODES, validate_text
from soar.policy import DEFAULT_POLICY

MISTAKES = Path(__file__).parent / "mistakes"
EXPECTATION = re.compile(r"# (?P<code>P[0-9]{3}) (?P<line>[0-9]+) (?P<column>[0-9]+) (?P<hint>.+)")
WITHOUT_A_FILE = {"P005"}  # it is about the file's name: see test_load


class Expected(NamedTuple):
    code: str
    line: int
    column: int
    hint: str


def read_expectations(file: Path) -> Iterator[Expected]:
    for line in file.read_text(encoding="utf-8").splitlines():
        found = EXPECTATION.fullmatch(line)
        if found is None:
            return
        yield Expected(found["code"], int(found["line"]), int(found["column"]), found["hint"])


FILES = sorted(MISTAKES.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_mistake_is_found_where_it_is_and_nothing_else_is(file: Path, catalog: Catalog) -> None:
    expected = list(read_expectations(file))
    text = file.read_text(encoding="utf-8")
    _, findings = validate_text(
        text,
        playbook_id=file.stem,
        file=file.name,
        catalog=catalog,
        policy=DEFAULT_POLICY,
        known_sources=("wazuh", "phish-report"),
    )
    assert expected
    assert [(found.code, found.line, found.column) for found in findings] == [each[:3] for each in expected]
    for found, each in zip(findings, expected, strict=True):
        assert each.hint == "-" if found.hint is None else each.hint in found.hint


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_playbook_comes_out_only_where_nothing_is_worse_than_doubtful(file: Path, catalog: Catalog) -> None:
    text = file.read_text(encoding="utf-8")
    playbook, findings = validate_text(
        text,
        playbook_id=file.stem,
        file=file.name,
        catalog=catalog,
        policy=DEFAULT_POLICY,
        known_sources=("wazuh", "phish-report"),
    )
    assert (playbook is not None) == all(found.code.startswith("P5") for found in findings)


def test_every_code_has_a_file_that_makes_the_mistake() -> None:
    made = {each.code for file in FILES for each in read_expectations(file)}
    assert made == set(CODES) - WITHOUT_A_FILE
