from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from soar.expr import EvaluationError, Scope, SyntaxFaultError, Template, parse_template
from soar.model.values import JsonValue, Value

NAMES: dict[str, Value] = {
    "inputs": {
        "host": "ws-1",
        "count": 2,
        "ratio": 2.5,
        "ok": True,
        "for": timedelta(hours=1, minutes=30),
        "at": datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
        "ip": ip_address("10.0.0.1"),
        "list": [1, 2],
        "none": None,
        "raw": b"x",
        "big": "x" * 200_000,
    }
}
SCOPE = Scope(NAMES, datetime(2026, 11, 21, tzinfo=UTC))

RENDERED: list[tuple[JsonValue, Value]] = [
    ("plain", "plain"),
    (5, 5),
    (None, None),
    ({"a": [1, True, {"b": "c"}]}, {"a": [1, True, {"b": "c"}]}),
    ("${{ inputs.list }}", [1, 2]),
    ("  ${{ inputs.count }}\n", 2),
    ("${{inputs.none}}", None),
    ('${{ {"a": {"b": "}}"}} }}', {"a": {"b": "}}"}}),
    ('${{ {"a": {"b": 1}}}}', {"a": {"b": 1}}),
    ("on ${{ inputs.host }} (${{ inputs.count }}, ${{ inputs.ratio }})", "on ws-1 (2, 2.5)"),
    ("${{ inputs.host }}${{ inputs.host }}", "ws-1ws-1"),
    (
        "${{ inputs.ok }} ${{ inputs.for }} ${{ inputs.at }} ${{ inputs.ip }}",
        "true 1h30m 2026-11-21T09:00:00Z 10.0.0.1",
    ),
    ("$${{ inputs.host }}", "${{ inputs.host }}"),
    ("$$${{ x", "$${{ x"),
    ("$${{ is ${{ inputs.host }}", "${{ is ws-1"),
    ("costs $5 {{ x }} }}", "costs $5 {{ x }} }}"),
    ([{"to": "${{ inputs.host }}", "n": ["${{ inputs.count + 1 }}"]}], [{"to": "ws-1", "n": [3]}]),
    ("${{ secrets.token }}", None),
    ({"token": " ${{ secrets.token }} ", "x": 1}, {"token": None, "x": 1}),
]


@pytest.mark.parametrize(("source", "value"), RENDERED, ids=[str(source)[:50] for source, _ in RENDERED])
def test_a_template_renders(source: JsonValue, value: Value) -> None:
    assert parse_template(source).render(SCOPE) == value


def test_a_rendered_tree_is_not_the_source() -> None:
    source: JsonValue = {"a": [1]}
    rendered = parse_template(source).render(SCOPE)
    assert rendered == source
    assert rendered is not source


def test_a_template_lists_its_programs_and_secrets() -> None:
    template = parse_template({"a": ["x ${{ n }} ${{ m }}", "${{ k }}"], "b": "${{ secrets.api_key }}", "c": "plain"})
    assert [(path, program.source) for path, program in template.programs] == [
        (("a", 0), "n"),
        (("a", 0), "m"),
        (("a", 1), "k"),
    ]
    assert template.secrets == ((("b",), "api_key"),)
    assert not template.is_literal


@pytest.mark.parametrize(
    "source",
    ["x ${{ secrets.a }}", "${{ secrets.a + 'x' }}", "${{ secrets }}", "${{ secrets.a.b }}", "${{ secrets['a'] }}"],
)
def test_a_secret_that_does_not_stand_alone_is_shown_and_refused(source: str) -> None:
    template = parse_template({"with": source})
    assert template.secrets == ()
    assert [program.roots for _, program in template.programs] == [{"secrets"}]
    with pytest.raises(EvaluationError) as caught:
        template.render(Scope({"secrets": {"a": "hunter2"}}, SCOPE.now))
    assert caught.value.code == "expr.secret"
    assert caught.value.path == ("with",)


@pytest.mark.parametrize(
    ("source", "is_literal"), [("x", True), ({"a": [1]}, True), ("$${{ x }}", True), ("${{ x }}", False)]
)
def test_a_literal_is_known_as_one(source: JsonValue, *, is_literal: bool) -> None:
    assert parse_template(source).is_literal is is_literal


@pytest.mark.parametrize("name", ["list", "none", "raw"])
def test_what_has_no_place_in_text_is_refused_there(name: str) -> None:
    template = parse_template({"text": [f"it is ${{{{ inputs.{name} }}}}."]})
    with pytest.raises(EvaluationError) as caught:
        template.render(SCOPE)
    assert caught.value.code == "expr.type"
    assert (caught.value.path, caught.value.position, caught.value.length) == (("text", 0), 10, len("inputs." + name))
    assert caught.value.hint is not None


def test_a_fault_at_run_time_is_placed_in_its_text() -> None:
    with pytest.raises(EvaluationError) as caught:
        parse_template(["ok", "say ${{ 1 + inputs.hots }}"]).render(SCOPE)
    assert (caught.value.path, caught.value.position, caught.value.length) == ((1,), 12, 11)


@pytest.mark.parametrize(
    ("source", "path", "position"),
    [
        ({"a": "x ${{ 1 + }}"}, ("a",), 9),
        ({"a": "x ${{ inputs.host"}, ("a",), 2),
        ({"a": "${{ 'x }}"}, ("a",), 4),
        ({"a": "${{ }}"}, ("a",), 4),
        ({"a": ["${{ frob(1) }}"]}, ("a", 0), 4),
        ({"${{ x }}": 1}, ("${{ x }}",), 0),
    ],
)
def test_a_wrong_template_says_where(source: JsonValue, path: tuple[str | int, ...], position: int) -> None:
    with pytest.raises(SyntaxFaultError) as caught:
        parse_template(source)
    assert (caught.value.path, caught.value.position) == (path, position)
    assert caught.value.length > 0


def test_a_template_too_large_or_too_deep_is_refused() -> None:
    deep: JsonValue = "x"
    for _ in range(40):
        deep = [deep]
    for source in (deep, "${{ " + "x" * 5_000 + " }}", "${{ " + "'a' + " * 2_000):
        with pytest.raises(SyntaxFaultError) as caught:
            parse_template(source)
        assert caught.value.code == "expr.size"


def test_a_rendered_tree_is_at_most_256_kib() -> None:
    template: Template = parse_template(["${{ inputs.big }}", "${{ inputs.big }}"])
    with pytest.raises(EvaluationError) as caught:
        template.render(SCOPE)
    assert caught.value.code == "expr.size"
