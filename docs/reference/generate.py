# ruff: noqa: INP001 -- a folder of documents, not a package
"""Writes the reference and the connectors' own pages from the code they describe: `make docs`.

With `--check` it only says what has drifted, and ends with 1 if anything has.
"""

import difflib
import sys
from pathlib import Path

from pages import (
    asvs,
    commands,
    connectors,
    errors,
    findings,
    functions,
    neighbours,
    permissions,
    routes,
    settings,
    statuses,
)

HERE = Path(__file__).resolve().parent
PAGES = (commands, connectors, errors, findings, functions, permissions, routes, settings, statuses)

_HEADING = "<!-- Written by docs/reference/generate.py; `make docs` writes it anew. -->"


def main(arguments: list[str]) -> int:
    """Write all pages, or compare them, and return the exit code."""
    rendered = {HERE / f"{page.__name__.rpartition('.')[2]}.md": [_HEADING, "", *page.render()] for page in PAGES}
    rendered[HERE.parent / "security" / "asvs.md"] = [_HEADING, "", *asvs.render()]
    rendered[HERE.parent / "security" / "neighbours.md"] = [_HEADING, "", *neighbours.render()]
    rendered |= {file: text.splitlines() for file, text in connectors.list_readmes()}
    if arguments == ["--check"]:
        drift = [line for file, lines in rendered.items() for line in _compare(file, lines)]
        sys.stdout.write("".join(f"{line}\n" for line in drift))
        return int(bool(drift))
    for file, lines in rendered.items():
        file.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


def _compare(file: Path, lines: list[str]) -> list[str]:
    kept = file.read_text("utf-8").splitlines() if file.exists() else []
    return list(difflib.unified_diff(kept, lines, f"{file} as it is", f"{file} as it is due", lineterm=""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
