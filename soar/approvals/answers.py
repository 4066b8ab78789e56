"""What people answer where facts are asked for, held against the fields of the form. Pure."""

from collections.abc import Mapping

from soar.expr import to_plain
from soar.model.canonical import canonicalize
from soar.model.errors import FieldFault
from soar.model.step import Question
from soar.model.values import JsonValue, Value, as_value
from soar.playbook.conversion import convert

LONGEST_ANSWER = 4_000
"""Characters of a text that somebody answers with."""


def read_answers(
    fields: Mapping[str, Question], given: Mapping[str, JsonValue]
) -> tuple[dict[str, Value], tuple[FieldFault, ...]]:
    """Return each field's answer, typed, and everything that is wrong, with JSON pointers into `{"answers": given}`.

    A field that is not answered has its default; one without is at fault, and so is an answer to what was not asked.

    Args:
        fields: the form.
        given: by field, as it came in.
    """
    answers: dict[str, Value] = {}
    faults = [_fault(name, "this is not asked for") for name in given if name not in fields]
    for name, field in fields.items():
        try:
            answers[name] = _read_answer(field, given[name]) if name in given else _default(field)
        except ValueError as error:
            faults.append(_fault(name, str(error)))
    return answers, tuple(faults)


def _fault(name: str, message: str) -> FieldFault:
    escaped = name.replace("~", "~0").replace("/", "~1")  # RFC 6901, section 3
    return FieldFault(f"/answers/{escaped}", message)


def _read_answer(field: Question, given: JsonValue) -> Value:
    if isinstance(given, str) and len(given) > LONGEST_ANSWER:
        raise ValueError(f"it is longer than {LONGEST_ANSWER:,} characters")
    answer = convert(as_value(given), field.type)
    if field.enum and all(answer != convert(as_value(choice), field.type) for choice in field.enum):
        raise ValueError(f"it is not one of {', '.join(map(str, field.enum))}")
    return answer


def _default(field: Question) -> Value:
    if not field.has_default:
        raise ValueError("it is needed, and was not answered")
    return None if field.default is None else convert(as_value(field.default), field.type)


def say_answers(answers: Mapping[str, Value]) -> str:
    """Say in one line what was answered, such as `mine: true, verdict: "compromised"`."""
    return ", ".join(f"{name}: {canonicalize(to_plain(answer)).decode()}" for name, answer in answers.items())
