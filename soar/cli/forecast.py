"""What `soar playbook backtest` found, in text and as JSON."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from soar.cli.backtest import Forecast
from soar.cli.output import Line, count, cut, mark, style_of
from soar.expr import print_duration
from soar.model.catalog import Effect
from soar.model.playbook import Playbook
from soar.model.run import StepStatus
from soar.model.values import JsonValue, print_timestamp
from soar.rehearsal.assumptions import Answers, Assumptions, Decide
from soar.rehearsal.difference import ActionShift, Difference, QuestionShift
from soar.rehearsal.tally import ActionCount, QuestionCount, Report

_STYLES = {Effect.READ: "", Effect.WRITE: "yellow", Effect.DESTRUCTIVE: "red"}
_SHORT_DIGEST = len("sha256:") + 12
_LONGEST_REASON = 160


def tell_forecast(forecast: Forecast) -> Iterator[Line]:
    """Yield what was found, for people."""
    found, window = forecast.backtested, forecast.window
    yield Line(_name(forecast.candidate), "bold")
    yield Line(f"alerts received from {print_timestamp(window.since)} to {print_timestamp(window.until)}")
    yield Line(f"assumed: {_tell_assumptions(forecast.assumptions)}")
    if not forecast.candidate.is_enabled:
        yield Line("it is switched off (`enabled: false`), so it takes no alert", "yellow")
    yield from _tell_report(found.report)
    if forecast.against is not None and found.against is not None and found.difference is not None:
        yield Line()
        yield Line(f"against {_name(forecast.against)}", "bold")
        yield from _tell_report(found.against)
        yield Line()
        yield from _tell_difference(found.difference)


def _name(playbook: Playbook) -> str:
    return f"{playbook.id} {playbook.revision[:_SHORT_DIGEST]}"


def _tell_assumptions(assumptions: Assumptions) -> str:
    match assumptions.answers:
        case Answers.RECORDED:
            answers = "products answer as on record, else as their simulators do"
        case Answers.SIMULATED:
            answers = "products answer as their simulators do"
        case _:
            assert_never(assumptions.answers)
    match assumptions.decide:
        case Decide.APPROVE:
            people = "people approve"
        case Decide.DENY:
            people = "people deny"
        case Decide.SILENCE:
            people = "nobody answers"
        case Decide.RECORDED:
            people = "people decide as on record, else approve"
        case _:
            assert_never(assumptions.decide)
    return f"{answers}; {people}"


def _tell_report(report: Report) -> Iterator[Line]:
    parts = (f"{report.matched:,} matched", f"{report.deduplicated:,} deduplicated", count(report.runs, "run"))
    yield Line(" · ".join((count(report.seen, "alert"), *parts)))
    for ending, number in report.endings.items():
        face = ending if ending.has_run or ending.is_trouble else StepStatus.SKIPPED
        yield Line(f"  {mark(face)} {number:>6,} {ending}", style_of(face))
    if report.actions:
        yield Line("calls")
        width = max(len(action.action) for action in report.actions)
        for action in report.actions:
            yield Line(f"  {_tell_action(action, width)}", _STYLES[action.effect])
    if report.questions:
        yield Line("approvals")
        for question in report.questions:
            yield Line(f"  {_tell_question(question)}")
    yield Line(f"saved, by the playbook's own estimate: {print_duration(report.saved)}")
    yield from _tell_troubles(report)


def _tell_action(action: ActionCount, width: int) -> str:
    parts = [f"{action.action:<{width}}  {action.effect:<11}  {count(action.calls, 'call')}"]
    parts += [count(action.targets, "target")] if action.targets else []
    parts += [f"{action.withheld:,} withheld in shadow mode"] if action.withheld else []
    parts += [f"{action.recorded:,} as on record"] if action.recorded else []
    parts += [f"{action.simulated:,} simulated"] if action.simulated else []
    return " · ".join(parts)


def _tell_question(question: QuestionCount) -> str:
    subject = f"{question.step} ({question.action})" if question.action else question.step
    endings = ", ".join(f"{number:,} {status}" for status, number in question.endings.items())
    said = f"{subject}: {question.asked:,} asked of {_tell_people(question.by)}: {endings}"
    return f"{said}; {question.recorded:,} as on record" if question.recorded else said


def _tell_people(by: Sequence[str]) -> str:
    return " or ".join(by) or "nobody"


def _tell_troubles(report: Report) -> Iterator[Line]:
    for trouble in report.troubles:
        reason = f": {cut(trouble.reason, _LONGEST_REASON)}" if trouble.reason else ""
        yield Line(f"✖ {trouble.alert} {trouble.ending}{reason}", "red")
    yield from _tell_rest(report.trouble_count - len(report.troubles))


def _tell_rest(number: int) -> Iterator[Line]:
    if number > 0:
        yield Line(f"  and {count(number, 'alert')} more", "dim")


def _tell_difference(difference: Difference) -> Iterator[Line]:
    yield Line(f"plan: {summarize(difference)}", "bold")
    for action in difference.actions:
        yield Line(f"  {', '.join(_tell_shift(action))}", _STYLES[action.effect])
    for question in difference.questions:
        yield Line(f"  {_tell_question_shift(question)}")
    for change in difference.changes:
        yield Line(f"  {change.alert}: {change.before} -> {change.after}")
    yield from _tell_rest(difference.change_count - len(difference.changes))


def summarize(difference: Difference) -> str:
    """Say in a sentence what would change, such as `+12 crm.lock, 12 new approvals`."""
    if difference.is_empty:
        return "nothing changes"
    parts = [part for action in difference.actions for part in _tell_shift(action)]
    gained = sum(question.gained for question in difference.questions)
    lost = sum(question.lost for question in difference.questions)
    parts += [f"{gained:,} new {'approval' if gained == 1 else 'approvals'}"] if gained else []
    parts += [f"{lost:,} lost {'approval' if lost == 1 else 'approvals'}"] if lost else []
    changed = difference.change_count
    parts += [f"{count(changed, 'alert')} {'ends' if changed == 1 else 'end'} otherwise"] if changed else []
    return ", ".join(parts)


def _tell_shift(action: ActionShift) -> Iterator[str]:
    if action.gained:
        yield f"+{action.gained:,} {action.action}"
    if action.lost:
        yield f"-{action.lost:,} {action.action}"
    if action.changed:
        yield f"~{action.changed:,} {action.action} with other arguments"


def _tell_question_shift(question: QuestionShift) -> str:
    signed = [f"+{question.gained:,}"] if question.gained else []
    signed += [f"-{question.lost:,}"] if question.lost else []
    return f"{' '.join(signed)} asked about {question.subject} of {_tell_people(question.by)}"


def write_forecast(forecast: Forecast) -> JsonValue:
    """Return what was found as plain data."""
    found, window = forecast.backtested, forecast.window
    return {
        "playbook": forecast.candidate.id,
        "revision": forecast.candidate.revision,
        "since": print_timestamp(window.since),
        "until": print_timestamp(window.until),
        "answers": forecast.assumptions.answers.value,
        "decide": forecast.assumptions.decide.value,
        "report": _write_report(found.report),
        "against": {
            "playbook": forecast.against.id,
            "revision": forecast.against.revision,
            "report": _write_report(found.against),
        }
        if forecast.against is not None and found.against is not None
        else None,
        "difference": _write_difference(found.difference) if found.difference is not None else None,
    }


def _write_report(report: Report) -> JsonValue:
    return {
        "alerts": report.seen,
        "matched": report.matched,
        "deduplicated": report.deduplicated,
        "runs": report.runs,
        "endings": {ending.value: number for ending, number in report.endings.items()},
        "actions": [_write_action(action) for action in report.actions],
        "approvals": [_write_question(question) for question in report.questions],
        "saved_seconds": report.saved.total_seconds(),
        "troubles": [
            {"alert": trouble.alert, "ending": trouble.ending.value, "reason": trouble.reason}
            for trouble in report.troubles
        ],
        "trouble_count": report.trouble_count,
    }


def _write_action(action: ActionCount) -> JsonValue:
    return {
        "action": action.action,
        "effect": action.effect.value,
        "calls": action.calls,
        "withheld": action.withheld,
        "targets": action.targets,
        "recorded": action.recorded,
        "simulated": action.simulated,
    }


def _write_question(question: QuestionCount) -> JsonValue:
    return {
        "step": question.step,
        "action": question.action,
        "by": list(question.by),
        "asked": question.asked,
        "endings": {status.value: number for status, number in question.endings.items()},
        "recorded": question.recorded,
    }


def _write_difference(difference: Difference) -> JsonValue:
    return {
        "is_empty": difference.is_empty,
        "summary": summarize(difference),
        "actions": [
            {
                "action": action.action,
                "effect": action.effect.value,
                "gained": action.gained,
                "lost": action.lost,
                "changed": action.changed,
            }
            for action in difference.actions
        ],
        "approvals": [
            {"subject": shift.subject, "by": list(shift.by), "gained": shift.gained, "lost": shift.lost}
            for shift in difference.questions
        ],
        "changes": [
            {"alert": change.alert, "before": change.before.value, "after": change.after.value}
            for change in difference.changes
        ],
        "change_count": difference.change_count,
    }
