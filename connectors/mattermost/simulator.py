"""A Mattermost server in small: every channel is there, and everybody is a full member."""

import re

from soar.sdk import SimRequest, SimResponse, Simulator

_CHANNEL = "channel00000000000000soc01"
_MEMBER = re.compile(r"/api/v4/teams/([a-z0-9]*)/members/([a-z0-9]+)")
_USER = re.compile(r"/api/v4/users/([a-z0-9]+)")
_NAMED = re.compile(r"/api/v4/teams/[a-z0-9]*/channels/name/[a-z0-9_-]+")
_PATCH = re.compile(r"/api/v4/posts/([a-z0-9]{26})/patch")
_POSTS = ("/api/v4/posts", "/api/v4/posts/ephemeral")


class ServerInSmall(Simulator):
    """Its state is how much was posted, told from the ledger: a message's id says which it was."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as version 4 of the API does."""
        if found := _MEMBER.fullmatch(request.path):
            return SimResponse(json={"team_id": found[1], "user_id": found[2], "roles": "team_user"})
        if found := _USER.fullmatch(request.path):
            return SimResponse(json={"id": found[1], "roles": "system_user"})
        if _NAMED.fullmatch(request.path):
            return SimResponse(json={"id": _CHANNEL})
        if found := _PATCH.fullmatch(request.path):
            return SimResponse(json={"id": found[1], "channel_id": _CHANNEL})
        if request.path == "/api/v4/actions/dialogs/open":
            return SimResponse(json={"status": "OK"})
        if request.path in _POSTS:
            number = len(self.ledger.read()) + 1
            return SimResponse(json={"id": f"{number:026d}", "channel_id": _CHANNEL}, status=201)
        return super().handle(request)
