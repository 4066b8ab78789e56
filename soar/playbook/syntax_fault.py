"""What the YAML parser stumbles over, in our words."""

import re
from dataclasses import dataclass

from soar.playbook.report import Report

_NEGATION = re.compile(r":[ ]+!(?P<operand>[A-Za-z_][\w.]*)")
_QUOTED_FIRST = re.compile(r""":[ ]+(?P<literal>"[^"]*"|'[^']*')[ ]+in[ ]+(?P<list>[A-Za-z_][\w.]*)""")
_TEXT_AFTER_QUOTE = re.compile(r""":[ ]+("[^"]*"|'[^']*')[ ]*[^ #]""")


@dataclass(frozen=True, slots=True)
class _Advice:
    message: str
    hint: str | None
    code: str = "P010"


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """What a YAML parser said.

    Attributes:
        problem: its words.
        context: what it was doing.
        place: line and column of the problem, from 1.
        opening: line and column where what it was doing began.
    """

    problem: str
    context: str
    place: tuple[int, int]
    opening: tuple[int, int]


def report_syntax_fault(fault: SyntaxFault, report: Report) -> None:
    """Note down why a text is no YAML, and what its author most likely meant."""
    is_unclosed = "end of stream" in fault.problem or "document indicator" in fault.problem
    if is_unclosed and "quoted scalar" in fault.context:
        report.add("P010", fault.opening, (), "the quote that begins here is never closed", "close it")
        return
    row, column = fault.place
    advice = _advise(fault.problem, report.line(row), column - 1)
    report.add(advice.code, fault.place, (), advice.message, advice.hint)


def _advise(problem: str, line: str, offset: int) -> _Advice:
    if negation := _NEGATION.search(line):
        hint = f"write not({negation['operand']}) or wrap the condition in ${{{{ }}}}"
        return _Advice("YAML takes a value that begins with `!` for a tag", hint, "P013")
    if member := _QUOTED_FIRST.search(line):
        literal = '"' + member["literal"][1:-1] + '"'
        hint = f"write {member['list']}.exists(x, x == {literal}) or wrap it in ${{{{ }}}}"
        return _Advice("something stands behind the closing quote", hint)
    if "mapping values are not allowed" in problem:
        return _Advice("mapping values are not allowed here", _advise_on_colon(line, offset))
    if _TEXT_AFTER_QUOTE.search(line):
        return _Advice("something stands behind the closing quote", "wrap the whole value in ${{ }} or quote it")
    if "cannot start any token" in problem:
        return _advise_on_character(line[offset : offset + 1])
    if "${{" in line:
        return _Advice(problem, "quote the value: inside [ ] and { } an expression needs quotes")
    return _Advice(problem, "check the indentation, the quotes and the brackets around here")


def _advise_on_colon(line: str, offset: int) -> str:
    if "${{" in line[:offset]:
        return "quote the value: it has a colon followed by a space inside ${{ }}"
    return "quote the value if its colon is meant as text, or check the indentation"


def _advise_on_character(character: str) -> _Advice:
    if character == "\t":
        return _Advice("a tab cannot indent", "use spaces")
    return _Advice(f"a plain value cannot begin with `{character}`", "quote the value")
