"""The page of what the checker finds, each with a document that makes the mistake."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from soar.playbook import CODES

_MISTAKES = Path(__file__).resolve().parents[3] / "tests" / "unit" / "playbook" / "mistakes"
_EXPECTATION = re.compile(r"# (?P<code>P[0-9]{3}) (?P<line>[0-9]+) (?P<column>[0-9]+) (?P<hint>.+)")


class Mistake(NamedTuple):
    """A document that makes one mistake, and what is found in it."""

    text: str
    code: str
    line: int
    column: int
    hint: str


def read_mistake(file: Path) -> Mistake | None:
    """Return the mistake that a file makes; None if it makes several."""
    lines = file.read_text("utf-8").split("\n")
    found = [match for match in map(_EXPECTATION.fullmatch, lines) if match]
    if len(found) != 1:
        return None
    code, line, column, hint = found[0].groups()
    return Mistake("\n".join(lines[1:]).strip(), code, int(line) - 1, int(column), "" if hint == "-" else hint)


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    made = [mistake for file in sorted(_MISTAKES.glob("*.yaml")) if (mistake := read_mistake(file))]
    yield "# Findings"
    yield ""
    yield "What `soar playbook validate` says of a document. Codes below P500 are errors: the document does not serve,"
    yield "and the last good revision serves on. Those from P500 are warnings."
    for code, sentence in CODES.items():
        yield from ("", f"## {code}", "", sentence)
        example = next((mistake for mistake in made if mistake.code == code), None)
        if example is not None and example.text:
            text = "".join(
                char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in example.text
            )
            hint = f" Hint: {example.hint}" if example.hint else ""
            yield from ("", "```yaml", *text.split("\n"), "```", "")
            yield f"Found at line {example.line}, column {example.column}.{hint}"
