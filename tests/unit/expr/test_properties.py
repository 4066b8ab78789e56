"""Whatever the text, whatever the data: nothing but an `ExpressionError` comes out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from hypothesis import example, given, settings
from hypothesis import strategies as st

from soar.expr import BUILTINS, ExpressionError, Scope, Type, compile_expression, infer_type, parse_template
from soar.expr.frame import Frame
from soar.expr.kinds import KINDS, StaticType
from soar.expr.operators import freeze, is_equal
from soar.expr.types import ListOf, MapOf, Maybe, Record, Scalar, join_all
from soar.model.values import Value

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(), max_size=8),
    st.binary(max_size=8),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(),
    st.ip_addresses(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
_SYMBOLS = (
    "a b x . , ( ) [ ] { } : ? ! - + * / % < > <= >= == != && || in true false null 0 1 2.5 'a' r'\\' b'' \"\" // \\"
)
_OPERATORS = "+ - * / % < <= == != in && ||"
_FUNCTIONS = (
    "size distinct flatten sort sum now timestamp duration string int double bool bytes json from_json ip is_private "
    "domain extract_urls extract_ips defang refang sha256 not math.least math.greatest "
    "math.round math.abs strings.quote isIP isCIDR cidr dyn jql kql spl sql_like ldap odata"
)
_METHODS = (
    "size contains startsWith split join replace substring charAt indexOf reverse trim getHours format containsIP "
    "masked"
)
_LOOPS = "all exists exists_one filter map"
WORDS = st.sampled_from(
    [
        *sorted(BUILTINS),
        *_SYMBOLS.split(),
        "'''",
        "${{",
        "}}",
        "9223372036854775807",
        "$${{",
    ]
)


def catch(act: Callable[[], object]) -> ExpressionError | None:
    """Return the error of the one kind that may come out, if one does."""
    try:
        act()
    except ExpressionError as error:
        return error
    return None


@given(st.text(st.characters(), max_size=60) | st.lists(WORDS, max_size=25).map(" ".join))
@example("'\ud800'")
@settings(deadline=None)
def test_any_text_is_an_expression_or_a_fault(source: str) -> None:
    for read in (compile_expression, parse_template):
        fault = catch(lambda read=read: read(source))
        assert fault is None or (fault.length > 0 and fault.position <= len(source))


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(_OPERATORS.split())
    functions = st.sampled_from(_FUNCTIONS.split())
    methods = st.sampled_from(_METHODS.split())
    loops = st.sampled_from(_LOOPS.split())
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(functions, inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(inner, methods, st.lists(inner, max_size=2)).map(
            lambda parts: f"({parts[0]}).{parts[1]}({', '.join(parts[2])})"
        ),
        st.tuples(inner, loops, inner).map(lambda parts: f"({parts[0]}).{parts[1]}(x, {parts[2]})"),
        st.tuples(inner, st.sampled_from(["all", "exists", "transformList", "transformMap"]), inner).map(
            lambda parts: f"({parts[0]}).{parts[1]}(i, x, {parts[2]})"
        ),
        st.tuples(inner, inner).map(lambda parts: f"default({parts[0]}, {parts[1]})"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]})[{parts[1]}]"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"{{'k': {part}}}"),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "x", "a.k", "0", "1.5", "'a'", "b'a'", "true", "null", "[]", "9223372036854775807"]),
    _grow,
    max_leaves=8,
)


@given(EXPRESSIONS, VALUES, VALUES)
@settings(deadline=None, max_examples=300)
def test_an_expression_has_a_value_or_an_evaluation_error(source: str, a: Value, b: Value) -> None:
    scope = Scope({"a": a, "b": b, "x": 1}, NOW, fuel=20_000)
    fault = catch(lambda: compile_expression(source).evaluate(scope))
    assert fault is None or 0 < fault.length <= len(source)


def type_of(value: Value) -> Type:
    match value:
        case dict():
            return Record({key: type_of(element) for key, element in value.items()})
        case list():
            return ListOf(join_all([type_of(element) for element in value]))
        case _:
            return Scalar(KINDS[type(value)])


def fits(value: Value, type_: Type) -> bool:
    match type_:
        case Maybe(inner):
            return value is None or fits(value, inner)
        case ListOf(element):
            return isinstance(value, list) and all(fits(part, element) for part in value)
        case MapOf(element):
            return isinstance(value, dict) and all(fits(part, element) for part in value.values())
        case Record(fields):
            return isinstance(value, dict) and all(fits(part, fields[key]) for key, part in value.items())
        case Scalar(StaticType.DYN):
            return True
        case Scalar(kind):
            return KINDS[type(value)] is kind or (kind is StaticType.DOUBLE and type(value) is int)


@given(EXPRESSIONS, VALUES, VALUES)
@example("[a, 1].reverse() + [b]", None, [1.5, {"k": 1}])
@settings(deadline=None, max_examples=300)
def test_a_value_has_the_type_that_was_inferred(source: str, a: Value, b: Value) -> None:
    names: dict[str, Value] = {"a": a, "b": b, "x": 1}
    found: list[Value] = []
    fault = catch(lambda: found.append(compile_expression(source).evaluate(Scope(names, NOW, fuel=20_000))))
    if fault is None:
        type_ = infer_type(compile_expression(source), {name: type_of(value) for name, value in names.items()})
        assert fits(found[0], type_)


@given(VALUES, VALUES)
@example([1, True], [1.0, 1])
@example({"a": ip_address("::1")}, {"a": timedelta()})
def test_frozen_values_are_equal_when_the_values_are(a: Value, b: Value) -> None:
    frame = Frame(Scope({}, NOW))
    assert (freeze(frame, a) == freeze(frame, b)) is is_equal(frame, a, b)
    assert is_equal(frame, a, a)
    assert hash(freeze(frame, a)) == hash(freeze(frame, a))
