"""What came of a test held against what it expects."""

from collections.abc import Iterator, Mapping

from soar.expr import ExpressionError, parse_duration, print_duration
from soar.model.approval import Approval
from soar.model.playbook import Playbook
from soar.model.response import ResponseStatus
from soar.model.run import StepStatus
from soar.model.values import JsonValue
from soar.rehearsal.known import list_steps
from soar.rehearsal.matching import find_difference
from soar.rehearsal.mocks import document_path, write_json
from soar.rehearsal.play import Played, Problem
from soar.rehearsal.questions import describe_aspect
from soar.rehearsal.suite import Expectation, Wanted, WantedCall


def judge(expected: Expectation, played: Played, playbook: Playbook) -> list[Problem]:
    """Return everything that is not as expected, in the order of the file; the played test's own problems included."""
    paths = {step.id: step.path for step in list_steps(playbook) if step.id}
    found = _Comparison(expected, played, paths).find()
    problems = [*played.problems, *(Problem(line, message) for line, message in found)]
    return sorted(problems, key=lambda problem: problem.line)


class _Comparison:
    """One test's expectation beside what came of it.

    Args:
        paths: the steps' paths by their ids.
    """

    def __init__(self, expected: Expectation, played: Played, paths: Mapping[str, str]) -> None:
        self._expected = expected
        self._played = played
        self._paths = paths

    def find(self) -> Iterator[tuple[int, str]]:
        """Yield line and message of what differs."""
        yield from self._find_status()
        yield from self._find_steps()
        yield from self._find_outputs()
        for call in self._expected.calls:
            yield from self._find_calls(call)
        yield from self._find_never()
        yield from self._find_questions()
        yield from self._find_undone()
        yield from self._find_audit()

    def _find_status(self) -> Iterator[tuple[int, str]]:
        wanted, played = self._expected.status, self._played
        if wanted is not None and wanted.value != played.status:
            why = f" ({played.reason})" if played.reason else ""
            yield wanted.line, f"status: expected {wanted.value}, found {played.status.value}{why}"

    def _find_steps(self) -> Iterator[tuple[int, str]]:
        for name, wanted in self._expected.steps.items():
            found, why = self._describe_step(name)
            if wanted.value != found:
                yield wanted.line, f"steps.{name}: expected {wanted.value}, found {found}{why}"

    def _describe_step(self, name: str) -> tuple[str, str]:
        """Return a step's status and why it has it; of a step inside a `foreach`, every status its elements have."""
        path = self._paths[name]
        found = [record for place, record in self._played.records.items() if document_path(place) == path]
        whole = [record for record in found if record.path == path] or found
        if not whole:
            return StepStatus.SKIPPED.value, " (it was not reached)"
        statuses = dict.fromkeys(record.status.value for record in whole)
        last = whole[-1]
        why = f"{last.fault.code}: {last.fault.message}" if last.fault else last.reason
        return " and ".join(statuses), f" ({why})" if why else ""

    def _find_outputs(self) -> Iterator[tuple[int, str]]:
        for name, wanted in self._expected.outputs.items():
            if name not in self._played.outputs:
                yield wanted.line, f"outputs.{name}: expected {write_json(wanted.value)}, found no such output"
                continue
            yield from _differ(wanted, self._played.outputs[name], f"outputs.{name}")

    def _find_calls(self, wanted: WantedCall) -> Iterator[tuple[int, str]]:
        made = [call.arguments for call in self._played.calls if call.action == wanted.action]
        fitting = [
            arguments
            for arguments in made
            if wanted.is_any or find_difference(wanted.arguments, arguments, is_subset=True) is None
        ]
        is_met = bool(fitting) if wanted.times is None else len(fitting) == wanted.times
        if is_met:
            return
        times = "a call" if wanted.times is None else _count_calls(wanted.times)
        how = "" if wanted.is_any else f" with {write_json(wanted.arguments)}"
        found = f"found {_count_calls(len(fitting))}" + (f" of {len(made)} made" if len(fitting) < len(made) else "")
        nearest = [f"called with {write_json(arguments)}" for arguments in made if arguments not in fitting]
        yield wanted.line, "\n".join((f"calls: expected {times} of {wanted.action}{how}, {found}", *nearest))

    def _find_never(self) -> Iterator[tuple[int, str]]:
        for wanted in self._expected.never:
            made = [call.arguments for call in self._played.calls if call.action == wanted.value]
            if made:
                message = f"never: expected no call of {wanted.value}, found {_count_calls(len(made))}"
                yield wanted.line, f"{message} with {write_json(made[0])}"

    def _find_questions(self) -> Iterator[tuple[int, str]]:
        asked = [question for question in self._played.questions if not question.is_question]
        count = self._expected.approvals
        if count is not None and count.value != len(asked):
            yield count.line, f"approvals: expected {count.value}, found {len(asked)}"
        for name, aspects in self._expected.approval.items():
            question = self._find_question(name)
            for aspect, wanted in aspects.items():
                if question is None:
                    yield wanted.line, f"approval.{name}.{aspect}: nobody was asked"
                else:
                    found = describe_aspect(question, aspect)
                    plain = Wanted(_normalize(aspect, wanted.value), wanted.line)
                    yield from _differ(plain, found, f"approval.{name}.{aspect}")
        for name, escalated in self._expected.escalated.items():
            question = self._find_question(name)
            reached = [level.to for level in question.escalations if level.is_reached] if question else []
            yield from _differ(Wanted([*escalated.value], escalated.line), [*reached], f"escalated.{name}")

    def _find_question(self, name: str) -> Approval | None:
        path = self._paths[name]
        return next((asked for asked in self._played.questions if document_path(asked.step) == path), None)

    def _find_undone(self) -> Iterator[tuple[int, str]]:
        for wanted in self._expected.undone:
            path = self._paths[wanted.value]
            held = [held for held in self._played.responses if _is_inside(document_path(held.step), path)]
            kept = [response for response in held if response.status is not ResponseStatus.LIFTED]
            if not held:
                yield wanted.line, f"undone: `{wanted.value}` changed nothing that could be taken back"
            for response in kept:
                why = f" ({response.fault})" if response.fault else ""
                name = self._name(response.step)
                yield wanted.line, f"undone: the change of `{name}` is {response.status.value}{why}"

    def _name(self, place: str) -> str:
        path = document_path(place)
        return next((name for name, known in self._paths.items() if known == path), path)

    def _find_audit(self) -> Iterator[tuple[int, str]]:
        wanted = self._expected.audit
        if wanted is None:
            return
        rest = iter(self._played.audit)
        missing = next((kind for kind in wanted.value if kind not in rest), None)
        if missing is not None:
            found = ", ".join(self._played.audit)
            yield (
                wanted.line,
                f"audit: expected {', '.join(wanted.value)}; {missing} is not there in order, found {found}",
            )


def _is_inside(path: str, around: str) -> bool:
    return path == around or path.startswith(f"{around}/")


def _differ(wanted: Wanted[JsonValue], found: JsonValue, name: str) -> Iterator[tuple[int, str]]:
    difference = find_difference(wanted.value, found)
    if difference is not None:
        yield wanted.line, f"{name}: {difference}"


def _normalize(aspect: str, value: JsonValue) -> JsonValue:
    """Write a duration as we do, so that `90s` is `1m30s`."""
    if aspect != "waited" or not isinstance(value, str):
        return value
    try:
        return print_duration(parse_duration(value))
    except ExpressionError:
        return value


def _count_calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"
