import pytest

from soar.model.errors import BugError
from soar.model.values import JsonValue
from soar.registry.pointer import insert


@pytest.mark.parametrize(
    ("document", "pointer", "result"),
    [
        (None, "", "s"),
        ({"a": None}, "/a", {"a": "s"}),
        ({"a": [1, {"b": None}], "c": 2}, "/a/1/b", {"a": [1, {"b": "s"}], "c": 2}),
        ({"a/b": {"~": None}}, "/a~1b/~0", {"a/b": {"~": "s"}}),
        ({"": {"": None}}, "//", {"": {"": "s"}}),
    ],
)
def test_a_value_goes_to_its_place(document: JsonValue, pointer: str, result: JsonValue) -> None:
    before = repr(document)
    assert insert(document, pointer, "s") == result
    assert repr(document) == before


@pytest.mark.parametrize("pointer", ["a", "/b", "/a/0/x", "/list/2", "/list/-1", "/list/x"])
def test_a_place_that_is_not_there_is_a_bug(pointer: str) -> None:
    with pytest.raises(BugError):
        insert({"a": None, "list": [1, 2]}, pointer, "s")
