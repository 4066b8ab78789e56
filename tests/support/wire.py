"""A host that makes calls of real connectors, whose products answer at the wire."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer, ActionCall

Make = Callable[[str, dict[str, object], str], Awaitable[ActionAnswer]]
"""Calls an action, by its name within the connector, with arguments and effect key."""


@dataclass
class WireHost:
    """Hands each call to its connector; one whose connector is not there is refused, as a service would.

    Attributes:
        connectors: by id.
        calls: what was called.
    """

    connectors: Mapping[str, Make]
    calls: list[ActionCall] = field(default_factory=list)

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make a call."""
        self.calls.append(call)
        connector, _, name = call.action.partition(".")
        if connector not in self.connectors:
            return ActionAnswer(code=ActionCode.INVALID, message=f"{connector} has no connection {connector}")
        assert isinstance(call.arguments, dict)
        return await self.connectors[connector](name, {**call.arguments}, call.effect_key)

    def names(self) -> list[str]:
        """Return which actions were called, in order."""
        return [call.action for call in self.calls]
