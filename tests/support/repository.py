"""The repository's own files, for the tests that read them."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FOLDERS = ("soar", "connectors", "playbooks", "config", "tests", "bench", "web", "docs", ".ci", ".github")
_GENERATED = frozenset({"__pycache__", "node_modules", "_bundled", "static", "dist", ".vite"})


def list_files(*suffixes: str) -> list[Path]:
    """Return what people wrote, sorted, with one of these suffixes or with any; what tools generate is left out."""
    return sorted(path for path in _walk() if not suffixes or path.suffix in suffixes)


def relative(path: Path) -> str:
    """Return a file's name as people write it."""
    return path.relative_to(ROOT).as_posix()


def load_project() -> dict[str, dict[str, object]]:
    """Return the project file as plain data."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _walk() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".coverage"))
    waiting = [ROOT / folder for folder in _FOLDERS if (ROOT / folder).is_dir()]
    while waiting:
        for path in waiting.pop().iterdir():
            if path.is_dir():
                if path.name not in _GENERATED:
                    waiting.append(path)
            elif path.suffix != ".pyc":
                yield path
