"""Whether every call that was announced has its outcome, and none happened unannounced."""

from collections.abc import Mapping
from typing import TypeAlias

from soar.model.values import JsonValue

_Mark: TypeAlias = tuple[str, ...]
_SHOWN = 5


class Pairing:
    """Follows `action.started` and `action.finished`, which name the same run, step and attempt."""

    def __init__(self) -> None:
        self._open: dict[_Mark, JsonValue] = {}
        self._unannounced: list[JsonValue] = []

    def take(self, document: Mapping[str, JsonValue]) -> None:
        """Take the next event."""
        kind = document.get("type")
        if kind == "action.started":
            self._open[_mark(document)] = document.get("seq")
        elif kind == "action.finished" and self._open.pop(_mark(document), None) is None:
            self._unannounced.append(document.get("seq"))

    def describe(self) -> list[str]:
        """Return a sentence for what has no other half."""
        remarks = []
        if self._open:
            remarks.append(f"begun without an outcome so far: {_list([*self._open.values()])}")
        if self._unannounced:
            remarks.append(f"an outcome without a beginning: {_list(self._unannounced)}")
        return remarks


def _mark(document: Mapping[str, JsonValue]) -> _Mark:
    context = document.get("context")
    found = context if isinstance(context, dict) else {}
    return tuple(repr(found.get(name)) for name in ("run", "step", "attempt"))


def _list(sequences: list[JsonValue]) -> str:
    shown = ", ".join(f"event {sequence}" for sequence in sequences[:_SHOWN])
    rest = len(sequences) - _SHOWN
    return f"{shown} and {rest:,} more" if rest > 0 else shown
