"""Triggers: how a connector fetches what becomes alerts."""

import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel

from soar.model.poll import Batch
from soar.sdk.action import Arguments, Connector

Method = TypeVar("Method", bound=Callable[..., AsyncIterator[Batch]])

_MARK = "soar_trigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger of a connector.

    Attributes:
        title: a short imperative for people.
        takes: the model of its arguments.
        method: called with the connector, the feed, the arguments and the cursor.
    """

    name: str
    title: str
    takes: type[BaseModel]
    method: Callable[[Any, Any, Any, Any], AsyncIterator[Batch]]


def trigger(*, title: str) -> Callable[[Method], Method]:
    """Make an async generator of a `Connector` a trigger.

    It is called with a `Feed`, its arguments and the cursor of the last batch that was stored, None at the very
    beginning, and yields batches. It goes on behind a `yield` only when that batch is on the disk: that is the place to
    acknowledge it. Whatever it raises, it is called again later, with the last cursor that was stored; so it is when it
    ends, which says that there is no more for now. It may wait for more itself as long as it likes.

    Args:
        title: a short imperative for people.
    """

    def mark(method: Method) -> Method:
        method.__dict__[_MARK] = title
        return method

    return mark


def list_triggers(connector: type[Connector]) -> dict[str, Trigger]:
    """Return a connector's triggers, by name.

    Raises:
        TypeError: one of them is no async generator, or its arguments are not annotated.
    """
    functions = {name: member for name, member in vars(connector).items() if inspect.isfunction(member)}
    return {name: _build(name, member) for name, member in functions.items() if _MARK in member.__dict__}


def _build(name: str, method: Callable[..., Any]) -> Trigger:
    if not inspect.isasyncgenfunction(method):
        raise TypeError(f"trigger {name}: must be `async def` with a `yield`")
    takes = get_type_hints(method).get("arguments")
    if not (inspect.isclass(takes) and issubclass(takes, Arguments)):
        raise TypeError(f"trigger {name}: the parameter `arguments` must be annotated with a class of Arguments")
    return Trigger(name=name, title=method.__dict__[_MARK], takes=takes, method=method)
