"""Quoted text comes back whole from a reader of the other language's literals, and nothing stands behind it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from soar.expr import EvaluationError, FuelError, Scope, compile_expression

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TAIL = " OR 1 = 1"
TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("\\\"'%_*()\0\n\r\t$`|;&#-[]{}u0"))


def quote(function: str, text: str, fuel: int = 100_000) -> str:
    quoted = compile_expression(f"{function}(x)").evaluate(Scope({"x": text}, NOW, fuel))
    assert isinstance(quoted, str)
    return quoted


def read_slashed(source: str, names: dict[str, str]) -> tuple[str, str]:
    """Read a text in quotes where a backslash escapes; return it and what follows. It may not run over a line's end."""
    closing, cursor, text = source[0], 1, ""
    while source[cursor] != closing:
        assert source[cursor] not in "\n\r"
        if source[cursor] == "\\" and source[cursor + 1] == "u":
            text += chr(int(source[cursor + 2 : cursor + 6], 16))
            cursor += 6
        elif source[cursor] == "\\":
            text += names[source[cursor + 1]]
            cursor += 2
        else:
            text += source[cursor]
            cursor += 1
    return text, source[cursor + 1 :]


def read_jql(source: str) -> tuple[str, str]:
    return read_slashed(source, {"t": "\t", "n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"', " ": " "})


def read_kql(source: str) -> tuple[str, str]:
    return read_slashed(source, {"t": "\t", "n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"'})


def read_spl(source: str) -> tuple[str, str]:
    found = re.match(r'"((?:[^"\\]|\\.)*)"', source, re.DOTALL)
    assert found
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), source[found.end() :]


def read_doubled(source: str) -> tuple[str, str]:
    """Read a text in single quotes, which stand twice inside."""
    text, cursor = "", 1
    while True:
        end = source.index("'", cursor)
        text += source[cursor:end]
        if source[end : end + 2] != "''":
            return text, source[end + 1 :]
        text += "'"
        cursor = end + 2


def read_sql_like(source: str) -> tuple[str, str]:
    r"""Read a pattern with ESCAPE '\' that has no wildcard left."""
    pattern, rest = read_doubled(source)
    text, characters = "", iter(pattern)
    for character in characters:
        assert character not in "%_"
        if character == "\\":
            escaped = next(characters)
            assert escaped in "%_\\"
            text += escaped
        else:
            text += character
    return text, rest


def read_ldap(source: str) -> tuple[str, str]:
    """Read an assertion's value up to the bracket that ends it, octet for octet."""
    assert source.startswith("(cn=")
    inside, _, rest = source[4:].partition(")")
    assert not set(inside) & set("(*\0")
    octets = re.sub(rb"\\([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), inside.encode())
    return octets.decode(), rest


READERS: dict[str, tuple[Callable[[str], tuple[str, str]], str]] = {
    "jql": (read_jql, '"{}"'),
    "kql": (read_kql, '"{}"'),
    "spl": (read_spl, '"{}"'),
    "sql_like": (read_sql_like, "'{}'"),
    "ldap": (read_ldap, "(cn={})"),
    "odata": (read_doubled, "'{}'"),
}


@pytest.mark.parametrize("function", sorted(READERS))
@given(text=TEXTS)
@example(text="")
@example(text='" OR project = HR --')
@example(text="' or 1 eq 1")
@example(text="*)(uid=*))(|(uid=*")
@example(text="\\")
@example(text="\\' ; drop\n")
@example(text="100%_\\%")
def test_a_quoted_text_is_one_literal_that_means_the_text(function: str, text: str) -> None:
    text = text.replace("*", "") if function == "spl" else text
    read, frame = READERS[function]
    assert read(frame.format(quote(function, text)) + TAIL) == (text, TAIL)


@pytest.mark.parametrize("function", ["jql", "kql"])
@given(text=TEXTS)
def test_a_text_may_stand_in_single_quotes_too(function: str, text: str) -> None:
    read, _ = READERS[function]
    assert read(f"'{quote(function, text)}'{TAIL}") == (text, TAIL)


def test_a_wildcard_that_cannot_be_escaped_is_refused() -> None:
    with pytest.raises(EvaluationError) as caught:
        quote("spl", "*")
    assert caught.value.code == "expr.quote"


@pytest.mark.parametrize("function", sorted(READERS))
def test_quoting_is_paid_for(function: str) -> None:
    with pytest.raises(FuelError):
        quote(function, "'" * 100_000, fuel=1_000)
