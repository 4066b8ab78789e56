"""Connectors held against the rules, all findings at once."""

import ast
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from soar.model.errors import InputError
from soar.registry.discover import MANIFEST, Found
from soar.registry.docs import README, render_readme
from soar.registry.load import LoadedConnector, ReadYaml, load_connector, read_manifest
from soar.registry.quality import QUALITY, Quality, read_quality

_HOST = re.compile(r"https?://([^/{}\s:]+)")
_TEST_KIT = "soar.sdk.testing"
_NEEDED = ("__init__.py", MANIFEST, "connector.py", QUALITY, README)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a connector that is not as it must be.

    Attributes:
        file: within the connector's folder.
        hint: what to do, if it is not plain.
    """

    connector: str
    file: str
    message: str
    hint: str | None = None


def check_connectors(found: Iterable[Found], read_yaml: ReadYaml) -> list[Finding]:
    """Return what is wrong with these connectors; nothing if all is well."""
    return [finding for one in found for finding in _check(one, read_yaml)]


def _check(found: Found, read_yaml: ReadYaml) -> Iterator[Finding]:
    missing = [name for name in (*_NEEDED, f"test_{found.id}.py") if not (found.folder / name).exists()]
    for name in missing:
        yield Finding(found.id, name, "the file is missing")
    trees: dict[str, ast.Module] = {}
    for file in sorted(found.folder.glob("*.py")):
        try:
            trees[file.name] = ast.parse(file.read_text("utf-8"))
        except SyntaxError as error:
            yield Finding(found.id, file.name, f"line {error.lineno}: {error.msg}")
    yield from _check_imports(found, trees)
    quality = None if QUALITY in missing else (yield from _check_quality(found, read_yaml))
    if not {"__init__.py", MANIFEST, "connector.py"} & set(missing):
        loaded = yield from _check_code(found, read_yaml, trees)
        if loaded and quality and README not in missing:
            yield from _check_readme(loaded, quality)


def _check_quality(found: Found, read_yaml: ReadYaml) -> Generator[Finding, None, Quality | None]:
    try:
        return read_quality(found, read_yaml)
    except InputError as error:
        yield Finding(found.id, QUALITY, error.message, error.hint)
    return None


def _check_code(
    found: Found, read_yaml: ReadYaml, trees: Mapping[str, ast.Module]
) -> Generator[Finding, None, LoadedConnector | None]:
    try:
        manifest = read_manifest(found, read_yaml)
    except InputError as error:
        yield Finding(found.id, MANIFEST, error.message, error.hint)
        return None
    for name, tree in trees.items():
        if name == "simulator.py" or name.startswith("test_"):
            continue
        for host in sorted(_find_hosts(tree) - set(manifest.hosts)):
            yield Finding(found.id, name, f"calls {host}, which is not declared", f"add it to hosts in {MANIFEST}")
    try:
        return load_connector(found, read_yaml)
    except InputError as error:
        for message in [fault.message for fault in error.faults] or [error.message]:
            yield Finding(found.id, "connector.py", message, error.hint)
    return None


def _check_readme(loaded: LoadedConnector, quality: Quality) -> Iterator[Finding]:
    if (loaded.folder / README).read_text("utf-8") != render_readme(loaded, quality):
        yield Finding(loaded.manifest.id, README, "does not say what the connector does", "generate it anew")


def _check_imports(found: Found, trees: Mapping[str, ast.Module]) -> Iterator[Finding]:
    for file, tree in trees.items():
        for name in sorted(_find_imports(tree)):
            is_ours = name.partition(".")[0] == "soar"
            if is_ours and name != "soar.sdk" and not (name == _TEST_KIT and file.startswith("test_")):
                yield Finding(found.id, file, f"imports {name}", "a connector imports soar.sdk and nothing else")


def _find_imports(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def _find_hosts(tree: ast.Module) -> set[str]:
    """Return the hosts of the URLs in the literals; docstrings name the vendor's pages and do not count."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        host
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
        for host in _HOST.findall(node.value)
    }
