"""A firewall in small: two aliases, on each of which an address is blocked from the start."""

import re

from soar.sdk import SimRequest, SimResponse, Simulator

_ALIASES = frozenset({"soar-blocklist", "soar_blocklist"})
_BLOCKED = "203.0.113.66"
_PLACE = re.compile(r"/api/firewall/alias_util/(add|delete|list)/([A-Za-z0-9_-]+)")
_ADDRESS = re.compile(r"[0-9a-f:.]+")


class FirewallInSmall(Simulator):
    """Its state is what each alias holds, told from the ledger."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the controller `alias_util` does."""
        found = _PLACE.fullmatch(request.path)
        if found is None:
            return super().handle(request)
        verb, alias = found[1], found[2]
        if verb == "list":
            rows = [{"ip": ip} for ip in sorted(self._find_members(alias))]
            return SimResponse(json={"total": len(rows), "rowCount": 9999, "current": 1, "rows": rows})
        address = request.json.get("address") if isinstance(request.json, dict) else None
        if not isinstance(address, str):
            return SimResponse(json={"status": "failed"})
        if verb == "add" and not _ADDRESS.fullmatch(address):
            return SimResponse(json={"status": "not_an_address"})
        if verb == "add" and alias not in _ALIASES:
            return SimResponse(json={"status": "failed", "status_msg": f"non existing alias {alias}"})
        return SimResponse(json={"status": "done"})

    def _find_members(self, alias: str) -> set[str]:
        members = {_BLOCKED} if alias in _ALIASES else set[str]()
        for entry in self.ledger.read():
            found = _PLACE.fullmatch(str(entry["path"]))
            document = entry["json"]
            if found is None or found[2] != alias or entry["answer"] != {"status": "done"}:
                continue
            if isinstance(document, dict) and found[1] == "add":
                members.add(str(document["address"]))
            elif isinstance(document, dict):
                members.discard(str(document["address"]))
        return members
