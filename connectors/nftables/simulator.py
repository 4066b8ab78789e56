"""A machine in small: what is blocked is told from the ledger, and falls away when its time is over."""

import re
from datetime import datetime, timedelta
from urllib.parse import unquote

from soar.sdk import SimRequest, SimResponse, Simulator

_PLACE = re.compile(r"/v1/blocks/(.+)")


class MachineInSmall(Simulator):
    """Its state is the last thing that was done about each address."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the agent does."""
        found = _PLACE.fullmatch(request.path)
        if found is None:
            return super().handle(request)
        ip = unquote(found[1])
        match request.method:
            case "PUT":
                seconds = request.json.get("seconds") if isinstance(request.json, dict) else None
                return _tell(ip, is_blocked=True, seconds=float(str(seconds)) if seconds is not None else None)
            case "DELETE":
                return _tell(ip, is_blocked=False)
            case _:
                return self._look(ip, request.path)

    def _look(self, ip: str, place: str) -> SimResponse:
        entries = [entry for entry in self.ledger.read() if entry["path"] == place]
        if not entries or entries[-1]["method"] != "PUT":
            return _tell(ip, is_blocked=False)
        match entries[-1]:
            case {"json": {"seconds": int(seconds)}, "at": str(at)}:
                left = (datetime.fromisoformat(at) + timedelta(seconds=seconds) - self.now()).total_seconds()
                return _tell(ip, is_blocked=left > 0, seconds=left if left > 0 else None)
            case _:
                return _tell(ip, is_blocked=True)


def _tell(ip: str, *, is_blocked: bool, seconds: float | None = None) -> SimResponse:
    return SimResponse(json={"ip": ip, "is_blocked": is_blocked, "seconds_left": seconds})
