"""Values that go into texts of other languages: each must pass through the function that makes it harmless there."""

from collections.abc import Mapping
from typing import Final

from soar.expr import Program, StaticType, Type
from soar.expr.syntax import Binary, Call, Conditional, Default, ListNode, Literal, Loop, LoopKind, Node
from soar.expr.types import kind_of_type, unwrap
from soar.model.catalog import Language
from soar.playbook.finding import Severity
from soar.playbook.names import Fault
from soar.playbook.report import quote

_TITLES: Final[Mapping[str, str]] = {
    Language.JQL: "a JQL",
    Language.KQL: "a KQL",
    Language.SPL: "an SPL",
    Language.SQL_LIKE: "an SQL",
    Language.LDAP: "an LDAP",
    Language.ODATA: "an OData",
    Language.QUERY_STRING: "a query string",
}
_HARMLESS: Final = frozenset(
    {
        StaticType.BOOL,
        StaticType.INT,
        StaticType.DOUBLE,
        StaticType.TIMESTAMP,
        StaticType.DURATION,
        StaticType.IP,
        StaticType.NULL,
    }
)
"""Kinds whose printed values hold nothing that ends a quoted text."""


def find_unquoted(program: Program, type_: Type, language: str, *, is_whole: bool) -> Fault | None:
    """Return what is wrong with a value that goes into a query.

    Args:
        program: gives the value.
        type_: of the value.
        language: of the text, as the parameter declares it.
        is_whole: the value is the whole text.
    """
    title = _TITLES.get(language)
    if title is None or kind_of_type(unwrap(type_)) in _HARMLESS or _is_quoted(program.node, language):
        return None
    message = f"{quote(program.source)} goes into {title} text unquoted"
    return Fault(
        "P504", message, _advise(language, is_whole=is_whole), 0, len(program.source), severity=Severity.WARNING
    )


def is_composed(program: Program) -> bool:
    """Whether an expression makes a text out of others, rather than choosing one that is whole already."""
    return isinstance(program.node, Binary | Call)


def _advise(language: str, *, is_whole: bool) -> str:
    if language == Language.QUERY_STRING:
        return "no function makes it harmless there: write the query down, and give the value in another parameter"
    return f"write the query down with {language}(…) around what is put in" if is_whole else f"write {language}(…)"


def _is_quoted(node: Node, language: str) -> bool:
    """Whether a text is made of nothing but written texts and what the language's function gives."""
    match node:
        case Literal():
            return True
        case Call(name="join", arguments=(parts, *separators)):
            return all(_is_quoted(part, language) for part in (parts, *separators))
        case Call(name=name):
            return name == language
        case ListNode(elements=parts):
            return all(_is_quoted(part, language) for part in parts)
        case Loop(kind=LoopKind.MAP | LoopKind.TRANSFORM_LIST, body=body):
            return _is_quoted(body, language)
        case Binary(operator="+", left=left, right=right):
            return _is_quoted(left, language) and _is_quoted(right, language)
        case Default(operand=operand, fallback=fallback):
            return _is_quoted(operand, language) and _is_quoted(fallback, language)
        case Conditional(branches=branches, otherwise=otherwise):
            return all(_is_quoted(value, language) for value in (*(value for _, value in branches), otherwise))
        case _:
            return False
