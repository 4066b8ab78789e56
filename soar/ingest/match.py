"""Which playbooks take an alert, and for every other the part of its condition that said no."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from soar.expr import EvaluationError, Scope, Trace, compile_expression
from soar.model.alert import Alert
from soar.model.playbook import AlertTrigger, Playbook
from soar.model.values import Value, dump_value

_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of a `match`.

    Attributes:
        source: as written.
        value: what it came to, as text; or why it has no value.
        is_deciding: whether the answer would be another one if this part were.
    """

    source: str
    value: str
    is_deciding: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one playbook says to an alert.

    Attributes:
        conditions: the parts of its `match` that were looked at, or the one reason why none was.
    """

    playbook: Playbook
    is_match: bool
    conditions: tuple[Condition, ...]


def match_alert(
    alert: Alert, playbooks: Iterable[Playbook], *, config: Mapping[str, Value], now: datetime, has_why: bool = False
) -> list[Verdict]:
    """Ask every enabled playbook that alerts can start.

    A missing field is no error but a no.

    Args:
        alert: the alert.
        playbooks: those that serve.
        config: the server's open settings.
        now: the moment.
        has_why: whether the parts of the conditions are wanted, which takes longer.
    """
    scope = Scope(names={"alert": alert.to_value(), "config": dict(config)}, now=now)
    verdicts = []
    for playbook in playbooks:
        triggers = [trigger for trigger in playbook.triggers if isinstance(trigger, AlertTrigger)]
        if triggers and playbook.is_enabled:
            answers = [_ask(trigger, alert, scope, has_why) for trigger in triggers]
            verdicts.append(_join(playbook, answers))
    return verdicts


def _join(playbook: Playbook, answers: list[tuple[bool, tuple[Condition, ...]]]) -> Verdict:
    """Take the first trigger that says yes; else everything that said no."""
    for is_match, conditions in answers:
        if is_match:
            return Verdict(playbook, is_match=True, conditions=conditions)
    said = tuple(condition for _, conditions in answers for condition in conditions)
    return Verdict(playbook, is_match=False, conditions=said)


def _ask(trigger: AlertTrigger, alert: Alert, scope: Scope, has_why: bool) -> tuple[bool, tuple[Condition, ...]]:  # noqa: FBT001 -- passed on
    if trigger.sources and alert.source not in trigger.sources:
        wanted = Condition(f"source in {list(trigger.sources)}", alert.source, is_deciding=True)
        return False, (wanted,)
    if trigger.match is None:
        return True, ()
    trace = Trace() if has_why else None
    try:
        is_match = compile_expression(trigger.match).evaluate(scope, trace=trace) is True
    except EvaluationError as error:
        if trace is None or not trace.deciding():
            return False, (Condition(trigger.match, error.message, is_deciding=True),)
        is_match = False
    return is_match, _explain(trace, is_match) if trace else ()


def _explain(trace: Trace, is_match: bool) -> tuple[Condition, ...]:  # noqa: FBT001 -- the answer that is explained
    return tuple(
        Condition(
            entry.source,
            entry.error.message if entry.error else _show(entry.value),
            is_deciding=entry.error is not None or entry.value is is_match,
        )
        for entry in trace.deciding()
    )


def _show(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(dump_value(value))[:_LONGEST_VALUE]
