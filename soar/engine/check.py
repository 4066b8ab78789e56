"""The check that an action names: what it is asked when an answer was lost, and what it says. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from soar.engine.commands import Call
from soar.model.catalog import ActionSpec
from soar.model.values import JsonValue

_HOLDS = "holds"
_ARGUMENT = "with."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says.

    Attributes:
        has_happened: whether the call did what it was to do; None if the check does not say.
        output: what stands for the call's own output, if it happened.
    """

    has_happened: bool | None
    output: JsonValue = None


def find_check_arguments(spec: ActionSpec, call: Call) -> Mapping[str, JsonValue] | None:
    """Return what the check of a call's action is asked; None if it needs what is secret, which nobody keeps.

    An argument that the call left out is left out here, too.
    """
    arguments = call.arguments if isinstance(call.arguments, dict) else {}
    named = {name: source.removeprefix(_ARGUMENT) for name, source in spec.check_arguments.items()}
    secret = {pointer.split("/")[1] for pointer, _ in call.secrets}
    if secret & set(named.values()):
        return None
    return {name: arguments[source] for name, source in named.items() if source in arguments}


def read_verdict(spec: ActionSpec, found: JsonValue) -> Verdict:
    """Return what the answer of a check stands for; each field of the output is the check's own, or has its default."""
    holds = found.get(_HOLDS) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(holds, bool):
        return Verdict(None)
    if not holds:
        return Verdict(has_happened=False)
    fields = spec.result.get("properties")
    if not isinstance(fields, dict):
        return Verdict(has_happened=True, output={})
    return Verdict(has_happened=True, output={name: found.get(name, _default(each)) for name, each in fields.items()})


def _default(field: JsonValue) -> JsonValue:
    return field.get("default") if isinstance(field, dict) else None
