"""Makes the verifier that an auditor runs without this package: one file, the standard library and `cryptography`.

The modules stand in it byte for byte as they are here, so that there is no second copy that could differ.
"""

import ast
from importlib.util import find_spec
from pathlib import Path

import soar
from soar.model.errors import BugError

_ENTRY = "soar.audit.verifier"
_QUOTE = "'''"

_HEAD = '''#!/usr/bin/env python3
"""Checks exports of the audit record and proofs of single events: python3 verify.py --help

Made by version {version} of the service. It needs Python 3.11, the package `cryptography`, no network, and nothing of
the service: each text in MODULES is, byte for byte, the module of that name that the service itself runs.
"""

import importlib.abc
import importlib.util
import sys

MODULES = {{}}
'''

_TAIL = '''

class Modules(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives the modules of this file, and no others under their names."""

    def find_spec(self, name, path=None, target=None):
        if name in MODULES:
            return importlib.util.spec_from_loader(name, self)
        if any(known.startswith(name + ".") for known in MODULES):
            return importlib.util.spec_from_loader(name, self, is_package=True)
        return None

    def is_package(self, name):
        return name not in MODULES

    def get_source(self, name):
        return MODULES.get(name, "")


sys.meta_path.insert(0, Modules())

from soar.audit.verifier import main  # noqa: E402 -- found by the line before

if __name__ == "__main__":
    sys.exit(main())
'''


def write_verifier() -> str:
    """Return the text of the single file.

    Raises:
        BugError: a module cannot be quoted.
    """
    parts = [_HEAD.format(version=soar.__version__)]
    for name, source in list_modules().items():
        if _QUOTE in source or not source.endswith("\n"):
            raise BugError(f"{name} cannot stand in the verifier: it holds three quotes, or ends without a newline")
        parts.append(f"\nMODULES[{name!r}] = r{_QUOTE}{source}{_QUOTE}\n")
    return "".join((*parts, _TAIL))


def list_modules() -> dict[str, str]:
    """Return the sources that the verifier needs, by module, each after those it imports."""
    found: dict[str, str] = {}
    _collect(_ENTRY, found)
    return found


def _collect(name: str, found: dict[str, str]) -> None:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise BugError(f"the verifier needs {name}, whose source is not here")
    source = Path(spec.origin).read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        needed = node.module if isinstance(node, ast.ImportFrom) else None
        if needed is not None and needed.startswith("soar.") and needed not in found:
            _collect(needed, found)
    found[name] = source
