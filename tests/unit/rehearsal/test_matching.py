import pytest

from soar.model.values import JsonValue
from soar.rehearsal.matching import find_difference


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (1, 1),
        (1, 1.0),
        (None, None),
        ("a", "a"),
        ([1, {"a": [True]}], [1, {"a": [True]}]),
        ({"contains": "gone"}, "it is gone now"),
        ([{"contains": "b"}], ["abc"]),
        ({"contains": 3}, {"contains": 3}),
        ({"contains": "a", "and": 1}, {"contains": "a", "and": 1}),
    ],
)
def test_what_is_the_same(wanted: JsonValue, found: JsonValue) -> None:
    assert find_difference(wanted, found) is None


@pytest.mark.parametrize(
    ("wanted", "found", "said"),
    [
        (1, 2, "expected 1, found 2"),
        (1, True, "expected 1, found true"),
        (False, 0, "expected false, found 0"),
        (False, None, "expected false, found null"),
        ("1", 1, 'expected "1", found 1'),
        ([1], [1, 2], "expected [1], found [1,2]"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "a[0].b: expected 1, found 2"),
        ({"a": 1}, {}, "a: expected 1, found nothing"),
        ({}, {"a": 1}, "a: expected nothing, found 1"),
        ({"contains": "gone"}, "here", 'expected a text that contains "gone", found "here"'),
        ({"contains": "gone"}, ["gone"], 'expected a text that contains "gone", found ["gone"]'),
    ],
)
def test_what_differs_is_said(wanted: JsonValue, found: JsonValue, said: str) -> None:
    assert find_difference(wanted, found) == said


def test_a_part_of_a_map_is_enough_where_that_is_asked_for() -> None:
    found: JsonValue = {"a": {"b": 1, "c": 2}, "d": 3}
    assert find_difference({"a": {"b": 1}}, found, is_subset=True) is None
    assert find_difference({"a": {"b": 2}}, found, is_subset=True) == "a.b: expected 2, found 1"
