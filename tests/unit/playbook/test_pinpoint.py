import pytest

from soar.playbook import Mapping, Scalar, Style, read_document
from soar.playbook.finding import split_lines
from soar.playbook.pinpoint import pinpoint

PLACES = {
    "plain": ("x: one two one\n", "one", 1, (1, 12)),
    "quoted": ('x: "one two one"\n', "one", 1, (1, 13)),
    "quoted with an escape before": ('x: "\\x41 one"\n', "one", 0, (1, 10)),
    "literal": ("x: |\n  one\n  two one\n", "one", 1, (3, 7)),
    "folded": ("x: >-\n  one\n\n  two\n  one\n", "one", 1, (5, 3)),
    "folded, header left alone": ("x: >-\n  a - b\n", "-", 0, (2, 5)),
    "plain over lines": ("x: one\n  two\n  one\n", "one", 1, (3, 3)),
    "across a fold": ("x: >-\n  one\n  two three\n", "two three", 0, (3, 3)),
    "only escaped": ('x: "\\x41"\n', "A", 0, (1, 4)),
}


@pytest.mark.parametrize(("text", "part", "nth", "expected"), PLACES.values(), ids=PLACES.keys())
def test_a_part_of_a_scalar_is_found_in_the_file(text: str, part: str, nth: int, expected: tuple[int, int]) -> None:
    root, findings = read_document(text, "a.yaml")
    assert findings == []
    assert isinstance(root, Mapping)
    scalar = root.entries[0].value
    assert isinstance(scalar, Scalar)
    offset = -1
    for _ in range(nth + 1):
        offset = scalar.text.index(part, offset + 1)
    assert pinpoint(scalar, split_lines(text), offset, len(part)) == expected


def test_nothing_is_found_at_the_beginning() -> None:
    scalar = Scalar("", "", Style.PLAIN, line=3, column=4, end_line=3, end_column=4)
    assert pinpoint(scalar, ["", "", "x: "], 0, 0) == (3, 4)
