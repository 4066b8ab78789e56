import pytest

from soar.expr import (
    ALERT,
    Environment,
    Type,
    TypeFault,
    compile_expression,
    examine,
    infer_type,
    read_schema,
    read_type,
)
from soar.expr.kinds import StaticType
from soar.expr.types import BOOL, DOUBLE, DYN, INT, STRING, TIMESTAMP, ListOf, MapOf, Maybe, Record, Scalar

REPORT = {
    "type": "object",
    "required": ["score", "names", "owner", "nested"],
    "properties": {
        "score": {"type": "integer"},
        "names": {"type": "array", "items": {"type": "string"}},
        "owner": {"type": ["string", "null"]},
        "ratio": {"type": "number"},
        "nested": {"type": "object", "required": [], "properties": {"deep": {"type": "string"}}},
        "free": {"type": "object"},
    },
}
ENVIRONMENT: Environment = {
    "alert": ALERT,
    "x": read_schema(REPORT),
    "rows": ListOf(read_schema(REPORT)),
    "wait": read_type("duration"),
    "hashes": read_type("list<sha256>?"),
    "any": DYN,
}


def check(source: str) -> list[TypeFault]:
    return examine(compile_expression(source), ENVIRONMENT)[1]


def infer(source: str) -> Type:
    return infer_type(compile_expression(source), ENVIRONMENT)


RIGHT: list[tuple[str, Type]] = [
    ("x.score > 3 && alert.title.contains('a')", BOOL),
    ("x['score']", INT),
    ("x.names[0]", STRING),
    ("x.names", ListOf(STRING)),
    ("x.owner", Maybe(STRING, is_nullable=True)),
    ("x.ratio", Maybe(DOUBLE, is_nullable=False)),
    ("x.names[any]", STRING),
    ("alert.labels[alert.title]", STRING),
    ("any[0].anything[any]", DYN),
    ("alert.raw.anything.at.all > 3", BOOL),
    ("alert.entities.ips[0]", STRING),
    ("'a' in alert.entities", BOOL),
    ("'a' in x.names && any in x.names && 'a' in any", BOOL),
    # guards
    ("default(x.ratio, 1)", DOUBLE),
    ("default(x.owner, null)", Maybe(STRING, is_nullable=True)),
    ("default(nobody.there, 'a')", DYN),
    ("default(x.nested.deep.size(), 0)", INT),
    ("x.ratio > 1.0 && has(x.ratio)", BOOL),
    ("!has(x.ratio) || x.ratio > 1.0", BOOL),
    ("has(x.ratio) ? x.ratio : 0", DOUBLE),
    ("!has(x.ratio) ? 0.0 : x.ratio", DOUBLE),
    ("has(x.ratio) && has(x.nested.deep) ? x.ratio : 0", DOUBLE),
    ("case(!has(x.ratio), 0.0, x.ratio > 1.0, 1.0, x.ratio)", DOUBLE),
    ("!(x.owner == null) && x.owner.size() > 1", BOOL),
    ("x.owner != null ? x.owner : ''", STRING),
    ("null == x.owner ? '' : x.owner", STRING),
    ("has(x.nested.deep) && x.nested.deep == 'a'", BOOL),
    ("rows.filter(r, r.owner != null && r.owner.startsWith('a'))", ListOf(read_schema(REPORT))),
    ("rows.map(r, has(r.ratio), r.ratio)", ListOf(DOUBLE)),
    ("x.owner == 'a' && x.ratio == null", BOOL),
    ("json(x.owner)", STRING),
    # operators
    ("-x.score", INT),
    ("-any", DYN),
    ("x.score + 1.5", DOUBLE),
    ("x.score % 2", INT),
    ("x.names + ['a']", ListOf(STRING)),
    ("any + 1", DYN),
    ("ip(x.names[0]) + '/' + ip('::1')", STRING),
    ("any + 'a' < 'b'", BOOL),
    ("now() - wait > alert.received_at", BOOL),
    ("now() - alert.received_at", Scalar(StaticType.DURATION)),
    ("1 == 1.0", BOOL),
    ("!any", BOOL),
    # made values
    ("[]", ListOf(DYN)),
    ("[1, 2.0]", ListOf(DOUBLE)),
    ("[1, 'a']", ListOf(DYN)),
    ("[1, null]", ListOf(Maybe(INT, is_nullable=True))),
    ("{'a': 1, 'b': 'x'}", Record({"a": INT, "b": STRING})),
    ("{'a': 1}.a", INT),
    ("{x.names[0]: 1, 'b': 2.0}", MapOf(DOUBLE)),
    ("{}", MapOf(DYN)),
    ("[{'a': 1}, {'a': 2, 'b': 3}]", ListOf(Record({"a": INT, "b": Maybe(INT, is_nullable=False)}))),
    # loops and calls
    ("x.names.all(n, n.size() > 1)", BOOL),
    ("x.names.transformList(i, n, i > 0, n + string(i))", ListOf(STRING)),
    ("alert.labels.filter(k, k != 'a')", ListOf(STRING)),
    ("alert.labels.transformMap(k, v, v.size())", MapOf(INT)),
    ("any.map(a, a.b)", ListOf(DYN)),
    ("any.exists(k, v, v == 1)", BOOL),
    ("x.names.sort()", ListOf(STRING)),
    ("'a,b'.split(',')", ListOf(STRING)),
    ("from_json('1')", DYN),
    ("flatten([x.names])", ListOf(DYN)),
    ("math.greatest(1, x.score, 2)", DYN),
    ("now()", TIMESTAMP),
    ("dyn(1) == 'a'", BOOL),
]


@pytest.mark.parametrize(("source", "type_"), RIGHT, ids=[source for source, _ in RIGHT])
def test_an_expression_that_fits_has_no_fault_and_a_type(source: str, type_: Type) -> None:
    assert check(source) == []
    assert infer(source) == type_


WRONG = [
    ("x.scoer > 3", "there is no field `scoer`", "x.scoer", "did you mean `score`?"),
    ("x.zzz", "there is no field `zzz`", "x.zzz", "it has score, names, owner, ratio, nested, free"),
    (
        "alert.zzz",
        "there is no field `zzz`",
        "alert.zzz",
        "it has id, source, kind, title, severity, fingerprint, time, url, …",
    ),
    ("{'a': {}}.b", "there is no field `b`", "{'a': {}}.b", "it has a"),
    ("default(x.socre, 1)", "there is no field `socre`", "x.socre", "did you mean `score`?"),
    ("default(x.score.deeper, 'a')", "an int has no field `deeper`", "x.score.deeper", None),
    ("has(x.socre) && x.socre > 1", "there is no field `socre`", "x.socre", "did you mean `score`?"),
    ("alrt.title", "there is no `alrt` here", "alrt", "did you mean `alert`?"),
    ("x.score.deeper", "an int has no field `deeper`", "x.score.deeper", None),
    ("x.names.first", "a list has no field `first`", "x.names.first", None),
    ("x.names['a']", "a list has no field `a`", "x.names['a']", None),
    ("x.names[true]", "a bool is no index of a list", "x.names[true]", None),
    ("alert.labels[1]", "an int is no index of a map", "alert.labels[1]", None),
    ("x.score[any]", "an int has no elements", "x.score[any]", None),
    ("x.score[0]", "an int is no index of an int", "x.score[0]", None),
    ("x.ratio > 1.0", "this may be missing", "x.ratio", "guard it: default(…, …) or has(…)"),
    ("has(x.owner) && x.owner.size() > 1", "this may be null", "x.owner", "guard it: default(…, …) or x != null && …"),
    ("has(x.names) && x.ratio > 1.0", "this may be missing", "x.ratio", "guard it: default(…, …) or has(…)"),
    ("has(x.ratio) || x.ratio > 1.0", "this may be missing", "x.ratio", "guard it: default(…, …) or has(…)"),
    ("x.nested.deep.size()", "this may be missing", "x.nested.deep", "guard it: default(…, …) or has(…)"),
    ("hashes[0]", "this may be null", "hashes", "guard it: default(…, …) or x != null && …"),
    (
        "has(x.ratio) && rows.all(x, x.ratio > 1.0)",
        "this may be missing",
        "x.ratio",
        "guard it: default(…, …) or has(…)",
    ),
    ("x.names && true", "a list is no condition", "x.names", "did you mean `size(…) > 0`?"),
    ("x.score ? 1 : 2", "an int is no condition", "x.score", "compare it with something"),
    ("!x.score", "an int is no condition", "x.score", "compare it with something"),
    ("rows.filter(r, r.score)", "an int is no condition", "r.score", "compare it with something"),
    ("rows.map(r, r.score, 1)", "an int is no condition", "r.score", "compare it with something"),
    ("x.score == '3'", "a string never equals an int", "x.score == '3'", "convert one of them, such as string(…)"),
    ("1 in x.names", "a string never equals an int", "1 in x.names", "convert one of them, such as string(…)"),
    (
        "1 in alert.labels",
        "a string never equals an int",
        "1 in alert.labels",
        "convert one of them, such as string(…)",
    ),
    (
        "'a' in alert.title",
        "`in` wants a list or a map on its right, not a string",
        "'a' in alert.title",
        "write text.contains(part)",
    ),
    ("1 in 2", "`in` wants a list or a map on its right, not an int", "1 in 2", None),
    (
        "x.score > '3'",
        "`>` cannot put an int and a string in order",
        "x.score > '3'",
        "convert one of them, such as int(…)",
    ),
    ("x.names < [1]", "`<` cannot put a list and a list in order", "x.names < [1]", None),
    ("'a' + 1", "`+` does not take a string and an int", "'a' + 1", "write string(…) around the other"),
    ("any - 'a'", "`-` does not take a dyn and a string", "any - 'a'", "write string(…) around the other"),
    ("null + 1", "`+` does not take null and an int", "null + 1", None),
    ("-'a'", "`-` does not take a string", "-'a'", None),
    ("{x.score: 1}", "an int is no key of a map; keys are strings", "x.score", None),
    ("x.score.trim()", "`.trim()` is a method of a string, not an int", "x.score", None),
    ("sha256(1)", "`sha256()` wants a bytes or a string, not an int", "1", None),
    (
        "[1, 2].join(',')",
        "`join()` cannot work with a list in which each is an int",
        "[1, 2]",
        "write .map(x, string(x)) first",
    ),
    ("sum(x.names)", "`sum()` cannot work with a list in which each is a string", "x.names", None),
    ("[x.names].sort()", "`sort()` cannot work with a list in which each is a list", "[x.names]", None),
    ("math.least(x.names)", "`math.least()` cannot work with a list in which each is a string", "x.names", None),
    ("[x.owner].join()", "an element may be null", "[x.owner]", "write default(x, …) for each"),
    ("math.least([1], 2)", "`math.least()` wants a double or an int, not a list", "[1]", None),
    ("math.greatest(1, 'a')", "`math.greatest()` wants a double or an int, not a string", "'a'", None),
    ("x.score.all(n, n)", "`.all()` walks over a list or a map, not an int", "x.score.all(n, n)", None),
]


@pytest.mark.parametrize(("source", "message", "part", "hint"), WRONG, ids=[source for source, *_ in WRONG])
def test_an_expression_that_does_not_fit_is_told_what_where_and_what_to_do(
    source: str, message: str, part: str, hint: str | None
) -> None:
    faults = check(source)
    found = [(fault.message, source[fault.position :][: fault.length], fault.hint) for fault in faults]
    assert found == [(message, part, hint)]


def test_all_faults_come_at_once_in_source_order() -> None:
    faults = check("x.a + x.b > 1 && 'a' == 1")
    assert [fault.position for fault in faults] == [0, 6, 17]


def test_a_record_of_an_unknown_field_in_a_loop_is_found() -> None:
    assert [fault.message for fault in check("rows.exists(i, r, r.nmae == 'a')")] == ["there is no field `nmae`"]
