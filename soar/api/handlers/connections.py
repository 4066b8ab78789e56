"""Connections."""

from soar.access.permissions import Permission
from soar.access.subjects import describe_connection
from soar.access.things import Thing
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.connections import ConnectionPage, view_state
from soar.api.things import Shown
from soar.model.catalog import Connection


async def list_connections(call: Call, _: Nothing) -> ConnectionPage:
    """List the connections, and which of them are left alone for now."""
    services, workspace = call.services, call.workspace

    def describe(connection: Connection) -> Thing:
        return describe_connection(workspace, connection.id, connection.connector)

    kept = Shown(call, Permission.CONNECTOR_READ, describe).keep(services.connections.values())
    found = sorted(kept, key=lambda connection: connection.id)
    states = (
        view_state(each, services.find_breaker(workspace, each.id), services.count_calls(workspace, each.id))
        for each in found
    )
    return ConnectionPage(items=tuple(states), next=None)
