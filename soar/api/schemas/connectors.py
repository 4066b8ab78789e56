"""Installed connectors, their actions, and the connections that use them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from soar.model.catalog import ActionSpec, Connection, ConnectorSpec, Effect, Repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """A typed operation; `parameters` and `result` are JSON Schemas."""

    name: str
    title: str
    effect: Effect
    repeat: Repeat
    undo: str | None
    parameters: Mapping[str, JsonValue]
    result: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionView:
    """A connector configured; `credentials` are names in the vault."""

    id: str
    simulate: bool
    credentials: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorView:
    """Code that speaks to one product."""

    id: str
    title: str
    version: str
    docs: str
    hosts: tuple[str, ...]
    has_simulator: bool
    is_channel: bool
    actions: tuple[ActionView, ...]
    connections: tuple[ConnectionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorPage:
    """All connectors, by id."""

    items: tuple[ConnectorView, ...]
    next: str | None


def view_connector(connector: ConnectorSpec, connections: Iterable[Connection]) -> ConnectorView:
    """Return a connector with those of the connections that are its own."""
    own = (connection for connection in connections if connection.connector == connector.id)
    return ConnectorView(
        id=connector.id,
        title=connector.title,
        version=connector.version,
        docs=connector.docs,
        hosts=connector.hosts,
        has_simulator=connector.has_simulator,
        is_channel=connector.is_channel,
        actions=tuple(_view_action(action) for action in connector.callable_actions.values()),
        connections=tuple(
            ConnectionView(id=connection.id, simulate=connection.simulate, credentials=connection.credentials)
            for connection in own
        ),
    )


def _view_action(action: ActionSpec) -> ActionView:
    return ActionView(
        name=action.name,
        title=action.title,
        effect=action.effect,
        repeat=action.repeat,
        undo=action.undo,
        parameters=dict(action.parameters),
        result=dict(action.result),
    )
