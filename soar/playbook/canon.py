"""A playbook's document in the form that everybody writes it in: the order of its keys, its indentation, its gaps."""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from soar.playbook import grammar
from soar.playbook.document import read_document
from soar.playbook.finding import Finding, split_lines
from soar.playbook.layout import Block, Unit, read_layout, refuse_layout, write_layout
from soar.playbook.node import Mapping, Node, Scalar, Style
from soar.playbook.node import Sequence as List
from soar.playbook.parse import parse_playbook

_COMMENT: Final = re.compile(r"(?:^|(?<=[ \t]))(?P<text>#)")
_FAR: Final = sys.maxsize
_BOM: Final = "\ufeff"
_HEADING: Final = ("name", "description", "owner", "tags", "saves", "enabled", "mode", "schema")
STEP_KEYS: Final = (
    "id",
    "name",
    "note",
    "if",
    "needs",
    "foreach",
    "uses",
    "with",
    "connection",
    "approve",
    "verify",
    "undo",
    "expires",
    "timeout",
    "retry",
    "poll",
    "outputs",
    "mask",
    "set",
    "ask",
    "wait",
    "stop",
    "fail",
    "steps",
    "parallel",
    "fail_fast",
    "choose",
    "else",
    "on_failure",
    "saves",
)


class _Role(Enum):
    """What a block is to a playbook."""

    PLAYBOOK = auto()
    CHAPTER = auto()
    STEPS = auto()
    STEP = auto()
    GATE = auto()
    DEFAULTS = auto()
    BRANCHES = auto()
    CHOICES = auto()
    CHOICE = auto()
    OTHER = auto()


_ROLES: Final[Map[_Role, Map[str | None, _Role]]] = {
    _Role.PLAYBOOK: {
        "steps": _Role.CHAPTER,
        "on_failure": _Role.CHAPTER,
        "finally": _Role.CHAPTER,
        "defaults": _Role.DEFAULTS,
    },
    _Role.CHAPTER: {None: _Role.STEP},
    _Role.STEPS: {None: _Role.STEP},
    _Role.STEP: {
        "steps": _Role.STEPS,
        "on_failure": _Role.STEPS,
        "else": _Role.STEPS,
        "approve": _Role.GATE,
        "parallel": _Role.BRANCHES,
        "choose": _Role.CHOICES,
    },
    _Role.GATE: {"on_deny": _Role.STEPS},
    _Role.DEFAULTS: {"approve": _Role.GATE},
    _Role.CHOICES: {None: _Role.CHOICE},
    _Role.CHOICE: {"steps": _Role.STEPS},
}
_ORDERS: Final[Map[_Role, tuple[str, ...]]] = {_Role.PLAYBOOK: tuple(grammar.PLAYBOOK), _Role.STEP: STEP_KEYS}


class _Gap(Enum):
    """How many blank lines stand above a unit; none ever stands above the first."""

    NONE = auto()
    ONE = auto()
    AT_MOST_ONE = auto()


def format_document(text: str, file: str) -> tuple[str, list[Finding]]:
    """Write a playbook's document in its canonical form, which says the same and has the same comments.

    Keys of the playbook and of its steps come in the order of the grammar, levels are indented by two spaces, and one
    blank line parts blocks and steps. Scalars stay as they are written. Comments go with what they stand above; those
    above the first key stay at the top.

    Args:
        text: the document; it need not be a good playbook.
        file: what the findings call it.

    Returns:
        The document in its canonical form, as it was if it cannot be read; and why it cannot be read.

    Raises:
        InputError: its layout cannot be changed without changing what it says.
    """
    text = text.removeprefix(_BOM)
    root, findings = read_document(text, file)
    if root is None or findings:
        return text, findings
    if not isinstance(root, Mapping):
        return text, parse_playbook(text, playbook_id="", file=file)[1]
    written = write_layout(_tidy(read_layout(text, root), _Role.PLAYBOOK))
    formatted = "\n".join(written) + "\n"
    _prove(text, root, formatted, file)
    return formatted, []


def _tidy(block: Block, role: _Role) -> Block:
    units = [_tidy_inside(unit, role) for unit in block.units]
    order = _ORDERS.get(role)
    if order is not None:
        units = _sort(units, order, role)
    spaced = [
        replace(unit, before=_space(unit.before, _find_gap(role, above, unit), is_first=above is None))
        for above, unit in zip((None, *units), units, strict=False)
    ]
    after = _space(block.after, _Gap.NONE if role is _Role.STEP else _Gap.AT_MOST_ONE, is_first=False)
    return Block(tuple(_lift_comments(unit) for unit in spaced), after if after[-1:] != ("",) else after[:-1])


def _tidy_inside(unit: Unit, role: _Role) -> Unit:
    if unit.block is None:
        return unit
    roles = _ROLES.get(role, {})
    inner = _Role.STEPS if role is _Role.BRANCHES else roles.get(unit.key, _Role.OTHER)
    return replace(unit, block=_tidy(unit.block, inner))


def _sort(units: Sequence[Unit], order: Sequence[str], role: _Role) -> list[Unit]:
    """Put units in order; keys that the grammar does not know come last, as they stood."""
    places = {key: place for place, key in enumerate(order)}
    top = units[0].before if role is _Role.PLAYBOOK else ()
    loose = [replace(units[0], before=()), *units[1:]] if top else [*units]
    loose.sort(key=lambda unit: places.get(unit.key or "", len(order)))
    return [replace(loose[0], before=(*top, *loose[0].before)), *loose[1:]]


def _find_gap(role: _Role, above: Unit | None, unit: Unit) -> _Gap:
    match role:
        case _Role.STEP:
            return _Gap.NONE
        case _Role.CHAPTER:
            return _Gap.ONE
        case _Role.PLAYBOOK if above is not None:
            return _Gap.NONE if above.key in _HEADING and unit.key in _HEADING else _Gap.ONE
        case _:
            return _Gap.AT_MOST_ONE


def _space(lines: Sequence[str], gap: _Gap, *, is_first: bool) -> tuple[str, ...]:
    """Return comments with at most one blank line between them, and the gap above them."""
    has_gap = not is_first and (gap is _Gap.ONE or (gap is _Gap.AT_MOST_ONE and lines[:1] == ("",)))
    kept = [""] if has_gap else []
    for line in lines:
        if line or (gap is not _Gap.NONE and kept and kept[-1]):
            kept.append(line)
    return tuple(kept)


def _lift_comments(unit: Unit) -> Unit:
    """Put the comments above the first key of a step above the step's dash, where there is room for them."""
    if unit.block is None or not unit.is_joined or not unit.block.units:
        return unit
    first, *others = unit.block.units
    lifted = replace(unit.block, units=(replace(first, before=()), *others))
    return replace(unit, before=(*unit.before, *first.before), block=lifted)


def _prove(text: str, root: Node, formatted: str, file: str) -> None:
    """Refuse a layout that does not read back as the same data with the same comments."""
    again, findings = read_document(formatted, file)
    if again is None or findings or again.to_plain() != root.to_plain():
        raise refuse_layout(root.line)
    if Counter(list_comments(formatted, again)) != Counter(list_comments(text, root)):
        raise refuse_layout(root.line)


def list_comments(text: str, root: Node) -> list[str]:
    """Return the comments of a document in its order, without the spaces behind them."""
    covered: dict[int, list[tuple[int, int]]] = {}
    for covered_line, start, end in _list_covered(root):
        covered.setdefault(covered_line, []).append((start, end))
    found: list[str] = []
    for number, line in enumerate(split_lines(text), 1):
        for sign in _COMMENT.finditer(line):
            if not any(start <= sign.start("text") + 1 < end for start, end in covered.get(number, ())):
                found.append(line[sign.start("text") :].rstrip())
                break
    return found


def _list_covered(node: Node) -> Iterator[tuple[int, int, int]]:
    """Yield where texts stand: the line, the first column, and the column behind the last."""
    match node:
        case Scalar(style=Style.BLOCK):
            yield from ((line, 1, _FAR) for line in range(node.line + 1, node.end_line + (node.end_column > 1)))
        case Scalar():
            for line in range(node.line, node.end_line + 1):
                start = node.column if line == node.line else 1
                yield line, start, node.end_column if line == node.end_line else _FAR
        case List(items=items):
            for item in items:
                yield from _list_covered(item)
        case Mapping(entries=entries):
            for entry in entries:
                yield from _list_covered(entry.key)
                yield from _list_covered(entry.value)
