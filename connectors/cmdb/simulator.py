"""An inventory in small: what a host is shows in its name, such as `srv-files-01` or `wks-ann`."""

from urllib.parse import unquote

from soar.sdk import SimRequest, SimResponse, Simulator

_SERVICES = {"files": ["smb", "backup"], "db": ["postgresql", "backup"], "web": ["https"], "dc": ["ldap", "kerberos"]}
_WORKSTATIONS = ("wks", "pc", "laptop", "desktop")
_NOBODY = "unknown"


class InventoryInSmall(Simulator):
    """Knows every host but those whose name begins with `unknown`; its fields have the default names."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the inventory does."""
        name = unquote(request.path.rpartition("/")[2]).lower()
        parts = name.partition(".")[0].split("-")
        if parts[0] == _NOBODY:
            return SimResponse(status=404, json={"error": "no such host"})
        if parts[0] in _WORKSTATIONS:
            return SimResponse(json={"name": name, "kind": "workstation", "owner": "end-user-computing"})
        role = next((part for part in parts if part in _SERVICES), None)
        owner, services = (f"{role}-team", _SERVICES[role]) if role else ("platform-team", ["ssh"])
        return SimResponse(json={"name": name, "kind": "server", "owner": owner, "services": services})
