"""Teams in small: every channel is there, and everybody is a full member."""

import re
from urllib.parse import unquote

from soar.sdk import SimRequest, SimResponse, Simulator

_TENANT = "11111111-2222-3333-4444-555555555555"
_MEMBER = re.compile(r".*/v3/conversations/[^/]+/members/([^/]+)")
_ACTIVITIES = re.compile(r".*/v3/conversations/[^/]+/activities")
_ACTIVITY = re.compile(r".*/v3/conversations/[^/]+/activities/([^/]+)")


class TeamsInSmall(Simulator):
    """Its state is how much was posted, told from the ledger: a message's id says which it was."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the Bot Connector does."""
        if found := _MEMBER.fullmatch(request.path):
            user = unquote(found[1])
            return SimResponse(json={"id": user, "aadObjectId": user, "tenantId": _TENANT, "userRole": "user"})
        if _ACTIVITIES.fullmatch(request.path):
            return SimResponse(json={"id": str(len(self.ledger.read()) + 1)}, status=201)
        if found := _ACTIVITY.fullmatch(request.path):
            return SimResponse(json={"id": found[1]})
        if request.path.endswith("/v3/conversations"):
            return SimResponse(json={"id": "a:1"}, status=201)
        return super().handle(request)
