import pytest

from soar.model.catalog import Catalog
from soar.playbook import Finding, validate_text
from soar.playbook.weight import MAX_WORDS
from soar.policy import DEFAULT_POLICY

HEAD = "name: A\nowner: team:a\non: {manual: {}}\nsteps:\n  - set:\n      a:\n"


def check(item: str, count: int, catalog: Catalog, tail: str = "") -> list[Finding]:
    text = HEAD + f"        - '{item}'\n" * count + tail
    _, findings = validate_text(text, playbook_id="a", file="a.yaml", catalog=catalog, policy=DEFAULT_POLICY)
    return findings


def test_what_may_be_compiled_ends_at_the_limit(catalog: Catalog) -> None:
    words_of_one = 4
    most = MAX_WORDS // words_of_one
    assert check("${{7}} and text behind", most, catalog) == []
    (finding,) = check("${{7}} and text behind", most + 1, catalog)
    assert (finding.code, finding.path) == ("P002", "steps[0].set")
    assert finding.message == "the expressions up to here have more than 9,000 words and signs"


@pytest.mark.parametrize("item", ["a b c d e f g h i j k l", "$ { { 7 } } a b c d e"])
def test_text_that_is_no_expression_weighs_nothing(item: str, catalog: Catalog) -> None:
    assert check(item, 4_000, catalog) == []


def test_a_pattern_that_repeats_weighs_more_than_its_words(catalog: Catalog) -> None:
    assert check('${{ "a".matches("b+") }}', 100, catalog) == []
    assert check('${{ "a".matches("b{2}") }}', 10, catalog) == []
    assert [found.code for found in check('${{ "a".matches("b{2}") }}', 100, catalog)] == ["P002"]


def test_conditions_are_weighed_with_the_rest(catalog: Catalog) -> None:
    long = " || ".join(["true"] * 300)
    tail = f"  - if: {long}\n    set: {{b: 1}}\n" * 20
    assert [found.code for found in check("${{7}}", 1, catalog, tail)] == ["P002"]
