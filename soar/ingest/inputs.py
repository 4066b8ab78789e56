"""A playbook's inputs: taken from the alert or given by hand, converted and checked."""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any, cast

import re2

from soar.expr import ExpressionError, MissingError, Program, Scope, compile_expression, parse_duration, parse_template
from soar.expr.addresses import read_address
from soar.model.errors import FieldFault, InputError
from soar.model.playbook import InputSpec, Playbook
from soar.model.values import Value, parse_timestamp

_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,255}")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?")
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)(?!.*\.[0-9]+\.?\Z){_LABEL}(\.{_LABEL})+\.?")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://[^\s]{1,4096}")


def bind_inputs(
    playbook: Playbook,
    *,
    alert: Mapping[str, Value] | None,
    given: Mapping[str, Value] | None,
    config: Mapping[str, Value],
    now: datetime,
) -> dict[str, Value]:
    """Return every input's value, typed.

    Args:
        playbook: whose inputs.
        alert: the alert as expressions see it, if one starts the run.
        given: what a person gave, by input; what is not given is taken from the alert, then from the default.
        config: the server's open settings.
        now: the moment.

    Raises:
        InputError: an input is missing, unknown, or not of its type; all of them are named.
    """
    names: dict[str, Value] = {"config": dict(config)}
    if alert is not None:
        names["alert"] = dict(alert)
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


def is_nullable(kind: str) -> bool:
    """Whether null is a value of a type."""
    return kind.endswith("?") or kind == "any"


def _explain_absence(program: Program, scope: Scope, error: MissingError) -> str:
    """Say in the reader's words what an input's `from` did not find."""
    paths = [reference.path for reference in program.references]
    if "alert" in program.roots and "alert" not in scope.names:
        return "it is needed, and no alert is there to take it from"
    if paths == [tuple(program.source.split("."))] and paths[0][0] == "alert":
        return f"the alert has no {'.'.join(paths[0][1:])}"
    return f"it cannot be taken from the alert: {error.message}"


def convert(value: Value, kind: str) -> Value:
    """Return a value as a type of the language, such as `list<sha256>` or `url?`.

    Raises:
        ValueError: it is not of the type.
    """
    if kind.endswith("?"):
        return None if value is None else convert(value, kind[:-1])
    if value is None and not is_nullable(kind):
        raise ValueError(f"it is null, and not {_article(kind)}")
    if kind.startswith("list<"):
        if not isinstance(value, list):
            raise ValueError("it is not a list")
        return [convert(element, kind[5:-1]) for element in value]
    if kind.startswith("map<"):
        if not isinstance(value, dict):
            raise ValueError("it is not a map")
        return {key: convert(element, kind[4:-1]) for key, element in value.items()}
    try:
        return _CONVERTERS[kind](value)
    except (ValueError, TypeError, ExpressionError) as error:
        raise ValueError(f"`{str(value)[:80]}` is not {_article(kind)}") from error


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def _exactly(*kinds: type) -> Callable[[Any], Value]:
    def check(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError
        return cast("Value", value)

    return check


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], Value]:
    def check(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            raise ValueError
        return value

    return check


def _parsed(kind: type, parse: Callable[[str], Value]) -> Callable[[Any], Value]:
    def check(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
        if isinstance(value, kind):
            return cast("Value", value)
        if not isinstance(value, str):
            raise TypeError
        return parse(value)

    return check


def _hex(length: int) -> Callable[[Any], Value]:
    return _matching(re.compile(rf"[0-9a-fA-F]{{{length}}}"))


def _address(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
    if not isinstance(value, str | IPv4Address | IPv6Address):
        raise TypeError
    return read_address(value)


def _network(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
    if not isinstance(value, str) or "/" not in value or "%" in value:
        raise ValueError
    return str(ip_network(value, strict=False))


def _uuid(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
    if not isinstance(value, str):
        raise TypeError
    return str(uuid.UUID(value))


_CONVERTERS: Mapping[str, Callable[[Any], Value]] = {
    "any": lambda value: value,
    "object": _exactly(dict),
    "string": _exactly(str),
    "int": _exactly(int),
    "number": _exactly(int, float),
    "bool": _exactly(bool),
    "duration": _parsed(timedelta, parse_duration),
    "timestamp": _parsed(datetime, parse_timestamp),
    "ip": _address,
    "cidr": _network,
    "email": _matching(_EMAIL),
    "url": _matching(_URL),
    "domain": _matching(_DOMAIN),
    "hostname": _matching(_HOST),
    "md5": _hex(32),
    "sha1": _hex(40),
    "sha256": _hex(64),
    "uuid": _uuid,
}


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
