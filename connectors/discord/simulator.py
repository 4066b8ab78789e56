"""A Discord server in small: one channel, and everybody is a full member."""

import re

from soar.sdk import SimRequest, SimResponse, Simulator

_CHANNEL = "100000000000000001"
_MEMBER = re.compile(r"/api/v10/guilds/[0-9]+/members/([0-9]+)")
_CHANNELS = re.compile(r"/api/v10/guilds/[0-9]+/channels")
_MESSAGES = re.compile(r"/api/v10/channels/([0-9]+)/messages")
_MESSAGE = re.compile(r"/api/v10/channels/([0-9]+)/messages/([0-9]+)")
_ORIGINAL = re.compile(r"/api/v10/webhooks/[0-9]+/[^/]+/messages/@original")


class ServerInSmall(Simulator):
    """Its state is how much was posted, told from the ledger: a message's id says which it was."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as version 10 of the API does."""
        if found := _MEMBER.fullmatch(request.path):
            return SimResponse(json={"user": {"id": found[1]}, "roles": []})
        if _CHANNELS.fullmatch(request.path):
            return SimResponse(json=[{"id": _CHANNEL, "name": "soc", "type": 0}])
        if found := _MESSAGES.fullmatch(request.path):
            number = len(self.ledger.read()) + 1
            return SimResponse(json={"id": str(number), "channel_id": found[1]})
        if found := _MESSAGE.fullmatch(request.path):
            return SimResponse(json={"id": found[2], "channel_id": found[1]})
        if _ORIGINAL.fullmatch(request.path):
            return SimResponse(json={"id": "1", "channel_id": _CHANNEL})
        if request.path == "/api/v10/users/@me/channels":
            return SimResponse(json={"id": _CHANNEL})
        return super().handle(request)
