"""A homeserver in small: one room, in which everybody is."""

import re

from soar.sdk import SimRequest, SimResponse, Simulator

_ROOM = "!soc:sim.example"
_BASE = "/_matrix/client/v3"
_SEND = re.compile(rf"{_BASE}/rooms/[^/]+/send/m\.room\.message/[^/]+")
_MEMBER = re.compile(rf"{_BASE}/rooms/[^/]+/state/m\.room\.member/[^/]+")
_KNOWN = (f"{_BASE}/directory/room/", f"{_BASE}/join/", f"{_BASE}/createRoom")


class HomeserverInSmall(Simulator):
    """Its state is how much was sent, told from the ledger: an event's id says which it was."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the client-server API does."""
        if _SEND.fullmatch(request.path):
            return SimResponse(json={"event_id": f"${len(self.ledger.read()) + 1}"})
        if _MEMBER.fullmatch(request.path):
            return SimResponse(json={"membership": "join"})
        if request.path.startswith(_KNOWN):
            return SimResponse(json={"room_id": _ROOM})
        if request.path == f"{_BASE}/joined_rooms":
            return SimResponse(json={"joined_rooms": [_ROOM]})
        if request.path == f"{_BASE}/sync":
            return SimResponse(json={"next_batch": "s1"})
        if request.method == "PUT" and "/account_data/" in request.path:
            return SimResponse(json={})
        return SimResponse(status=404, json={"errcode": "M_NOT_FOUND", "error": "nothing is there"})
