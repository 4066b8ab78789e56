"""The page of neighbours' flaws that are held against us."""

from collections.abc import Iterator

from pages.table import row, to_sentence
from tests.security.neighbours.table import NEIGHBOURS, RULES, find_tests

_TESTS = "../../tests/security/neighbours"


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    places = dict(find_tests())
    yield "# What went wrong elsewhere"
    yield ""
    yield f"{len(NEIGHBOURS)} published flaws of other automation, orchestration and build products. Each is a test"
    yield "against this one, which fails if the same thing can be done here. The rule says why it cannot."
    yield ""
    yield "| Rule | Says |"
    yield "|---|---|"
    for number, text in RULES.items():
        yield row(number, text)
    yield ""
    yield "| Identifier | Product | Class | What was wrong there | Rule | Test |"
    yield "|---|---|---|---|---|---|"
    for neighbour in NEIGHBOURS.values():
        place = places[neighbour.id]
        test = f"[{place.test.removeprefix('test_').replace('_', ' ')}]({_TESTS}/{place.file})"
        yield row(neighbour.id, neighbour.product, neighbour.kind, to_sentence(neighbour.flaw), neighbour.rule, test)
