"""Messages of queues, as documents that alerts are made of."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

LARGEST_MESSAGE = 2 * 1024 * 1024
"""Bytes of a message that are kept. The intake refuses what is larger than half of it, and says so in the audit."""

LARGEST_BATCH = 8 * 1024 * 1024
"""Bytes of messages behind which a batch is stored, however few they are."""


def read_message(
    content: bytes, about: str = "", traits: Mapping[str, JsonValue] | None = None
) -> dict[str, JsonValue]:
    """Return the JSON object that a message is; of one that is none, its text under `text`.

    Args:
        content: what was published.
        about: the field that the traits are put into; empty: they are not.
        traits: what the queue says of the message, the same whenever it hands it out.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    document = found if isinstance(found, dict) else {"text": content.decode("utf-8", "replace")}
    return {**document, about: dict(traits or {})} if about else document
