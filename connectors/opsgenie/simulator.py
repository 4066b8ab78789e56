"""Opsgenie in small: it takes every alert, closes it by its alias, and says so before it has."""

import re

from soar.sdk import SimRequest, SimResponse, Simulator

_ALERTS = "/v2/alerts"
_OPEN = re.compile(rf"{_ALERTS}/[^/]+/(?:close|notes)")


class OpsgenieInSmall(Simulator):
    """It keeps nothing but the ledger: whatever it is asked for, it answers alike."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the Alert API does."""
        if request.headers.get("authorization", "").removeprefix("GenieKey ") in ("", "GenieKey"):
            return SimResponse(status=422, json={"message": "Could not authenticate", "took": 0.0, "requestId": "r"})
        match request.path, request.json:
            case str(path), {"message": str(message)} if path == _ALERTS and message:
                return self._take()
            case str(path), dict() if _OPEN.fullmatch(path) and request.query.get("identifierType") == "alias":
                return self._take()
            case _:
                return super().handle(request)

    def _take(self) -> SimResponse:
        number = len(self.ledger.read()) + 1
        return SimResponse(
            status=202, json={"result": "Request will be processed", "took": 0.1, "requestId": f"request-{number}"}
        )
