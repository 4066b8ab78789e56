"""The page of error codes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pages.table import row, to_sentence
from soar.api.errors import STATUSES
from soar.model.errors import ActionCode

_ROOT = Path(__file__).resolve().parents[3]
_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z_]+)?…?")


class Said(NamedTuple):
    """What the code says under an error code.

    Attributes:
        error: the class that is raised; empty if it depends.
        message: with … for what is filled in.
    """

    error: str
    message: str


def find_codes() -> dict[str, list[Said]]:
    """Return every error code that stands in the service's code, with what is said under it."""
    codes: dict[str, list[Said]] = {}
    for file in sorted((_ROOT / "soar").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            for code, said in _find_codes_in(node):
                if said not in codes.setdefault(code, []):
                    codes[code].append(said)
    return dict(sorted(codes.items()))


def _find_codes_in(node: ast.AST) -> Iterator[tuple[str, Said]]:
    match node:
        case ast.ClassDef(name=name, body=body):
            meaning = to_sentence((ast.get_docstring(node) or "").partition("\n")[0])
            for statement in body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id="default_code")], value=ast.Constant(value=str(code))):
                        yield code, Said(name, meaning)
        case ast.Call(func=ast.Name(id="Refusal"), args=[code_, message]) if _CODE.fullmatch(_print_text(code_)):
            yield _print_text(code_), Said("", _print_text(message))
        case ast.Call(func=ast.Name(id="Denied"), args=[message, code_]):
            yield _print_text(code_), Said("DeniedError", _print_text(message))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            codes = [_print_text(keyword.value) for keyword in keywords if keyword.arg == "code"]
            messages = [text for argument in args if (text := _print_text(argument))]
            for code in filter(_CODE.fullmatch, codes):
                yield code, Said(name if name.endswith("Error") else "", messages[0] if messages else "")


def _print_text(node: ast.AST) -> str:
    """Return a text as it is written, with … for what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_print_text(part) or "…" for part in parts)
        case _:
            return ""


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Error codes"
    yield ""
    yield "`code` is for programs and stays; messages may change. `…` stands for what is filled in. Where no error is"
    yield "named, it depends; a refused vote is a `ConflictError`, an `InputError` or a `DeniedError`."
    yield ""
    yield "## How an action fails"
    yield ""
    yield "The same words for every connector; `retry.on` of a step names them."
    yield ""
    yield ", ".join(f"`{code}`" for code in ActionCode) + "."
    yield ""
    yield "## HTTP statuses"
    yield ""
    yield "Every code that is not listed has the status of its error's own code."
    yield ""
    yield "| Code | Status |"
    yield "|---|---|"
    for code, status in STATUSES.items():
        yield row(f"`{code}`", str(status))
    yield ""
    yield "## All codes"
    yield ""
    yield "| Code | Error | Said as |"
    yield "|---|---|---|"
    for code, places in find_codes().items():
        errors = ", ".join(dict.fromkeys(f"`{said.error}`" for said in places if said.error))
        messages = "<br>".join(dict.fromkeys(said.message for said in places if said.message))
        yield row(f"`{code}`", errors, messages)
