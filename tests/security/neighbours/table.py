"""What went wrong in other products, and which rule of ours would have made it impossible."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from tests.security.neighbours.entries import ENTRIES

Test = TypeVar("Test", bound=Callable[..., object])

HERE = Path(__file__).parent

RULES: Mapping[str, str] = MappingProxyType(
    {
        "L1": "Playbooks hold no general-purpose language: expressions reach plain values and nothing else.",
        "L2": "Only what stands in a playbook when it is read is a program; data is never parsed as one.",
        "L3": "Who may is said for each route; nothing hangs on how an address, a header or a method is written.",
        "L4": "A body is read once, strictly, as one type; unknown fields are refused.",
        "L5": "A proof is verified over the raw bytes before anything else; without a key everything is refused.",
        "L6": "No secret stands in an address, and no delivery counts twice.",
        "L7": "Who acts is never taken from what a request says; each object is looked up for who asks.",
        "L8": "Rights are the least of all that take part: person, scope, workspace.",
        "L9": "Secrets go in and never come out; each goes to the hosts of its connection only.",
        "L10": "Secrets are masked by value wherever text leaves, errors included.",
        "L11": "There is no shell, and no process is started but git's, whose arguments go to it one by one.",
        "L12": "Values go into other languages by a way that quotes; records are lines that nobody can forge.",
        "L13": "No client names a file.",
        "L14": "One way out: addresses are checked and pinned, TLS is verified, redirects are not followed.",
        "L15": "An approval is bound to the very calls, decided once, by somebody else than who asked for them.",
        "L16": "Tokens are random, kept as hashes, within their maker's rights, and end.",
        "L17": "There are no default secrets, and the service does not start with an open key file.",
        "L19": "Every reader has a bound: bytes, depth, work, time.",
        "L20": "What is encrypted is bound to its place.",
        "L21": "Nothing of another site reaches in, and no data becomes a page.",
        "L23": "A change and its record are one.",
    }
)
"""Our rules by their numbers, as far as a neighbour's flaw is answered by one."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A published flaw of another product.

    Attributes:
        id: its public identifier, `CVE-…` or `GHSA-…`.
        product: where it was.
        kind: the class of the flaw.
        flaw: what was wrong there.
        rule: the number of the rule of ours that answers it.
    """

    id: str
    product: str
    kind: str
    flaw: str
    rule: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a flaw is held against us.

    Attributes:
        file: the module's name.
        test: the function's name.
    """

    file: str
    test: str


NEIGHBOURS: Mapping[str, Neighbour] = MappingProxyType({entry[0]: Neighbour(*entry) for entry in ENTRIES})


def answers(*ids: str) -> Callable[[Test], Test]:
    """Say which neighbours' flaws a test holds against us.

    Raises:
        KeyError: one does not stand in the table.
    """
    for id_ in ids:
        NEIGHBOURS[id_]

    def keep(test: Test) -> Test:
        return test

    return keep


def find_tests() -> Iterator[tuple[str, Place]]:
    """Yield each identifier that a test answers, with the test, without running anything."""
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for id_ in _list_answered(node):
                    yield id_, Place(file.name, node.name)


def _list_answered(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name(id="answers"), args=arguments):
                yield from (str(ast.literal_eval(argument)) for argument in arguments)
