"""A playbook's inputs: taken from the alert or given by hand, converted and checked."""

from collections.abc import Mapping
from datetime import datetime

import re2

from soar.expr import ExpressionError, MissingError, Program, Scope, compile_expression, parse_template
from soar.model.errors import FieldFault, InputError
from soar.model.playbook import InputSpec, Playbook
from soar.model.values import Value
from soar.playbook.conversion import convert, is_nullable


def bind_inputs(
    playbook: Playbook,
    *,
    alert: Mapping[str, Value] | None,
    given: Mapping[str, Value] | None,
    config: Mapping[str, Value],
    now: datetime,
    event: Mapping[str, Value] | None = None,
) -> dict[str, Value]:
    """Return every input's value, typed.

    Args:
        playbook: whose inputs.
        alert: the alert as expressions see it, if one starts the run.
        given: what a person gave, by input; what is not given is taken from the alert, then from the default.
        config: the server's open settings.
        now: the moment.
        event: what happened, as expressions see it, if that starts the run.

    Raises:
        InputError: an input is missing, unknown, or not of its type; all of them are named.
    """
    names: dict[str, Value] = {"config": dict(config)}
    if alert is not None:
        names["alert"] = dict(alert)
    if event is not None:
        names["event"] = dict(event)
    scope, given = Scope(names=names, now=now), given or {}
    bound: dict[str, Value] = {}
    faults = [FieldFault(f"/{name}", "there is no such input") for name in given if name not in playbook.inputs]
    for name, spec in playbook.inputs.items():
        try:
            bound[name] = _bind(spec, scope, given)
        except (ExpressionError, ValueError) as error:
            faults.append(FieldFault(f"/{name}", str(error)))
    if faults:
        said = "; ".join(f"inputs.{fault.pointer[1:]}: {fault.message}" for fault in faults)
        raise InputError(said, code="inputs.invalid", faults=faults)
    return bound


def _bind(spec: InputSpec, scope: Scope, given: Mapping[str, Value]) -> Value:
    value = _find(spec, scope, given)
    if value is None and not spec.is_required:
        return None
    converted = convert(value, spec.type)
    if converted is not None:
        _check_bounds(spec, converted)
    return converted


def _find(spec: InputSpec, scope: Scope, given: Mapping[str, Value]) -> Value:
    if spec.id in given:
        return given[spec.id]
    absence = "it is needed, and nothing gives it"
    if spec.source is not None:
        program = compile_expression(spec.source)
        try:
            value = program.evaluate(scope)
        except MissingError as error:
            absence = _explain_absence(program, scope, error)
        else:
            if value is not None or is_nullable(spec.type) or not spec.has_default:
                return value
    if spec.has_default:
        return parse_template(spec.default).render(scope)
    if not spec.is_required or is_nullable(spec.type):
        return None
    raise ValueError(absence)


def _explain_absence(program: Program, scope: Scope, error: MissingError) -> str:
    """Say in the reader's words what an input's `from` did not find."""
    paths = [reference.path for reference in program.references]
    absent = next((root for root in ("alert", "event") if root in program.roots and root not in scope.names), None)
    if absent is not None:
        return f"it is needed, and no {absent} is there to take it from"
    if paths == [tuple(program.source.split("."))] and paths[0][0] in ("alert", "event"):
        return f"the {paths[0][0]} has no {'.'.join(paths[0][1:])}"
    return f"it cannot be taken from the {'event' if 'event' in program.roots else 'alert'}: {error.message}"


def _check_bounds(spec: InputSpec, value: Value) -> None:
    if spec.enum and value not in spec.enum:
        raise ValueError(f"it is not one of {', '.join(map(str, spec.enum))}")
    size = len(value) if isinstance(value, str | list | dict) else value
    if isinstance(size, int | float):
        if spec.minimum is not None and size < spec.minimum:
            raise ValueError(f"it is less than {spec.minimum:g}")
        if spec.maximum is not None and size > spec.maximum:
            raise ValueError(f"it is more than {spec.maximum:g}")
    if spec.pattern is not None and (not isinstance(value, str) or re2.fullmatch(spec.pattern, value) is None):
        raise ValueError(f"it does not match {spec.pattern}")
