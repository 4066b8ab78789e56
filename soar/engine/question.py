"""`ask`: facts that people know."""

from dataclasses import replace

from soar.engine.commands import RequestAnswer
from soar.engine.events import ApprovalDecided
from soar.engine.place import Place
from soar.engine.turn import Turn
from soar.engine.wait import give_up
from soar.expr import EvaluationError
from soar.model.ids import derive_id
from soar.model.run import StepRecord, StepStatus
from soar.model.step import AskPeople, Step
from soar.model.values import Value

_PRINCIPALS = ("role:", "user:", "group:", "oncall:")


def question_id(turn: Turn, path: str) -> str:
    """Return the id under which a step's question is asked; that of its gate is another."""
    return derive_id("ap", turn.plan.run, path, "answer")


def ask_people(turn: Turn, step: Step, body: AskPeople, place: Place, record: StepRecord) -> None:
    """Ask for facts.

    Raises:
        EvaluationError: who is asked, or what, cannot be evaluated.
    """
    approval = question_id(turn, place.path)
    question = turn.render(f"{step.path}/ask/question", body.question, place)
    command = RequestAnswer(
        approval=approval,
        path=place.path,
        label=step.label,
        to=_read_receiver(turn.render(f"{step.path}/ask/to", body.to, place)),
        question=question if isinstance(question, str) else step.label,
        fields=body.fields,
        timeout=body.timeout,
    )
    turn.put(replace(record, status=StepStatus.WAITING, approval=approval, started_at=turn.at))
    turn.commands.append(command)


def _read_receiver(value: Value) -> str:
    """Read a principal; a bare mail address is a person's."""
    if isinstance(value, str) and value.startswith(_PRINCIPALS):
        return value
    if isinstance(value, str) and "@" in value:
        return f"user:{value}"
    raise EvaluationError("`ask.to` names nobody", code="expr.type", hint="a mail address, role:…, user:…")


def take_answer(turn: Turn, record: StepRecord, body: AskPeople, event: ApprovalDecided) -> None:
    """Take what people answered, or that nobody did."""
    decided = replace(record, outcome=event.outcome, comment=event.comment)
    match event.outcome:
        case "answered":
            turn.finish(replace(decided, output=event.answers, has_output=True), StepStatus.SUCCEEDED)
        case "refused":
            turn.fail(decided, "forbidden", event.comment or "nobody may answer this")
        case _:
            give_up(turn, decided, body.on_timeout, "nobody answered in time")
