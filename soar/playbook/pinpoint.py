"""Where in the file a character of a scalar stands."""

from soar.playbook.node import Scalar, Style

_MAX_SKIPPED = 1_000
_MAX_ROWS = 1_000


def pinpoint(scalar: Scalar, lines: list[str], offset: int, length: int) -> tuple[int, int]:
    """Return the line and column of a part of a scalar's text.

    YAML folds lines and resolves escapes, so the text and the file differ. The part's first word is looked for in the
    file as often as it occurs in the text up to there; where it cannot be found, or only far behind, the scalar's
    beginning is the answer.

    Args:
        scalar: what holds the part.
        lines: the document's lines.
        offset: of the part in the scalar's text.
        length: of the part.
    """
    start = scalar.line, scalar.column
    words = scalar.text[offset : offset + length].split(maxsplit=1)
    if not words:
        return start
    word = words[0]
    skipped = scalar.text.count(word, 0, offset)
    first, last = scalar.line, min(scalar.end_line, len(lines))
    if skipped > _MAX_SKIPPED or last - first > _MAX_ROWS:
        return start
    column = scalar.column - 1
    if scalar.style is Style.BLOCK:
        first, column = first + 1, 0
    for row in range(first, last + 1):
        line = lines[row - 1]
        end = scalar.end_column - 1 if row == scalar.end_line else len(line)
        while (found := line.find(word, column, end)) != -1:
            if not skipped:
                return row, found + 1
            skipped -= 1
            column = found + len(word)
        column = 0
    return start
