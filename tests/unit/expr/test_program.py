from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from soar.expr import (
    EvaluationError,
    FuelError,
    Label,
    MissingError,
    Scope,
    StaticType,
    SyntaxFaultError,
    compile_expression,
)
from soar.model.values import Value

NOW = datetime(2026, 11, 21, 9, 30, 5, tzinfo=UTC)
NAMES: dict[str, Value] = {
    "alert": {
        "kind": "malware.ransomware",
        "severity": "critical",
        "url": None,
        "time": datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
        "entities": {"hosts": ["ws-1", "ws-2"]},
        "raw": {"rule": {"level": 12, "groups": ["a", "b"]}, "data": "text", "x-y": 7},
    },
    "inputs": {"ip": ip_address("10.0.0.1"), "for": timedelta(hours=1, minutes=30), "huge": 2**70},
    "config": {"our_networks": ["10.0.0.0/8", "192.0.2.0/24"]},
    "n": 5,
}


def evaluate(source: str, *, fuel: int = 100_000, **names: Value) -> Value:
    return compile_expression(source).evaluate(Scope({**NAMES, **names}, NOW, fuel))


VALUES = [
    # an address beside text
    ("'a/' + inputs.ip + '/b'", "a/10.0.0.1/b"),
    ("ip('2001:db8::1') + '/64'", "2001:db8::1/64"),
    # literals
    ("42", 42),
    ("0x1F", 31),
    ("-0x10", -16),
    ("-9223372036854775808", -(2**63)),
    ("2.5e-1", 0.25),
    (".5", 0.5),
    ("1e3", 1000.0),
    ("null", None),
    ("[1, 'a', [true],]", [1, "a", [True]]),
    ('{"a": {"b": 1},}', {"a": {"b": 1}}),
    ("[]", []),
    ("{}", {}),
    ("1 // the rest is a comment", 1),
    # arithmetic
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("7 - 2 - 1", 4),
    ("-7 / 2", -3),
    ("7 / -2", -3),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("7 / 2.0", 3.5),
    ("1 + 0.5", 1.5),
    ("2 * 1.5", 3.0),
    ("2.5 - 1", 1.5),
    ("-n", -5),
    ("-(1.5)", -1.5),
    ("--1", 1),
    ('"a" + "b"', "ab"),
    ("b'a' + b'b'", b"ab"),
    ("[1] + [2]", [1, 2]),
    ("alert.time + inputs.for", datetime(2026, 11, 21, 9, 30, tzinfo=UTC)),
    ("inputs.for + alert.time", datetime(2026, 11, 21, 9, 30, tzinfo=UTC)),
    ("now() - alert.time", timedelta(hours=1, minutes=30, seconds=5)),
    ("alert.time - inputs.for", datetime(2026, 11, 21, 6, 30, tzinfo=UTC)),
    ("inputs.for + inputs.for - inputs.for", timedelta(hours=1, minutes=30)),
    # comparisons
    ("1 == 1.0", True),
    ("1 == true", False),
    ("true == 1", False),
    ("1 == '1'", False),
    ("null == false", False),
    ("[1, {'a': [2.0]}] == [1.0, {'a': [2]}]", True),
    ("[1] == [true]", False),
    ("{'a': 1} != {'a': 2}", True),
    ("b'a' == b'a'", True),
    ("'a' < 'b' && 1 < 1.5 && false < true && b'a' <= b'a'", True),
    ("now() > alert.time && inputs.for >= inputs.for", True),
    ("2 > 1 ? 'yes' : 'no'", "yes"),
    ("false ? 1 : true ? 2 : 3", 2),
    # membership
    ("'a' in alert.raw.rule.groups", True),
    ("1 in [1.0, 2]", True),
    ("true in [1]", False),
    ("'kind' in alert", True),
    ("1 in alert", False),
    # logic: an error counts only if no side decides
    ("true && false", False),
    ("false && alert.nothing", False),
    ("alert.nothing == 1 && false", False),
    ("alert.nothing == 1 || true", True),
    ("1 && false", False),
    ("1 || true", True),
    ("!true || !false", True),
    ("not(false)", True),
    ("true && (false || true) && true", True),
    # paths
    ("alert.raw.rule.level", 12),
    ('alert["kind"]', "malware.ransomware"),
    ('alert.raw["x-y"]', 7),
    ("alert.entities.hosts[1]", "ws-2"),
    ("alert.entities.hosts[0.0]", "ws-1"),
    ("{'a': 1}.a", 1),
    ("{'a': 1}['a']", 1),
    ("{'in': 1}.in", 1),
    ("{'a' + 'b': 1}.ab", 1),
    # has, default, case
    ("has(alert.kind)", True),
    ("has(alert.url)", True),
    ("has(alert.nothing.at.all)", False),
    ("has(alert.raw.data.srcip)", False),
    ('has(alert.raw["x-y"])', True),
    ("default(alert.nothing.x, 3)", 3),
    ("default(alert.url, 'none')", "none"),
    ("default(alert.url.host, 'none')", "none"),
    ("default(alert.entities.hosts[9], 'none')", "none"),
    ("default(nobody.there, 1)", 1),
    ("default(alert.kind, 1)", "malware.ransomware"),
    ("default([alert.raw.data.srcip], [])", []),
    ("case(n >= 13, 'critical', n >= 5, 'high', 'low')", "high"),
    ("case(false, 1 / 0, 2)", 2),
    # loops
    ("[1, 2, 3].all(x, x > 0)", True),
    ("[1, 2, 3].all(x, 6 / (2 - x) == 6)", False),
    ("[1, 2, 3].exists(x, x == 2)", True),
    ("[0, 2].exists(x, 2 / x == 1)", True),
    ("[].exists(x, true)", False),
    ("[1, 2, 2].exists_one(x, x == 2)", False),
    ("[1, 2].exists_one(x, x == 2)", True),
    ("[1, 2, 3].filter(x, x > 1).map(x, x * x)", [4, 9]),
    ("[1, 2, 3].map(x, x > 1, x * 10)", [20, 30]),
    ("{'a': 1, 'b': 2}.filter(k, k == 'b')", ["b"]),
    ("[1, 2].map(x, [10, 20].map(y, x + y))", [[11, 21], [12, 22]]),
    ("[1, 2].map(x, [x].map(x, x + 1)[0] + x)", [3, 5]),
    ("[{'a': 1}].map(x, x.a)", [1]),
    ("[[7]].map(x, x[0])", [7]),
]


@pytest.mark.parametrize(("source", "value"), VALUES, ids=[source for source, _ in VALUES])
def test_an_expression_has_its_value(source: str, value: Value) -> None:
    found = evaluate(source)
    assert (found, type(found)) == (value, type(value))


FAULTS = [
    ("1 / 0", "expr.divide_by_zero"),
    ("1 % 0", "expr.divide_by_zero"),
    ("1.0 / 0", "expr.divide_by_zero"),
    ("9223372036854775807 + 1", "expr.overflow"),
    ("9223372036854775807 * 2", "expr.overflow"),
    ("-9223372036854775808 - 1", "expr.overflow"),
    ("-9223372036854775808 / -1", "expr.overflow"),
    ("-(-9223372036854775808)", "expr.overflow"),
    ("1e308 * 10", "expr.overflow"),
    ("inputs.huge * 1e300", "expr.overflow"),
    ("now() + duration('999999999d')", "expr.overflow"),
    ("1 + 'a'", "expr.type"),
    ("[1] + 1", "expr.type"),
    ("1.5 % 1", "expr.type"),
    ("true + true", "expr.type"),
    ("1 < 'a'", "expr.type"),
    ("[1] < [2]", "expr.type"),
    ("'a' in 'abc'", "expr.type"),
    ("1 in 2", "expr.type"),
    ("-'a'", "expr.type"),
    ("!1", "expr.type"),
    ("1 ? 2 : 3", "expr.type"),
    ("[1] && true", "expr.type"),
    ("1 && 'a'", "expr.type"),
    ("1 || false", "expr.type"),
    ("[1].exists(x, x)", "expr.type"),
    ("[1].all(x, 1 / 0 == 1)", "expr.divide_by_zero"),
    ("n.exists(x, true)", "expr.type"),
    ("alert.url.exists(x, true)", "expr.type"),
    ("[1]['a']", "expr.type"),
    ("[1][true]", "expr.type"),
    ("{'a': 1}[1]", "expr.type"),
    ("n[1]", "expr.type"),
    ("{n: 1}", "expr.type"),
    ("{'a': 1, 'a': 2}", "expr.type"),
    ("default(1 / 0, 2)", "expr.divide_by_zero"),
    ("nobody", "expr.unknown_name"),
    ("alert.kinds", "expr.missing"),
    ("alert.url.host", "expr.missing"),
    ("alert.raw.data.srcip", "expr.missing"),
    ("[1][1]", "expr.missing"),
    ("[1][-1]", "expr.missing"),
    ("{'a': 1}.b", "expr.missing"),
    ("{'a': 1}['b']", "expr.missing"),
    ("'a'['b']", "expr.missing"),
    ("secrets.token", "expr.secret"),
    ("size(secrets.token) > 0", "expr.secret"),
    ("default(secrets.token, 1)", "expr.secret"),
]


@pytest.mark.parametrize(("source", "code"), FAULTS, ids=[source for source, _ in FAULTS])
def test_an_expression_without_a_value_says_why_and_where(source: str, code: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(source, secrets={"token": "hunter2"})
    assert caught.value.code == code
    assert 0 <= caught.value.position < caught.value.position + caught.value.length <= len(source)


def test_a_missing_field_is_placed_and_the_close_one_named() -> None:
    with pytest.raises(MissingError) as caught:
        evaluate('true && alert.severty == "high"')
    assert (caught.value.position, caught.value.length) == (8, 13)
    assert caught.value.message == "`alert` has no field `severty`"
    assert caught.value.hint == "did you mean `severity`?"


def test_a_field_of_something_else_says_what_it_is() -> None:
    with pytest.raises(MissingError) as caught:
        evaluate("alert.raw.data.srcip")
    assert caught.value.message == "`alert.raw.data` is a string, so it has no field `srcip`"
    assert caught.value.hint == "guard it: default(…, …) or has(…)"


def test_a_list_as_a_condition_is_answered_with_size() -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate("alert.entities.hosts ? 1 : 2")
    assert (caught.value.message, caught.value.hint) == ("a list is no condition", "did you mean `size(…) > 0`?")


@pytest.mark.parametrize(
    "source",
    [
        "big.exists(x, big.exists(y, x + y < 0))",
        "big.map(x, big.map(y, 1))",
        "big.all(x, x in big)",
        "text.map(x, text.map(y, x + y))",
        "default(big.exists(x, big.exists(y, x + y < 0)), true) || true",
        "big.exists(x, big.exists(y, x + y < 0)) || true",
        "big.filter(x, big == big)",
        "[0].map(a, [a,a]).map(a, [a,a]).map(a, [a,a]) + big.map(x, big.distinct())",
        "big.map(x, text.join('').replace('a', text.join('')))",
    ],
)
def test_work_without_end_stops_for_want_of_fuel(source: str) -> None:
    big: list[Value] = list(range(10_000))
    text: list[Value] = ["a" * 1000] * 1000
    with pytest.raises(FuelError) as caught:
        evaluate(source, big=big, text=text)
    assert caught.value.code == "expr.fuel"


def test_a_value_doubled_again_and_again_is_refused() -> None:
    doubled = "[0]" + ".map(a, [a,a])" * 25
    with pytest.raises(EvaluationError) as caught:
        evaluate(doubled)
    assert caught.value.code == "expr.size"
    with pytest.raises(FuelError):
        evaluate(f"size(distinct({doubled}))")


def test_fuel_is_one_a_node_and_one_for_64_bytes() -> None:
    assert evaluate("1 + 2", fuel=3) == 3
    with pytest.raises(FuelError):
        evaluate("1 + 2", fuel=2)
    assert evaluate("a + b", fuel=3 + 2, a="x" * 64, b="y" * 64) == "x" * 64 + "y" * 64
    with pytest.raises(FuelError):
        evaluate("a + b", fuel=3 + 1, a="x" * 64, b="y" * 64)
    assert evaluate("[1, 2].all(x, x > 0)", fuel=4 + 2 * 3) is True
    with pytest.raises(FuelError):
        evaluate("[1, 2].all(x, x > 0)", fuel=4 + 2 * 3 - 1)


def test_a_call_costs_what_its_function_does() -> None:
    assert evaluate("size('ab')", fuel=4 + 1) == 2
    assert evaluate("string(7)", fuel=16 + 1) == "7"
    for source, fuel in (("size('ab')", 4 + 1), ("string(7)", 16 + 1)):
        with pytest.raises(FuelError):
            evaluate(source, fuel=fuel - 1)


@pytest.mark.parametrize(
    ("source", "fuel"),
    [
        ("has(a.b)", 3 + 8),
        ("default(a.b, 1)", 4 + 8),
        ("a.b == 1 || true", 6 + 8),
        ("[1].exists(x, x.b) || true", 5 + 2 + 8 + 8),
    ],
)
def test_an_error_that_is_overcome_costs_fuel(source: str, fuel: int) -> None:
    evaluate(source, fuel=fuel, a={})
    with pytest.raises(FuelError):
        evaluate(source, fuel=fuel - 1, a={})


@pytest.mark.parametrize("value", ["x" * 300_000, b"x" * 300_000, [0] * 40_000, {str(n): n for n in range(20_000)}])
def test_a_result_larger_than_256_kib_is_refused(value: Value) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate("big", big=value)
    assert caught.value.code == "expr.size"


def test_a_size_is_counted_in_bytes() -> None:
    assert evaluate("text", text="x" * 200_000) == "x" * 200_000
    with pytest.raises(EvaluationError):
        evaluate("text", text="€" * 200_000)


@pytest.mark.parametrize("source", ["deep", "deep == deep", "distinct([deep])", "json(deep)"])
@pytest.mark.parametrize("is_map", [True, False])
def test_data_as_deep_as_an_attacker_likes_are_refused(source: str, *, is_map: bool) -> None:
    deep: Value = 1
    for _ in range(20_000):
        deep = {"a": deep} if is_map else [deep]
    with pytest.raises(EvaluationError) as caught:
        evaluate(source, deep=deep)
    assert caught.value.code == "expr.size"
    while isinstance(deep, list | dict):
        deep = deep.pop() if isinstance(deep, list) else deep.pop("a")


@pytest.mark.parametrize(
    "source", ["alert.__class__", "alert.keys", "alert.items", "'a'.upper", "n.real", "x.__dict__"]
)
def test_no_attribute_of_a_python_object_can_be_reached(source: str) -> None:
    with pytest.raises(MissingError):
        evaluate(source)


def test_references_say_what_is_read_and_what_is_guarded() -> None:
    program = compile_expression(
        'default(steps.copies.output.count, vars.least) > 0 && has(alert.raw["x-y"])'
        " && alert.entities.hosts[n].size() > 0 && items.exists(i, i.kind == run.kind)"
    )
    assert [(reference.path, reference.guarded) for reference in program.references] == [
        (("steps", "copies", "output", "count"), True),
        (("vars", "least"), False),
        (("alert", "raw", "x-y"), True),
        (("alert", "entities", "hosts"), False),
        (("n",), False),
        (("items",), False),
        (("run", "kind"), False),
    ]
    first = program.references[0]
    assert program.source[first.position :][: first.length] == "steps.copies.output.count"
    assert program.roots == {"steps", "vars", "alert", "n", "items", "run"}


def test_a_variable_hides_a_name_only_inside_its_loop() -> None:
    program = compile_expression("[1].exists(alert, alert > 0) && alert.ok")
    assert [reference.path for reference in program.references] == [("alert", "ok")]


RESULTS = [
    ("null", StaticType.NULL),
    ("1", StaticType.INT),
    ("-1.5", StaticType.DOUBLE),
    ("-(1)", StaticType.INT),
    ("-n", StaticType.DYN),
    ("n", StaticType.DYN),
    ("1 + 2", StaticType.INT),
    ("1 + 2.0", StaticType.DOUBLE),
    ("'a' + 'b'", StaticType.STRING),
    ("'a' - 'b'", StaticType.DYN),
    ("1 + n", StaticType.DYN),
    ("n == 1", StaticType.BOOL),
    ("1 in [1]", StaticType.BOOL),
    ("!n", StaticType.BOOL),
    ("a && b", StaticType.BOOL),
    ("has(a.b)", StaticType.BOOL),
    ("[1].filter(x, true)", StaticType.LIST),
    ("[1].exists(x, true)", StaticType.BOOL),
    ("{}", StaticType.MAP),
    ("[1]", StaticType.LIST),
    ("a ? 1 : 2", StaticType.INT),
    ("a ? 1 : 'b'", StaticType.DYN),
    ("case(a, 'x', b, 'y', 'z')", StaticType.STRING),
    ("default(a, 1)", StaticType.DYN),
    ("size(a)", StaticType.INT),
    ("now()", StaticType.TIMESTAMP),
    ("ip(a)", StaticType.IP),
    ("a[0]", StaticType.DYN),
]


@pytest.mark.parametrize(("source", "result"), RESULTS)
def test_the_kind_of_the_result_is_known_as_far_as_the_form_says(source: str, result: StaticType) -> None:
    assert compile_expression(source).result is result


def test_a_label_joins_those_of_the_names_that_are_read() -> None:
    labels = {"config": Label.TRUSTED, "alert": Label.UNTRUSTED}
    assert compile_expression("1 + 2").label(labels) is Label.TRUSTED
    assert compile_expression("config.a").label(labels) is Label.TRUSTED
    assert compile_expression("config.a + alert.b").label(labels) is Label.UNTRUSTED
    assert compile_expression("config.a + strange").label(labels) is Label.UNTRUSTED
    assert compile_expression("alert.a + secrets.b").label(labels | {"secrets": Label.TRUSTED}) is Label.SECRET


def test_equal_texts_share_one_program() -> None:
    assert compile_expression("n + 1") is compile_expression("n + 1")


def test_a_fault_is_found_anew_each_time() -> None:
    for _ in range(2):
        with pytest.raises(SyntaxFaultError):
            compile_expression("n +")
