from datetime import UTC, datetime

import pytest

from soar.expr import Scope, SyntaxFaultError, compile_expression

FAULTS = [
    ("", "expr.syntax", "something is missing"),
    ("1 +", "expr.syntax", "something is missing"),
    ("(1", "expr.syntax", "`)` is missing"),
    ("[1", "expr.syntax", "`]` is missing"),
    ("[1 2]", "expr.syntax", "`]` is missing"),
    ("{'a' 1}", "expr.syntax", "`:` is missing"),
    ("{'a': 1", "expr.syntax", "`}` is missing"),
    ("{1: 2}", "expr.syntax", 'write {"key"'),
    ("a ? b", "expr.syntax", "`:` is missing"),
    ("a ? b ? 1 : 2 : 3", "expr.syntax", "put brackets around the inner condition ? yes : no"),
    ("a.1", "expr.syntax", None),
    ("a.(", "expr.syntax", "a field's name is missing"),
    ("a b", "expr.syntax", None),
    ("in", "expr.syntax", None),
    (")", "expr.syntax", None),
    ("a and b", "expr.syntax", "write &&"),
    ("a or b", "expr.syntax", "write ||"),
    ("a = b", "expr.syntax", "write == "),
    ("a & b", "expr.syntax", "write &&"),
    ("a | b", "expr.syntax", "write ||"),
    ("${{ a }}", "expr.syntax", "without ${{ }}"),
    ("“a”", "expr.syntax", "straight quotes"),
    ("a # b", "expr.syntax", None),
    ("1u", "expr.syntax", "write 1"),
    ("24h", "expr.syntax", "duration("),
    ("0x", "expr.syntax", None),
    ("9223372036854775808", "expr.overflow", None),
    ("-9223372036854775809", "expr.overflow", None),
    ("1e999", "expr.overflow", None),
    ("'a", "expr.syntax", "close it with '"),
    ("'a\nb'", "expr.syntax", "close it"),
    ("'''a", "expr.syntax", "close it with '''"),
    ("'a\\", "expr.syntax", "close it"),
    (r"'\q'", "expr.syntax", "write \\\\"),
    (r"'\ud800'", "expr.syntax", None),
    (r"'\U00110000'", "expr.syntax", None),
    (r"'\Uffffffff'", "expr.syntax", None),
    (r"b'\u0041'", "expr.syntax", "write the bytes"),
    ("'\ud800'", "expr.syntax", None),
    ("b'\ud800'", "expr.syntax", None),
    ("frobnicate(1)", "expr.unknown_function", None),
    ("'a'.conatins('b')", "expr.unknown_function", "did you mean `contains`?"),
    ("defualt(a, b)", "expr.unknown_function", "did you mean `default`?"),
    ("contains('a', 'b')", "expr.arguments", "write x.contains(…)"),
    ("a.sha256()", "expr.arguments", "write sha256(x, …)"),
    ("size()", "expr.arguments", None),
    ("'a'.split()", "expr.arguments", None),
    ("now(1)", "expr.arguments", None),
    ("math.least()", "expr.arguments", None),
    ("has(a)", "expr.arguments", "write has(a.b)"),
    ("has(a[0])", "expr.arguments", "write has(a.b)"),
    ("default(a)", "expr.arguments", "write default(x, fallback)"),
    ("case(a, b)", "expr.arguments", "write case("),
    ("case(a)", "expr.arguments", "write case("),
    ("not(a, b)", "expr.arguments", "write not("),
    ("a.exists(1, true)", "expr.arguments", "write list.exists("),
    ("a.exists(x, true, true)", "expr.arguments", "write list.exists("),
    ("exists(a, x, true)", "expr.arguments", "write list.exists("),
    ("'a'.matches(b)", "expr.pattern", None),
    ("'a'.matches(1)", "expr.pattern", None),
    ("'a'.matches('(')", "expr.pattern", None),
    (r"'a'.matches(r'(?i)(\pL|\w){100}$')", "expr.pattern", None),
    ("a.all(x, a.all(y, a.all(z, true)))", "expr.size", "split it"),
]


@pytest.mark.parametrize(("source", "code", "hint"), FAULTS, ids=[repr(source) for source, _, _ in FAULTS])
def test_what_is_no_expression_is_refused_with_its_place(source: str, code: str, hint: str | None) -> None:
    with pytest.raises(SyntaxFaultError) as caught:
        compile_expression(source)
    assert caught.value.code == code
    assert 0 <= caught.value.position <= len(source)
    assert caught.value.length > 0
    if hint is not None:
        assert hint in (caught.value.hint or "")


def test_the_number_of_arguments_is_said() -> None:
    messages = []
    for source in ("sha256()", "'a'.substring()", "'a'.charAt(1, 2)", "math.least()"):
        with pytest.raises(SyntaxFaultError) as caught:
            compile_expression(source)
        messages.append(caught.value.message)
    assert messages == [
        "`sha256` takes 1 argument",
        "`substring` takes 1 to 2 arguments",
        "`charAt` takes 1 argument",
        "`math.least` takes 1 argument or more",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "x" * 1_000_000,
        "(" * 1_000_000,
        "(" * 2_000 + "1" + ")" * 2_000,
        "(" * 34 + "1" + ")" * 34,
        "[" * 2_000,
        "!" * 4_000 + "a",
        "-" * 4_000 + "1",
        "a" + ".b" * 100,
        "a" + "[0]" * 100,
        "1" + "+1" * 100,
        "a ? b : " * 100 + "c",
        "[" + "1," * 600 + "]",
        "f(" * 1_000,
    ],
    ids=lambda source: f"{source[:6]}… of {len(source)}",
)
def test_an_expression_too_large_is_refused(source: str) -> None:
    with pytest.raises(SyntaxFaultError) as caught:
        compile_expression(source)
    assert caught.value.code == "expr.size"


def test_ten_thousand_brackets_are_refused() -> None:
    with pytest.raises(SyntaxFaultError):
        compile_expression("(" * 10_000)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 32 + "1" + ")" * 32,
        "1" + "+1" * 31,
        "a" + ".b" * 31,
        " || ".join(["a"] * 400),
        "true ? 1 : " * 24 + "2",
        "a" + " " * 4_095,
    ],
    ids=lambda source: f"{source[:6]}… of {len(source)}",
)
def test_an_expression_just_within_the_limits_is_taken(source: str) -> None:
    assert compile_expression(source).source == source


LITERALS = [
    (r"'\a\b\f\n\r\t\v\\\?\"\'\`'", "\a\b\f\n\r\t\v\\?\"'`"),
    (r"'\x41\X42\103B\U0001F600'", "ABCB😀"),
    (r"'ÿ'", "ÿ"),
    (r"'\u00ff'", "ÿ"),
    (r"r'\d'", r"\d"),
    ('R"\\"', "\\"),
    ("'''a'b\n''c'''", "a'b\n''c"),
    ('"""a"b"""', 'a"b'),
    ('r"""\\"""', "\\"),
    ("b'ÿ'", b"\xc3\xbf"),
    (r"b'\xff\377\n'", b"\xff\xff\n"),
    (r"br'\n'", rb"\n"),
    (r"rb'\n'", rb"\n"),
    ("''", ""),
]


@pytest.mark.parametrize(("source", "value"), LITERALS)
def test_a_literal_stands_for_its_value(source: str, value: str | bytes) -> None:
    assert compile_expression(source).evaluate(Scope({}, datetime(2026, 1, 1, tzinfo=UTC))) == value
