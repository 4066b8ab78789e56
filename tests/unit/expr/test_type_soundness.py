"""What the type checker lets pass has no type error, whatever the values of these types are."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from soar.expr import EvaluationError, Scope, SyntaxFaultError, Type, compile_expression, examine
from soar.expr.kinds import StaticType
from soar.expr.types import ListOf, MapOf, Maybe, Record, Scalar, read_schema, read_type
from soar.model.values import Value

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
WHOLE = st.integers(-(2**40), 2**40)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
WAITS = st.timedeltas(timedelta(days=-9), timedelta(days=9))
REPORT = {
    "type": "object",
    "required": ["score", "owner"],
    "properties": {
        "score": {"type": "integer"},
        "owner": {"type": ["string", "null"]},
        "ratio": {"type": "number"},
    },
}
DECLARED: Mapping[str, tuple[Type, st.SearchStrategy[Value]]] = {
    "count": (read_type("int"), WHOLE),
    "ratio": (read_type("number"), WHOLE | st.floats(-1e6, 1e6)),
    "text": (read_type("string"), TEXTS),
    "is_new": (read_type("bool"), st.booleans()),
    "wait": (read_type("duration"), WAITS),
    "at": (read_type("timestamp"), MOMENTS),
    "address": (read_type("ip"), st.ip_addresses()),
    "names": (read_type("list<string>"), st.lists(TEXTS, max_size=3)),
    "sizes": (read_type("list<int>"), st.lists(WHOLE, max_size=3)),
    "table": (read_type("map<int>"), st.dictionaries(TEXTS, WHOLE, max_size=3)),
    "maybe": (read_type("string?"), st.none() | TEXTS),
    "report": (
        read_schema(REPORT),
        st.fixed_dictionaries(
            {"score": WHOLE, "owner": st.none() | TEXTS}, optional={"ratio": st.floats(-1e6, 1e6) | WHOLE}
        ),
    ),
}
ENVIRONMENT = {name: type_ for name, (type_, _) in DECLARED.items()}
SCOPES = st.fixed_dictionaries({name: values for name, (_, values) in DECLARED.items()})
PARTS = (
    *DECLARED,
    *("1", "2.5", "'a'", "true", "null", "['a', 'b']", "[1, 2.5]", "{'k': 1}"),
    *("report.score", "report.owner", "report.ratio", "report.rtio", "names[0]", "table.k", "text.k"),
    *("default(maybe, text)", "maybe != null ? maybe : text", "maybe != null && maybe.size() > 1"),
    *(
        "default(report.ratio, 1)",
        "has(report.ratio) && report.ratio > 1.0",
        "report.ratio > 1.0 || !has(report.ratio)",
    ),
    *("names.map(e, e + text)", "sizes.filter(e, e > count)", "table.transformMap(k, v, v + 1)"),
    *("[maybe].map(e, e + text)", "[maybe][0] + text", "[report].exists(e, e.score > 1)", "[report].map(e, e.ratio)"),
)
_OPERATORS = "+ - * / % < <= == != in && ||"
_FUNCTIONS = (
    "size distinct flatten sort sum string json is_private domain extract_urls defang sha256 not math.abs math.sign "
    "jql ldap isIP -"
)
_METHODS = "contains startsWith split join replace substring charAt indexOf trim reverse lowerAscii"


def is_settled(source: str) -> bool:
    """Whether an expression is without a fault and everything is known of its type."""
    try:
        program = compile_expression(source)
    except SyntaxFaultError:
        return False
    type_, faults = examine(program, ENVIRONMENT)
    return not faults and is_known(type_)


def is_known(type_: Type) -> bool:
    match type_:
        case Scalar(kind):
            return kind is not StaticType.DYN
        case ListOf(inner) | MapOf(inner) | Maybe(inner):
            return is_known(inner)
        case Record(fields):
            return all(map(is_known, fields.values()))


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(_OPERATORS.split()), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(_FUNCTIONS.split()), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(inner, st.sampled_from(_METHODS.split()), st.lists(inner, max_size=2)).map(
            lambda parts: f"({parts[0]}).{parts[1]}({', '.join(parts[2])})"
        ),
        st.tuples(inner, st.sampled_from(["all", "exists", "filter", "map"]), inner).map(
            lambda parts: f"({parts[0]}).{parts[1]}(e, {parts[2]})"
        ),
        st.tuples(inner, inner).map(lambda parts: f"default({parts[0]}, {parts[1]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"[{parts[0]}, {parts[1]}]"),
        st.tuples(inner, inner).map(lambda parts: f"math.least({parts[0]}, {parts[1]})"),
        inner.map(lambda part: f"({part})[0]"),
        inner.map(lambda part: f"{{'k': {part}}}.k"),
    )


LEAVES = st.sampled_from([part for part in PARTS if is_settled(part)])
SETTLED = LEAVES | grow(LEAVES).filter(is_settled)
EXPRESSIONS = st.sampled_from(PARTS) | grow(SETTLED | st.sampled_from(PARTS))


@given(EXPRESSIONS, SCOPES)
@settings(deadline=None, max_examples=300)
def test_what_has_no_fault_has_no_type_error(source: str, names: dict[str, Value]) -> None:
    try:
        program = compile_expression(source)
    except SyntaxFaultError:
        return
    if examine(program, ENVIRONMENT)[1]:
        return
    try:
        program.evaluate(Scope(names, NOW))
    except EvaluationError as error:
        assert error.code not in {"expr.type", "expr.unknown_name"}, error.message  # noqa: PT017 - other codes are fine


def test_faults_and_clean_expressions_are_both_among_what_is_tried() -> None:
    clean = {part for part in PARTS if is_settled(part)}
    assert set(PARTS) - clean == {"report.rtio", "text.k", "[maybe].map(e, e + text)", "[maybe][0] + text"}
