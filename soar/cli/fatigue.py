"""How people decide, in lines."""

from collections.abc import Iterator
from datetime import timedelta

from soar.cli.answer import Answer
from soar.cli.output import Line, count, describe_length

_SHOWN = 10  # gates


def tell_fatigue(told: Answer) -> Iterator[Line]:
    """Yield the lines about an answer of `/api/v1/metrics/approvals`."""
    decided, votes = told.number("decided"), told.number("votes")
    length = f", {_describe(told, 'median_seconds')} in the median" if told.text("median_seconds") else ""
    yield Line(f"{count(decided, 'question')} decided{length}; {told.number('expired')} ran out", "bold")
    yield Line(f"{count(votes, 'vote')}, {told.number('hasty')} of them within five seconds")
    for person in told.parts("people"):
        facts = (
            count(person.number("votes"), "vote"),
            f"{person.number('busiest_hour')} in the busiest hour",
            f"{_describe(person, 'median_seconds')} in the median",
            f"{person.number('hasty')} within five seconds",
        )
        is_hasty = person.flag("is_hasty")
        mark, style = ("!", "yellow") if is_hasty else (" ", "")
        yield Line(f"{mark} {person.text('name')}: {', '.join(facts)}", style)
    for gate in told.parts("gates")[:_SHOWN]:
        yield from _tell_gate(gate)
    if not told.flag("is_complete"):
        yield Line("only the newest were measured; choose fewer --days", "yellow")


def _tell_gate(gate: Answer) -> Iterator[Line]:
    name, times = f"{gate.text('playbook')} {gate.text('step')}", gate.number("in_a_row")
    yield Line(f"  {name}: {times} yes in a row, of {count(gate.number('decided'), 'decision')}")
    if gate.flag("is_proposed"):
        yield Line("    look whether it has to ask each time: `approve.if` in the playbook", "yellow")


def _describe(answer: Answer, name: str) -> str:
    return describe_length(timedelta(seconds=float(answer.text(name) or 0)))
