"""Rows and sentences, as all pages write them."""

import inspect
from enum import StrEnum


def row(*cells: str | StrEnum) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def summarize(kind: type) -> str:
    """Return the first line of a class's docstring as a sentence."""
    return to_sentence((inspect.getdoc(kind) or "").partition("\n")[0])


def to_sentence(text: str) -> str:
    """Return a text with a capital at its beginning and a full stop at its end; nothing stays nothing."""
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""
