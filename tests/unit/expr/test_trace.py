from datetime import UTC, datetime

import pytest

from soar.expr import EvaluationError, Scope, Trace, compile_expression

ALERT = {"kind": "malware", "severity": "low", "hosts": ["a"], "ok": False}
SCOPE = Scope({"alert": ALERT}, datetime(2026, 11, 21, tzinfo=UTC))


def decide(source: str) -> list[tuple[str, object]]:
    trace = Trace()
    compile_expression(source).evaluate(SCOPE, trace=trace)
    return [(entry.source, entry.value) for entry in trace.deciding()]


def test_the_condition_that_said_no_is_the_last_one_looked_at() -> None:
    assert decide('alert.kind == "malware" && alert.severity == "high" && alert.ok') == [
        ('alert.kind == "malware"', True),
        ('alert.severity == "high"', False),
    ]


def test_conditions_inside_brackets_are_conditions_too() -> None:
    assert decide('(alert.ok || alert.kind == "x") || !(alert.severity == "low")') == [
        ("alert.ok", False),
        ('alert.kind == "x"', False),
        ('alert.severity == "low"', True),
    ]


def test_one_condition_alone_decides() -> None:
    assert decide('alert.severity == "high"') == [('alert.severity == "high"', False)]


def test_every_part_is_taken_down_except_literals_and_loops_insides() -> None:
    trace = Trace()
    source = 'alert.severity == "high" || alert.hosts.exists(h, h == "b")'
    compile_expression(source).evaluate(SCOPE, trace=trace)
    assert [(entry.source, entry.value) for entry in trace.entries()] == [
        ("alert.severity", "low"),
        ('alert.severity == "high"', False),
        ("alert.hosts", ["a"]),
        ('alert.hosts.exists(h, h == "b")', False),
        (source, False),
    ]
    assert all(source[entry.start : entry.end] == entry.source for entry in trace.entries())


def test_a_missing_field_is_taken_down_as_the_error_it_is() -> None:
    trace = Trace()
    with pytest.raises(EvaluationError) as caught:
        compile_expression('alert.kind == "malware" && alert.nothing == 1').evaluate(SCOPE, trace=trace)
    decided = trace.deciding()[-1]
    assert (decided.source, decided.value, decided.error) == ("alert.nothing == 1", None, caught.value)


def test_a_trace_does_not_change_the_value() -> None:
    program = compile_expression("default(alert.nothing, [1, 2].map(x, x * 2)).size() + 1")
    assert program.evaluate(SCOPE, trace=Trace()) == program.evaluate(SCOPE) == 3
