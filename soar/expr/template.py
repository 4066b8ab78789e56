"""YAML values whose texts hold expressions: `${{ expression }}`; `$${{` writes `${{` itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from soar.expr.closures import SECRETS
from soar.expr.conversions import print_text
from soar.expr.errors import EvaluationError, ExpressionError, SyntaxFaultError
from soar.expr.frame import Scope
from soar.expr.lexer import find_close
from soar.expr.limits import MAX_DEPTH, measure
from soar.expr.program import Program, compile_expression
from soar.model.values import JsonValue, Value

Path: TypeAlias = tuple[str | int, ...]

_OPENING: Final = re.compile(r"\$?\$\{\{")
_BRACES = 2


@dataclass(frozen=True, slots=True)
class _Slot:
    """An expression in a text.

    Attributes:
        offset: where in the text the program's source begins.
    """

    program: Program
    offset: int

    def evaluate(self, scope: Scope, path: Path) -> Value:
        try:
            return self.program.evaluate(scope)
        except EvaluationError as error:
            error.relocate(path, self.offset)
            raise

    def print(self, scope: Scope, path: Path) -> str:
        value = self.evaluate(scope, path)
        try:
            return print_text(value)
        except EvaluationError as error:
            error.place(0, len(self.program.source))
            error.relocate(path, self.offset)
            raise


@dataclass(frozen=True, slots=True)
class _Whole:
    """A text that is one expression: its value keeps its kind."""

    slot: _Slot

    def render(self, scope: Scope, path: Path) -> Value:
        return self.slot.evaluate(scope, path)


@dataclass(frozen=True, slots=True)
class _Mixed:
    """A text with expressions in it: their values are printed."""

    parts: tuple[str | _Slot, ...]

    def render(self, scope: Scope, path: Path) -> Value:
        return "".join(part if isinstance(part, str) else part.print(scope, path) for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Secret:
    """A text that is `${{ secrets.name }}`: its place stays empty, the handle travels beside the arguments."""

    name: str

    def render(self, _scope: Scope, _path: Path) -> Value:
        return None


_Leaf: TypeAlias = _Whole | _Mixed | _Secret


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A tree of plain YAML values whose texts may hold expressions.

    Attributes:
        source: the tree as written.
        programs: where each expression stands, by the keys and indexes that lead to its text; without `secrets`.
        secrets: where each secret goes, and its name.
    """

    source: JsonValue
    programs: tuple[tuple[Path, Program], ...]
    secrets: tuple[tuple[Path, str], ...]
    _leaves: Mapping[Path, _Leaf] = field(repr=False)

    @property
    def is_literal(self) -> bool:
        """Whether it holds neither an expression nor a secret, so that it renders to the same whatever the scope."""
        return not self.programs and not self.secrets

    @property
    def is_whole(self) -> bool:
        """Whether it is a text that is one expression and nothing else, so that the value keeps its kind."""
        return isinstance(self._leaves.get(()), _Whole)

    def render(self, scope: Scope) -> Value:
        """Return the tree with each expression's value in its place, and None in the place of each secret.

        Each expression has the scope's whole fuel.

        Raises:
            EvaluationError: an expression has no value, or one that cannot stand in the middle of text, or the whole
                is larger than 256 KiB. Its `path` and `position` say where.
        """
        rendered = self._render(self.source, (), scope)
        measure(rendered)
        return rendered

    def _render(self, part: JsonValue, path: Path, scope: Scope) -> Value:
        if isinstance(part, list):
            return [self._render(element, (*path, index), scope) for index, element in enumerate(part)]
        if isinstance(part, dict):
            return {key: self._render(element, (*path, key), scope) for key, element in part.items()}
        leaf = self._leaves.get(path)
        return part if leaf is None else leaf.render(scope, path)


def parse_template(value: JsonValue) -> Template:
    """Return a template for a tree of plain YAML values.

    Raises:
        SyntaxFaultError: an expression is wrong, a key holds one, or the tree is too deep. Its `path` and `position`
            say where.
    """
    leaves = dict(_read_leaves(value, ()))
    programs = tuple((path, slot.program) for path, leaf in leaves.items() for slot in _list_slots(leaf))
    secrets = tuple((path, leaf.name) for path, leaf in leaves.items() if isinstance(leaf, _Secret))
    return Template(value, programs, secrets, leaves)


def _list_slots(leaf: _Leaf) -> tuple[_Slot, ...]:
    if isinstance(leaf, _Whole):
        return (leaf.slot,)
    return tuple(part for part in leaf.parts if isinstance(part, _Slot)) if isinstance(leaf, _Mixed) else ()


def _read_leaves(value: JsonValue, path: Path) -> Iterator[tuple[Path, _Leaf]]:
    if len(path) > MAX_DEPTH:
        raise _at(path, SyntaxFaultError(f"the value is deeper than {MAX_DEPTH} levels", code="expr.size", length=1))
    match value:
        case str():
            leaf = _read_leaf(value, path)
            if leaf is not None:
                yield path, leaf
        case list():
            for index, element in enumerate(value):
                yield from _read_leaves(element, (*path, index))
        case dict():
            for key, element in value.items():
                if _OPENING.search(key):
                    raise _at((*path, key), SyntaxFaultError("a key holds no expression", length=len(key)))
                yield from _read_leaves(element, (*path, key))
        case _:
            return


def _read_leaf(text: str, path: Path) -> _Leaf | None:
    """Return what a text becomes; None if it is plain."""
    if not _OPENING.search(text):
        return None
    parts = tuple(_split(text, path))
    match [part for part in parts if not isinstance(part, str) or part.strip()]:
        case [_Slot(program=program) as slot]:
            return _read_secret(program) or _Whole(slot)
        case _:
            return _Mixed(parts)


def _split(text: str, path: Path) -> Iterator[str | _Slot]:
    """Yield the plain and the computed parts of a text in turn."""
    cursor = 0
    while opening := _OPENING.search(text, cursor):
        if text[cursor : opening.start()]:
            yield text[cursor : opening.start()]
        cursor = opening.end()
        if opening[0].startswith("$$"):
            yield "${{"
            continue
        try:
            closing = find_close(text, cursor)
        except SyntaxFaultError as error:
            raise _at(path, error) from None
        yield _compile_slot(text[cursor:closing], cursor, path)
        cursor = closing + _BRACES
    if text[cursor:]:
        yield text[cursor:]


def _compile_slot(inside: str, offset: int, path: Path) -> _Slot:
    source = inside.strip()
    offset += len(inside) - len(inside.lstrip())
    try:
        return _Slot(compile_expression(source), offset)
    except SyntaxFaultError as error:
        error.relocate(path, offset)
        raise


def _read_secret(program: Program) -> _Secret | None:
    match [reference.path for reference in program.references]:
        case [(root, name)] if root == SECRETS and program.source == f"{SECRETS}.{name}":
            return _Secret(name)
        case _:
            return None


def _at(path: Path, error: ExpressionError) -> ExpressionError:
    error.relocate(path, 0)
    return error
