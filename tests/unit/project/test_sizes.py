"""Small things: a module of at most 600 lines, a function of at most 80."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import list_files, relative

MOST_LINES_A_MODULE = 600
MOST_LINES_A_FUNCTION = 80

MODULES = list_files(".py")


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_and_its_functions_are_small(path: Path) -> None:
    source = path.read_text("utf-8")
    assert source.count("\n") <= MOST_LINES_A_MODULE
    assert list(_find_long_functions(ast.parse(source))) == []


def test_a_long_function_is_found_wherever_it_is() -> None:
    body = "        pass\n" * MOST_LINES_A_FUNCTION
    assert list(_find_long_functions(ast.parse(f"class A:\n    async def b(self):\n{body}"))) == ["b: 81 lines"]
    assert list(_find_long_functions(ast.parse(f"class A:\n    def b(self):\n{body[13:]}"))) == []


def _find_long_functions(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_LINES_A_FUNCTION:
                yield f"{node.name}: {length} lines"
