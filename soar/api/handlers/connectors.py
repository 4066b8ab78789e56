"""Installed connectors."""

from soar.access.permissions import Permission
from soar.access.subjects import describe_connector
from soar.access.things import Thing
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.connectors import ConnectorPage, view_connector
from soar.api.things import Shown
from soar.model.catalog import ConnectorSpec


async def list_connectors(call: Call, _: Nothing) -> ConnectorPage:
    """List installed connectors with their actions and connections."""
    services = call.services

    def describe(connector: ConnectorSpec) -> Thing:
        return describe_connector(call.workspace, connector.id)

    kept = Shown(call, Permission.CONNECTOR_READ, describe).keep(services.catalog.connectors.values())
    connectors = sorted(kept, key=lambda connector: connector.id)
    connections = tuple(services.connections.values())
    return ConnectorPage(items=tuple(view_connector(each, connections) for each in connectors), next=None)
