"""`inputs:` read from a document."""

from soar.expr import ExpressionError
from soar.expr.strings import compile_pattern
from soar.model.playbook import InputSpec
from soar.playbook import grammar
from soar.playbook.field import (
    Field,
    Fields,
    describe,
    open_map,
    read_bool,
    read_expression,
    read_list,
    read_number,
    read_text,
)
from soar.playbook.node import Mapping
from soar.playbook.report import quote
from soar.playbook.words import SCALAR_TYPES, STEP_ID, is_type, suggest_id

_MAX_PATTERNS = 16  # one may take milliseconds to compile


def read_inputs(field: Field) -> dict[str, InputSpec] | None:
    """Read the inputs of a playbook, by id."""
    if not isinstance(field.node, Mapping):
        field.fault("P100", f"a map of inputs belongs here, not {describe(field.node)}")
        return None
    found: dict[str, InputSpec] = {}
    patterns = 0
    for name, entry in field.entries().items():
        if not STEP_ID.fullmatch(name):
            known = suggest_id(name)
            entry.fault("P110", f"{quote(name)} is no input id (lower case, digits, _)", known and f"write `{known}`")
        keys = open_map(entry, grammar.INPUT)
        patterns += keys is not None and "pattern" in keys
        if patterns > _MAX_PATTERNS:
            entry.fault(
                "P107", f"a playbook has at most {_MAX_PATTERNS} inputs with a pattern", "choose a type for some"
            )
            break
        if keys is not None:
            found[name] = _read_input(name, keys)
    return found


def _read_input(name: str, keys: Fields) -> InputSpec:
    return InputSpec(
        id=name,
        type=keys.need("type", _read_type, "any"),
        source=keys.find("from", read_expression),
        has_default="default" in keys,
        default=keys.template("default"),
        is_required=keys.read("required", read_bool, default=True),
        enum=keys.read("enum", read_list, ()),
        minimum=keys.find("min", read_number),
        maximum=keys.find("max", read_number),
        pattern=keys.find("pattern", _read_pattern),
        description=keys.read("description", read_text, ""),
        is_secret=keys.read("secret", read_bool, default=False),
    )


def _read_type(field: Field) -> str | None:
    text = read_text(field)
    if text is None or is_type(text):
        return text
    hint = field.report.suggest(text, SCALAR_TYPES) or f"one of {', '.join(SCALAR_TYPES)}, list<…>, map<…>"
    field.fault("P115", f"{quote(text)} is no type", hint)
    return None


def _read_pattern(field: Field) -> str | None:
    """Read an RE2 pattern."""
    text = read_text(field)
    if text is None:
        return None
    try:
        compile_pattern(text)
    except ExpressionError as error:
        field.fault("P116", error.message, error.hint)
        return None
    return text
