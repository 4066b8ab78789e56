"""Installed connectors."""

from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.connectors import ConnectorPage, view_connector


async def list_connectors(call: Call, _: Nothing) -> ConnectorPage:
    """List installed connectors with their actions and connections."""
    services = call.services
    connectors = sorted(services.catalog.connectors.values(), key=lambda connector: connector.id)
    connections = tuple(services.connections.values())
    return ConnectorPage(items=tuple(view_connector(each, connections) for each in connectors), next=None)
