"""Requests of chats that came once already: what is sent again changes nothing.

A platform gives each press, dialog and command an id of its own. It is remembered in the transaction that acts on it,
so that what failed half-way may come again, and what counted may not.
"""

from datetime import timedelta

from soar.model.chat import HeardEvent
from soar.model.errors import ConflictError
from soar.store import Unit

MEMORY = timedelta(days=30)
"""How long it is remembered what was heard; signatures and dialogs are stale after minutes, tokens after an hour."""
REPLAYED = "it was heard before"
"""Why what is sent again does not count."""


def was_heard(unit: Unit, platform: str, interaction: str) -> bool:
    """Whether something was acted on already.

    Args:
        unit: the transaction.
        platform: the connector, such as `slack`.
        interaction: the platform's own id of it; empty for what is not remembered here.
    """
    return bool(interaction) and unit.heard_events.get(platform, interaction) is not None


def remember(unit: Unit, event: HeardEvent) -> None:
    """Remember something that is acted on now; what has no id is not remembered.

    Raises:
        ConflictError: another process has just acted on it.
    """
    if not event.id:
        return
    unit.heard_events.forget(event.at - MEMORY)
    if not unit.heard_events.add(event):
        raise ConflictError("the same request is being worked on", hint="look at the card; press again if need be")
