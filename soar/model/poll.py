"""What is fetched from products instead of being sent by them, and how far that has come."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from soar.model.network import Egress
from soar.model.values import JsonValue

MOST_ITEMS = 1_000
"""Items in one batch at most."""

WrapEgress: TypeAlias = Callable[[Egress], Egress]
"""Puts something between a trigger and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a product has for us: the document that an alert is made of.

    Attributes:
        key: the product's own name for it; what comes twice under one key, unchanged, is stored once.
    """

    key: str
    document: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Items that are stored together with where to go on.

    Attributes:
        cursor: given to the trigger the next time; any JSON. It is stored in the transaction that stores the items.
    """

    items: Sequence[Item]
    cursor: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """How a source is polled.

    Attributes:
        trigger: `connector.trigger`.
        connection: id of the connection to use.
        every: how long after the product had no more it is asked again.
    """

    trigger: str
    connection: str
    arguments: JsonValue
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCall:
    """What is asked of a trigger of a connector.

    Attributes:
        trigger: `connector.trigger`.
        connection: id of the connection to use.
        cursor: of the last batch that was stored; None at the very beginning.
        wrap_egress: given the way out that the trigger would have; None leaves it as it is.
    """

    workspace: str
    trigger: str
    connection: str
    arguments: JsonValue
    cursor: JsonValue = None
    wrap_egress: WrapEgress | None = None


class TriggerHost(Protocol):
    """Runs the code of connectors that fetches alerts."""

    def open_trigger(self, call: PollCall) -> AbstractAsyncContextManager[AsyncIterator[Batch]]:
        """Return what yields batches, each only when the one before is stored; it ends when there is no more for now.

        Raises:
            SoarError: the product cannot be asked, now or at all; no message of it holds a secret.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Poller:
    """How far a source has come that is polled.

    Attributes:
        source: its id.
        cursor: where the next poll goes on.
        holder: the process that polls it; None if none does.
        until: when the holder has lost it, if it does not renew.
        due_at: when it is polled next.
        polled_at: when the product last had nothing more.
        stored_at: when something was last stored.
        failures: how often in a row it has failed.
        fault: the last failure, in words; None once it has worked again.
    """

    source: str
    cursor: JsonValue = None
    holder: str | None = None
    until: datetime | None = None
    due_at: datetime | None = None
    polled_at: datetime | None = None
    stored_at: datetime | None = None
    failures: int = 0
    fault: str | None = None
