"""Connections."""

from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.connections import ConnectionPage, view_state


async def list_connections(call: Call, _: Nothing) -> ConnectionPage:
    """List the connections, and which of them are left alone for now."""
    services, workspace = call.services, call.workspace
    found = sorted(services.connections.values(), key=lambda connection: connection.id)
    states = (
        view_state(each, services.find_breaker(workspace, each.id), services.count_calls(workspace, each.id))
        for each in found
    )
    return ConnectionPage(items=tuple(states), next=None)
