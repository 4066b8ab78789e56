"""Playbooks in their canonical form."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.app.settings import find_bundled
from soar.model.errors import InputError
from soar.playbook import Mapping, format_document, grammar, read_document
from soar.playbook.canon import STEP_KEYS, list_comments
from soar.playbook.layout import Block, Unit, read_layout, write_layout

SHIPPED = (find_bundled("playbooks") / "phishing-triage.yaml").read_text("utf-8")
ABOVE = "above "
ODD = Path(__file__).with_name("canon")
EVERY_KIND = (ODD / "every-kind.yaml").read_text("utf-8")


def form(text: str) -> str:
    formatted, findings = format_document(text, "a.yaml")
    assert findings == []
    return formatted


def plain(text: str) -> object:
    root, findings = read_document(text, "a.yaml")
    assert root is not None, findings
    return root.to_plain()


def comments(text: str) -> list[str]:
    root, _ = read_document(text, "a.yaml")
    assert root is not None
    return sorted(list_comments(text, root))


@pytest.mark.parametrize("text", [SHIPPED, EVERY_KIND], ids=["shipped", "every-kind"])
def test_what_is_canonical_stays_byte_for_byte(text: str) -> None:
    assert form(text) == text


@pytest.mark.parametrize("name", ["unordered", "odd-indentation", "commented"])
def test_a_document_gets_its_canonical_form(name: str) -> None:
    formatted = form((ODD / f"{name}.yaml").read_text("utf-8"))
    assert formatted == (ODD / f"{name}.canonical.yaml").read_text("utf-8")
    assert form(formatted) == formatted


def test_arguments_that_look_like_steps_keep_their_order() -> None:
    text = "name: A\n\nsteps:\n  - uses: a.b\n    with:\n      steps:\n        - with: 1\n          id: b\n"
    assert form(text) == text


def test_windows_line_ends_and_byte_order_marks_go() -> None:
    assert form("\ufeffname: A\r\n\r\non:\r\n  manual: {}\r\n") == "name: A\n\non:\n  manual: {}\n"


@pytest.mark.parametrize("text", ["name: [a\n", "a: &x 1\n", "name: A\nname: B\n", "- a\n", ""])
def test_what_cannot_be_read_is_left_alone(text: str) -> None:
    formatted, findings = format_document(text, "a.yaml")
    assert formatted == text
    assert findings


@pytest.mark.parametrize(
    "text",
    ["{name: A}\n", "? name\n: A\n", "name: |+\n  A\nsteps: []\n", "name: A\non: |\n  b"],
    ids=["braces", "question-mark", "kept-line-ends", "no-line-end"],
)
def test_what_cannot_be_moved_without_a_change_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        format_document(text, "a.yaml")
    assert refused.value.code == "layout"


def test_blank_lines_that_belong_to_a_text_stay() -> None:
    text = "name: |+\n  a\n\n\nsteps: []\n"
    assert form(text) == text


def test_a_comment_in_a_text_is_none() -> None:
    text = 'a: "x # y" # one\nb: |\n  # no\n# two\nc: x#y\nd: [a, # three\n  "# no"]\n'
    assert comments(text) == ["# one", "# three", "# two"]


class Mess:
    """Makes a document messy in a way that says the same: keys swapped, comments and blank lines between lines.

    A comment that stands above a key which is not the first of its map says so: it has to stay there.
    """

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self._count = 0

    def make(self, text: str) -> str:
        root, _ = read_document(text, "a.yaml")
        assert isinstance(root, Mapping)
        return "\n".join(write_layout(self._disturb(read_layout(text, root)))) + "\n"

    def _disturb(self, block: Block, *, is_joined: bool = False) -> Block:
        units = [self._disturb_inside(unit) for unit in block.units]
        if units[0].key is not None:
            units = self._data.draw(st.permutations(units))
        spread = [
            replace(
                unit, before=() if is_joined and not index else self._make_lines(ABOVE if index and unit.key else "")
            )
            for index, unit in enumerate(units)
        ]
        return Block(tuple(spread), self._make_lines(""))

    def _disturb_inside(self, unit: Unit) -> Unit:
        if unit.block is not None:
            return replace(unit, block=self._disturb(unit.block, is_joined=unit.is_joined))
        is_told = not unit.body and self._data.draw(st.integers(0, 4)) == 4
        return replace(unit, head=f"{unit.head}  {self._make_comment('')}") if is_told else unit

    def _make_lines(self, place: str) -> tuple[str, ...]:
        length = self._data.draw(st.sampled_from([0, 0, 0, 1, 3]))
        return tuple(self._data.draw(st.sampled_from(["", self._make_comment(place)])) for _ in range(length))

    def _make_comment(self, place: str) -> str:
        self._count += 1
        return f'# {place}{self._count}: it\'s "so"'


def find_keys_below(text: str) -> dict[str, str]:
    """Return, for each comment that has to stay above a key, what stands below it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return {
        line: next(other for other in lines[index:] if not other.startswith("#")).removeprefix("- ")
        for index, line in enumerate(lines)
        if line.startswith(f"# {ABOVE}")
    }


@given(data=st.data(), text=st.sampled_from([SHIPPED, EVERY_KIND]))
def test_any_mess_says_the_same_afterwards_and_is_tidied_at_once(data: st.DataObject, text: str) -> None:
    messy = Mess(data).make(text)
    formatted = form(messy)
    assert plain(formatted) == plain(messy) == plain(text)
    assert comments(formatted) == comments(messy)
    assert find_keys_below(formatted) == find_keys_below(messy)
    assert form(formatted) == formatted
    assert "\n\n\n" not in formatted


@given(data=st.data())
def test_a_playbook_whose_keys_were_swapped_gets_its_order_back(data: st.DataObject) -> None:
    root, _ = read_document(SHIPPED, "a.yaml")
    assert isinstance(root, Mapping)
    units = data.draw(st.permutations(read_layout(SHIPPED, root).units))
    assert form("\n".join(write_layout(Block(tuple(units), ()))) + "\n").lstrip("\n") == SHIPPED


def test_every_key_that_a_step_can_have_has_its_place() -> None:
    known = {*grammar.STEP, *grammar.KINDS, *grammar.USES, *grammar.PARALLEL, *grammar.CHOOSE}
    assert sorted(STEP_KEYS) == sorted(known)
