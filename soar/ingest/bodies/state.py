"""The text that Microsoft Graph repeats in each notification of a body, to prove that it sends it."""

from typing import Final

from soar.model.values import JsonValue

NOTIFICATIONS: Final = "value"
"""Where in a body the notifications stand."""

STATE: Final = "clientState"
"""Where in a notification the text stands."""


def hide_state(document: JsonValue) -> JsonValue:
    """Return a document without what proves its sender, so that whoever reads it cannot send like it."""
    if not isinstance(document, dict):
        return document
    found = document.get(NOTIFICATIONS)
    hidden = {**document, NOTIFICATIONS: [hide_state(one) for one in found]} if isinstance(found, list) else document
    return {name: value for name, value in hidden.items() if name != STATE}
