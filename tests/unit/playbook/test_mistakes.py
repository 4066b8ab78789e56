"""Each mistake that the checker knows, as a file that makes it: the first lines say what must be found, and where."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from soar.access.allowances import Allowances
from soar.model.catalog import Allow, Catalog
from soar.playbook import CODES, Loaded, load_file
from soar.policy import DEFAULT_POLICY

MISTAKES = Path(__file__).parent / "mistakes"
EXPECTATION = re.compile(r"# (?P<code>P[0-9]{3}) (?P<line>[0-9]+) (?P<column>[0-9]+) (?P<hint>.+)")
NO_HINT = "-"
IDENTITY = Allow(teams=("identity",))
ALLOWANCES = Allowances(connections={"virustotal-of-identity": IDENTITY}, credentials={"identity_key": IDENTITY})


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


def check_file(file: Path, catalog: Catalog) -> Loaded:
    return load_file(
        file,
        catalog=catalog,
        policy=DEFAULT_POLICY,
        known_sources=("wazuh", "phish-report"),
        allowances=ALLOWANCES,
        known_rotas=("incident-commander", "identity"),
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_mistake_is_found_where_it_is_and_nothing_else_is(file: Path, catalog: Catalog) -> None:
    expected = list(read_expectations(file))
    findings = check_file(file, catalog).findings
    assert expected
    assert [(found.code, found.line, found.column) for found in findings] == [each[:3] for each in expected]
    for found, each in zip(findings, expected, strict=True):
        if each.hint == NO_HINT:
            assert found.hint is None
        else:
            assert each.hint in (found.hint or "")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_playbook_comes_out_only_where_nothing_is_worse_than_doubtful(file: Path, catalog: Catalog) -> None:
    loaded = check_file(file, catalog)
    assert (loaded.playbook is not None) == all(found.code.startswith("P5") for found in loaded.findings)


def test_every_code_has_a_file_that_makes_the_mistake() -> None:
    made = {each.code for file in FILES for each in read_expectations(file)}
    assert made == set(CODES)
    assert len(FILES) >= 80
