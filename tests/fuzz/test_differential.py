import pytest

from tests.fuzz.differences import EXPLANATIONS, Explanation, explain
from tests.fuzz.differential import Summary, compare, describe, run
from tests.fuzz.evaluators import ORACLES, Oracle, evaluate_ours
from tests.fuzz.grammar import Grammar
from tests.fuzz.location import Difference, find_differences, parse_or_none
from tests.fuzz.outcomes import Crash, Fault, Outcome, agree
from tests.fuzz.printing import print_node

SEED = 20_261_121
COUNT = 1_500
CASES = [
    pytest.param(explanation, oracle, id=f"{explanation.name}-{oracle.name}")
    for explanation in EXPLANATIONS
    for oracle in ORACLES
    if oracle.name in explanation.oracles
]


def find(source: str, oracle: Oracle) -> list[Difference]:
    return find_differences(source, evaluate_ours(source), oracle.evaluate(source), oracle)


def test_a_sample_has_no_unexplained_difference_and_no_crash() -> None:
    summary = run(SEED, COUNT)
    assert not summary.unexplained, describe(summary, SEED)
    assert not summary.crashes, describe(summary, SEED)
    assert all(summary.valued[oracle.name] > COUNT // 4 for oracle in ORACLES)


@pytest.mark.parametrize(("explanation", "oracle"), CASES)
def test_an_explanation_is_needed_for_its_example(explanation: Explanation, oracle: Oracle) -> None:
    assert [explain(difference) for difference in find(explanation.example, oracle)] == [explanation]


def test_an_explanation_that_nothing_met_is_stale() -> None:
    summary = Summary()
    for explanation in EXPLANATIONS[1:]:
        compare(explanation.example, 0, summary)
    assert summary.list_stale() == [EXPLANATIONS[0]]
    assert f"STALE, met by nothing: {EXPLANATIONS[0].name}" in describe(summary, SEED)


def test_names_of_explanations_are_unique() -> None:
    assert len({explanation.name for explanation in EXPLANATIONS}) == len(EXPLANATIONS)


def test_a_wrong_answer_is_found_where_it_is_and_not_explained() -> None:
    """An oracle that takes every sum for one more is found out by the sum alone."""
    honest = ORACLES[0]

    def evaluate(source: str) -> Outcome:
        outcome = honest.evaluate(source)
        return outcome + 1 if "+" in source and type(outcome) is int else outcome

    liar = Oracle(honest.name, honest.functions, evaluate, honest.fatal)
    (difference,) = find("[1, 2].map(v, size(words) * (v + i)).size() == 2 ? (i + 1) * 2 : 0", liar)
    assert difference.text == "i + (1)"
    assert (difference.ours, difference.theirs) == (8, 9)
    assert explain(difference) is None


def test_a_difference_inside_a_loop_is_shown_with_the_element() -> None:
    (difference,) = find("ints.map(v, v + 0.5)", ORACLES[0])[:1]
    assert difference.text == "(3) + (0.5)"


def test_an_expression_can_be_made_again_from_its_number() -> None:
    assert [Grammar(SEED).make_shared(number) for number in (3, 5)] == [
        [Grammar(SEED).make_shared(number) for number in range(6)][number] for number in (3, 5)
    ]


def test_a_printed_tree_means_what_the_text_meant() -> None:
    grammar = Grammar(SEED)
    for source in map(grammar.make_shared, range(300)):
        node = parse_or_none(source)
        if node is not None:
            assert agree(evaluate_ours(print_node(node)), evaluate_ours(source)), source


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, False),
        (1, True, False),
        (0.0, -0.0, False),
        ([1, {"a": None}], [1, {"a": None}], True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (Fault("a", "x"), Fault("b", "y"), True),
        (Fault("a", "x"), None, False),
        (Crash("x"), Fault("a", "x"), False),
    ],
)
def test_outcomes_agree_only_in_kind_and_content(one: Outcome, other: Outcome, *, expected: bool) -> None:
    assert agree(one, other) is expected
