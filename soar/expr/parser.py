"""Tokens as a syntax tree: a Pratt parser for the grammar of the Common Expression Language.

The grammar is that of the language definition (https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax)
without unsigned numbers, messages and optional fields.
"""

from collections.abc import Mapping
from typing import Final

from soar.expr.errors import SyntaxFaultError
from soar.expr.lexer import Token, TokenKind, tokenize
from soar.expr.limits import MAX_DEPTH, MAX_NODES
from soar.expr.literals import read_double, read_int, read_text
from soar.expr.macros import expand
from soar.expr.syntax import (
    Binary,
    Chain,
    Conditional,
    Index,
    ListNode,
    Literal,
    MapNode,
    Name,
    Node,
    Select,
    Unary,
    list_children,
)

_POWERS: Final[Mapping[str, int]] = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
_CONSTANTS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}
_HINTS: Final[Mapping[str, str]] = {
    "and": "write &&",
    "or": "write ||",
    "not": "write not(…) or !",
    "is": "write ==",
    "if": "write condition ? yes : no, or case(condition, yes, no)",
    "|": "call the function: f(x)",
    "?": "put brackets around the inner condition ? yes : no",
    "": "something is missing at the end",
}


def parse(source: str) -> Node:
    """Return the syntax tree of an expression.

    Raises:
        SyntaxFaultError: the text is no expression, or too large for one.
    """
    node = _Parser(tokenize(source)).parse_all()
    _check_size(node)
    return node


def _check_size(root: Node) -> None:
    count = 0
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise _too_large(f"the expression is nested deeper than {MAX_DEPTH} levels", node.start, node.end)
        if count > MAX_NODES:
            raise _too_large(f"the expression has more than {MAX_NODES} parts", root.start, root.end)
        waiting.extend((child, depth + 1) for child in list_children(node))


def _too_large(message: str, start: int, end: int) -> SyntaxFaultError:
    return SyntaxFaultError(
        message, code="expr.size", hint="split it with `set:`", position=start, length=max(end - start, 1)
    )


class _Parser:
    """Reads one list of tokens once, from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0
        self._depth = 0

    def parse_all(self) -> Node:
        node = self._parse_expression()
        if self._next.kind is not TokenKind.END:
            raise self._unexpected(self._next)
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _advance(self) -> Token:
        token = self._next
        if token.kind is not TokenKind.END:
            self._index += 1
        return token

    def _accept(self, text: str) -> Token | None:
        is_there = self._next.text == text and self._next.kind is not TokenKind.END
        return self._advance() if is_there else None

    def _expect(self, text: str) -> Token:
        if token := self._accept(text):
            return token
        raise self._unexpected(self._next, f"`{text}`")

    def _unexpected(self, token: Token, wanted: str = "") -> SyntaxFaultError:
        found = f"`{token.text}`" if token.text else "the end"
        hint = f"{wanted} is missing" if wanted else None
        return SyntaxFaultError(
            f"{found} is not expected here",
            hint=_HINTS.get(token.text, hint) if not wanted or token.text else hint,
            position=token.start,
            length=max(len(token.text), 1),
        )

    def _enter(self, token: Token) -> None:
        """Bound the parser's own recursion, before the tree exists whose depth could be measured."""
        self._depth += 1
        if self._depth > MAX_DEPTH + 1:
            raise _too_large(f"the brackets are nested deeper than {MAX_DEPTH} levels", token.start, token.end)

    def _parse_expression(self) -> Node:
        self._enter(self._next)
        node = self._parse_operators(1)
        if self._accept("?"):
            value = self._parse_operators(1)
            self._expect(":")
            otherwise = self._parse_expression()
            node = Conditional(node.start, otherwise.end, ((node, value),), otherwise)
        self._depth -= 1
        return node

    def _parse_operators(self, least_power: int) -> Node:
        left = self._parse_unary()
        while (power := _POWERS.get(self._next.text, 0)) >= least_power:
            operator = self._advance().text
            right = self._parse_operators(power + 1)
            left = _combine(operator, left, right)
        return left

    def _parse_unary(self) -> Node:
        token = self._next
        if token.kind is not TokenKind.OPERATOR or token.text not in {"!", "-"}:
            return self._parse_postfix(self._parse_primary())
        self._advance()
        self._enter(token)
        if token.text == "-" and self._next.kind is TokenKind.INT:
            digits = self._advance()
            node = self._parse_postfix(Literal(token.start, digits.end, read_int(digits, is_negative=True)))
        else:
            operand = self._parse_unary()
            node = Unary(token.start, operand.end, token.text, operand)
        self._depth -= 1
        return node

    def _parse_postfix(self, node: Node) -> Node:
        while True:
            if self._accept("."):
                node = self._parse_member(node)
            elif self._accept("["):
                index = self._parse_expression()
                node = Index(node.start, self._expect("]").end, node, index)
            else:
                return node

    def _parse_member(self, operand: Node) -> Node:
        field = self._advance()
        if field.kind is TokenKind.FIELD:
            return Select(operand.start, field.end, operand, field.text[1:-1])
        if field.kind is not TokenKind.NAME:
            raise self._unexpected(field, "a field's name")
        if not self._accept("("):
            return Select(operand.start, field.end, operand, field.text)
        arguments, end = self._parse_items(")")
        return expand(field.text, operand, arguments, operand.start, end)

    def _parse_items(self, closing: str) -> tuple[tuple[Node, ...], int]:
        items: list[Node] = []
        while (token := self._accept(closing)) is None:
            items.append(self._parse_expression())
            if not self._accept(","):
                token = self._expect(closing)
                break
        return tuple(items), token.end

    def _parse_primary(self) -> Node:
        token = self._advance()
        match token.kind:
            case TokenKind.NAME:
                return self._parse_name(token)
            case TokenKind.INT:
                return Literal(token.start, token.end, read_int(token, is_negative=False))
            case TokenKind.DOUBLE:
                return Literal(token.start, token.end, read_double(token))
            case TokenKind.STRING:
                return Literal(token.start, token.end, read_text(token))
            case _:
                return self._parse_brackets(token)

    def _parse_name(self, token: Token) -> Node:
        if token.text in _CONSTANTS:
            return Literal(token.start, token.end, _CONSTANTS[token.text])
        if token.text == "in":
            raise self._unexpected(token)
        if not self._accept("("):
            return Name(token.start, token.end, token.text)
        arguments, end = self._parse_items(")")
        return expand(token.text, None, arguments, token.start, end)

    def _parse_brackets(self, token: Token) -> Node:
        match token.text:
            case "(":
                node = self._parse_expression()
                self._expect(")")
                return node
            case "[":
                elements, end = self._parse_items("]")
                return ListNode(token.start, end, elements)
            case "{":
                return self._parse_map(token)
            case _:
                raise self._unexpected(token)

    def _parse_map(self, opening: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        while (token := self._accept("}")) is None:
            key = self._parse_expression()
            if isinstance(key, Literal) and not isinstance(key.value, str):
                raise SyntaxFaultError(
                    "a map's keys are strings",
                    hint='write {"key": value}',
                    position=key.start,
                    length=key.end - key.start,
                )
            self._expect(":")
            entries.append((key, self._parse_expression()))
            if not self._accept(","):
                token = self._expect("}")
                break
        return MapNode(opening.start, token.end, tuple(entries))


def _combine(operator: str, left: Node, right: Node) -> Node:
    """Join two operands; `a && b && c` becomes one chain, which is what its brackets would mean too."""
    if operator not in {"&&", "||"}:
        return Binary(left.start, right.end, operator, left, right)
    operands: tuple[Node, ...] = ()
    for side in (left, right):
        operands += side.operands if isinstance(side, Chain) and side.operator == operator else (side,)
    return Chain(left.start, right.end, operator, operands)
