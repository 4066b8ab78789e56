"""The answers to OWASP ASVS 5.0.0 are complete, and each test that they name is there."""

import re
from collections import Counter

import pytest

from tests.security.asvs import CHAPTERS, LEVELS, TABLE, Claim, Status, Tally, find_tests, read_claims, tally

CLAIMS = read_claims()
REQUIREMENTS = 345
BY_LEVEL = {1: 70, 2: 183, 3: 92}
MOST_WORDS = 10


def test_every_requirement_is_answered_once_and_in_its_order() -> None:
    expected = [requirement for chapter in CHAPTERS for requirement in chapter.list_requirements()]
    assert [claim.requirement for claim in CLAIMS] == expected
    assert len(expected) == REQUIREMENTS
    assert Counter(claim.level for claim in CLAIMS) == BY_LEVEL


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.requirement)
def test_an_answer_names_tests_that_are_there_or_a_reason(claim: Claim) -> None:
    assert 1 <= len(claim.says.split()) <= MOST_WORDS
    if claim.status is Status.VERIFIED:
        assert claim.tests
        assert [test for test in claim.tests if not [*find_tests(test)]] == []
    else:
        assert re.match(r"[\w/]", claim.because)
        assert "::" not in claim.because


@pytest.mark.parametrize(
    "pattern",
    [
        "tests/security/test_asvs.py::test_that_is_not_there",
        "tests/security/test_nothing.py::*",
        "tests/security/test_asvs.py::CLAIMS",
        "tests/security/test_asvs.py",
    ],
)
def test_a_test_that_is_not_there_is_not_found(pattern: str) -> None:
    assert [*find_tests(pattern)] == []


def test_a_star_stands_for_every_test_of_a_file() -> None:
    assert "test_a_star_stands_for_every_test_of_a_file" in find_tests("tests/security/test_asvs.py::*")


def test_a_share_is_of_what_applies_and_never_rounded_up() -> None:
    assert (Tally(2, 5, 1).total, Tally(2, 5, 1).share) == (8, "66 %")
    assert Tally(0, 3, 0).share == "-"
    claims = [Claim("1.1.1", 1, "", status, "") for status in (Status.VERIFIED, Status.NOT_MET, Status.NOT_MET)]
    assert tally(claims) == Tally(1, 0, 2)


def test_the_page_has_every_answer_and_the_shares() -> None:
    page = TABLE.with_suffix(".md").read_text("utf-8")
    rows = {cells[0]: cells[1:] for cells in (line.strip("| ").split(" | ") for line in page.splitlines())}
    for claim in CLAIMS:
        level, says, status, *_ = rows[claim.requirement]
        assert (level, says, status) == (str(claim.level), claim.says, claim.status)
    for level in LEVELS:
        reached = [claim for claim in CLAIMS if claim.level <= level]
        verified = sum(claim.status is Status.VERIFIED for claim in reached)
        missed = sum(claim.status is Status.NOT_MET for claim in reached)
        share = f"{100 * verified // (verified + missed)} %"
        left_out = len(reached) - verified - missed
        assert rows[f"Level {level}"] == [str(count) for count in (len(reached), verified, left_out, missed, share)]
