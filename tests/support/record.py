"""What the audit has to hold of calls: each intent before it, each outcome after it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from soar.model.process import ActionCall
from soar.model.values import JsonValue


def find_unpaired(audit: Sequence[Mapping[str, JsonValue]]) -> list[object]:
    """Return each call's intent that has not exactly one outcome, and each outcome without its intent."""
    started, finished = Counter[object](), Counter[object]()
    for event in audit:
        context = event["context"]
        assert isinstance(context, Mapping)
        mark = (context.get("run"), context.get("step"), context.get("attempt"))
        if event["type"] == "action.started":
            started[mark] += 1
        elif event["type"] == "action.finished":
            finished[mark] += 1
    return [mark for mark in {*started, *finished} if (started[mark], finished[mark]) != (1, 1)]


def find_unannounced(audit: Sequence[Mapping[str, JsonValue]], calls: Sequence[ActionCall]) -> list[str]:
    """Return the effect keys of calls whose intent the audit does not hold."""
    intended = {
        context.get("effect_key")
        for event in audit
        if event["type"] == "action.started" and event["outcome"] == "success"
        for context in [event["context"]]
        if isinstance(context, Mapping)
    }
    return [call.effect_key for call in calls if call.effect_key not in intended]
