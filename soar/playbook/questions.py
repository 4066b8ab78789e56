"""`ask:` read from a document."""

from datetime import timedelta

from soar.model.step import AfterSilence, AskPeople, Question
from soar.model.values import as_value
from soar.playbook import grammar
from soar.playbook.conversion import convert
from soar.playbook.field import (
    Field,
    Fields,
    describe,
    id_named,
    one_of,
    open_map,
    read_duration,
    read_list,
    read_text,
    word_of,
)
from soar.playbook.node import Mapping
from soar.playbook.report import quote
from soar.playbook.words import PERSON, PRINCIPAL

FIELD_TYPES = ("string", "int", "number", "bool", "timestamp", "duration", "ip", "email", "url", "domain", "hostname")
"""What can be asked for in a form."""

_NOBODY = AskPeople(to="", question="", fields={})


def read_question(field: Field) -> AskPeople:
    """Read a question to somebody."""
    keys = open_map(field, grammar.ASK)
    if keys is None:
        return _NOBODY
    return AskPeople(
        to=keys.need("to", _read_receiver, ""),
        question=keys.need("question", read_text, ""),
        fields=keys.need("fields", _read_fields, {}),
        timeout=keys.read("timeout", read_duration, timedelta(hours=24)),
        on_timeout=keys.read("on_timeout", one_of(AfterSilence), AfterSilence.STOP),
    )


def _read_receiver(field: Field) -> str | None:
    text = read_text(field)
    if text is None or "${{" in text or PRINCIPAL.fullmatch(text) or PERSON.fullmatch(text):
        return text
    field.fault("P112", f"{quote(text)} is nobody who can be asked", "write role:…, user:…, or a mail address")
    return None


def _read_fields(field: Field) -> dict[str, Question] | None:
    if not isinstance(field.node, Mapping) or not field.entries():
        field.fault("P100", f"a map of fields belongs here, not {describe(field.node)}", "name what you want to know")
        return None
    found: dict[str, Question] = {}
    for name, entry in field.entries().items():
        question = _read_field(entry, name)
        if id_named(entry, name, "field name") and question is not None:
            found[name] = question
    return found


def _read_field(field: Field, name: str) -> Question | None:
    keys = open_map(field, grammar.ASK_FIELD)
    if keys is None:
        return None
    question = Question(
        type=keys.read("type", word_of(FIELD_TYPES), "string"),
        label=keys.read("label", read_text, name),
        enum=keys.read("enum", read_list, ()),
        has_default="default" in keys,
        default=keys.template("default"),
    )
    _check_values(keys, question)
    return question


def _check_values(keys: Fields, question: Question) -> None:
    """Note down a choice or a default that could never be an answer."""
    choices, default = keys.get("enum"), keys.get("default")
    for choice in choices.items() if choices is not None else ():
        _check_value(choice, question.type)
    if default is None or question.default is None:
        return
    if _check_value(default, question.type) and question.enum and question.default not in question.enum:
        default.fault("P103", "the default is not one of `enum`", "add it to `enum`")


def _check_value(field: Field, kind: str) -> bool:
    try:
        convert(as_value(field.node.to_plain()), kind)
    except ValueError as error:
        field.fault("P103", str(error))
        return False
    return True
