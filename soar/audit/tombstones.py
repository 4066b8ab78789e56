"""Whether everything that was erased from the record is named by a tombstone, and nothing else was taken out."""

from collections.abc import Mapping

from soar.audit.seal import find_erased
from soar.model.values import JsonValue

ERASED = "erasure.confirmed"
"""Type of the event that says what was erased: a tombstone."""

_SHOWN = 5


class Tombstones:
    """Follows what was erased, and the events that say so, which name the events in their context."""

    def __init__(self) -> None:
        self._count = 0
        self._erased: set[int] = set()
        self._named: set[int] = set()

    def take(self, document: Mapping[str, JsonValue]) -> None:
        """Take the next event."""
        sequence = document.get("seq")
        if isinstance(sequence, int) and find_erased(document):
            self._erased.add(sequence)
        if document.get("type") == ERASED:
            self._count += 1
            self._named |= list_events(document)

    def list_faults(self) -> list[tuple[int, str]]:
        """Return events that were erased without a word, each with a sentence."""
        return [
            (sequence, f"event {sequence:,} was erased, and no tombstone says so: somebody took something out")
            for sequence in sorted(self._erased - self._named)[:_SHOWN]
        ]

    def describe(self) -> list[str]:
        """Return a sentence for what was erased."""
        if not self._count:
            return []
        tombstones = f"{self._count:,} tombstone{'' if self._count == 1 else 's'}"
        events = f"{len(self._erased):,} event{'' if len(self._erased) == 1 else 's'}"
        return [f"{tombstones}: parts of {events} were erased, and what they were is committed to"]


def list_events(document: Mapping[str, JsonValue]) -> set[int]:
    """Return the sequence numbers of the events that a tombstone says lost something."""
    context = document.get("context")
    events = context.get("events") if isinstance(context, dict) else None
    return {each for each in events if isinstance(each, int)} if isinstance(events, list) else set()
