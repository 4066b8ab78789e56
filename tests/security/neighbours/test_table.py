"""The table of neighbours and the tests say the same."""

import re

from tests.security.neighbours.entries import ENTRIES
from tests.security.neighbours.table import NEIGHBOURS, RULES, find_tests

FEWEST = 60


def test_every_flaw_has_its_test_and_every_test_its_flaw() -> None:
    answered = [id_ for id_, _ in find_tests()]
    assert sorted(answered) == sorted(NEIGHBOURS)
    assert len(NEIGHBOURS) == len(ENTRIES)


def test_the_flaws_are_of_many_classes() -> None:
    assert len({neighbour.kind for neighbour in NEIGHBOURS.values()}) >= FEWEST


def test_every_flaw_is_public_and_has_a_rule_of_ours() -> None:
    for neighbour in NEIGHBOURS.values():
        assert re.fullmatch(r"CVE-\d{4}-\d{4,}|GHSA(-[23456789cfghjmpqrvwx]{4}){3}", neighbour.id), neighbour
        assert neighbour.rule in RULES, neighbour
    assert {neighbour.rule for neighbour in NEIGHBOURS.values()} == set(RULES)
