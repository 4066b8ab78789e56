"""What is changed in the code: one small thing at a time, as mutmut's operators change it."""

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from hashlib import sha256
from inspect import CO_NEWLOCALS
from pathlib import Path
from types import CodeType, FunctionType

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor, OuterFunctionProvider
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from tests.support.repository import ROOT

_UNREACHABLE = "assert_never"
"""What the type checker shows to be unreachable; no test can go there."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function.

    Attributes:
        path: of the module, from the root of the repository on.
        function: the qualified name of the outermost function that is changed.
        first_line: where that function begins, with its decorators.
        lines: those that a test must run to meet the change.
        number: which of the module's mutants this is.
        module: the parsed module.
        node: what is changed in it.
        changed: what it is changed to.
    """

    path: str
    function: str
    first_line: int
    lines: frozenset[int]
    number: int
    module: cst.Module
    node: cst.CSTNode
    changed: cst.CSTNode

    def rank(self, seed: int) -> bytes:
        """Return where this mutant stands in the sample of a seed; mutants of other modules do not move it."""
        return sha256(f"{seed}:{self.path}:{self.number}".encode()).digest()

    def render(self) -> str:
        """Return the whole changed module."""
        return cst.ensure_type(self.module.deep_replace(self.node, self.changed), cst.Module).code

    def describe(self) -> tuple[str, str]:
        """Return the lines that differ, as they were and as they are."""
        before, after = self.module.code.splitlines(), self.render().splitlines()
        changes = list(unified_diff(before, after, n=0, lineterm=""))[3:]
        gone, come = ([line[1:].strip() for line in changes if line[0] == sign] for sign in "-+")
        return "\n".join(gone), "\n".join(come)


class _Visitor(MutationVisitor):
    """Mutates decorated functions too: we replace a function's code and leave its decorators alone."""

    METADATA_DEPENDENCIES = (PositionProvider, OuterFunctionProvider, ParentNodeProvider)

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef):
            return False
        if isinstance(node, cst.Param):
            return True  # defaults belong to the function, not to its code
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == _UNREACHABLE:
            return True
        return super()._skip_node_and_children(node)


def list_mutants(path: Path) -> list[Mutant]:
    """Return every mutant of a module's functions, in the order of the code.

    What runs when the module is imported (constants, declared tables and statements) is not changed.
    """
    source = path.read_text("utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor(mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    positions, parents = wrapper.resolve(PositionProvider), wrapper.resolve(ParentNodeProvider)
    functions = list(_list_functions(compile(source, str(path), "exec")))
    mutants = []
    for number, mutation in enumerate(visitor.mutations):
        node, outer = mutation.original_node, mutation.contained_by_top_level_function
        if not isinstance(outer, cst.FunctionDef) or _drops_unreachable(node, mutation.mutated_node):
            continue
        begin, span = positions[outer].start.line, positions[node]
        code = max((code for code in functions if code.co_firstlineno <= begin), key=lambda code: code.co_firstlineno)
        lines = {positions[_statement_of(node, parents)].start.line, *range(span.start.line, span.end.line + 1)}
        mutants.append(
            Mutant(
                path=path.relative_to(ROOT).as_posix(),
                function=code.co_qualname,
                first_line=code.co_firstlineno,
                lines=frozenset(lines),
                number=number,
                module=wrapper.module,
                node=node,
                changed=mutation.mutated_node,
            )
        )
    return mutants


def apply(mutant: Mutant) -> bool:
    """Give the live function the changed code, in this process; its callers, decorators and defaults stay.

    Returns whether that is any change: some texts compile to what was there.

    Raises:
        LookupError: the function is not loaded.
    """
    path = str(ROOT / mutant.path)

    def is_meant(code: CodeType) -> bool:
        return code.co_qualname == mutant.function and code.co_firstlineno == mutant.first_line

    changed = next(code for code in _list_functions(compile(mutant.render(), path, "exec")) if is_meant(code))
    live = [
        found
        for found in gc.get_objects()
        if type(found) is FunctionType and found.__code__.co_filename == path and is_meant(found.__code__)
    ]
    if not live:
        raise LookupError(f"{mutant.function} of {mutant.path} is not loaded")
    has_changed = any(function.__code__ != changed for function in live)
    for function in live:
        function.__code__ = changed
    return has_changed


def _list_functions(code: CodeType) -> Iterator[CodeType]:
    """Give the functions and methods of a module, without those within functions."""
    for found in code.co_consts:
        if not isinstance(found, CodeType) or "<" in found.co_qualname:
            continue
        if found.co_flags & CO_NEWLOCALS:
            yield found
        else:
            yield from _list_functions(found)


def _statement_of(node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> cst.CSTNode:
    while not isinstance(node, cst.BaseStatement | cst.MatchCase):
        node = parents[node]
    return node


def _drops_unreachable(before: cst.CSTNode, after: cst.CSTNode) -> bool:
    """Whether only the arm of a `match` is gone that the type checker shows to be unreachable."""
    if not isinstance(before, cst.Match) or not isinstance(after, cst.Match):
        return False
    kept = {id(case) for case in after.cases}
    gone = [case for case in before.cases if id(case) not in kept]
    return all(_UNREACHABLE in cst.Module([]).code_for_node(case) for case in gone)
