"""A Slack workspace in small: every channel is there, and everybody is a full member."""

from soar.sdk import SimRequest, SimResponse, Simulator

_TEAM = "T0000001"
_CHANNEL = "C0000001"
_POSTS = ("/api/chat.postMessage", "/api/chat.update")
_QUIET = ("/api/chat.postEphemeral", "/api/views.open")


class WorkspaceInSmall(Simulator):
    """Its state is how much was posted, told from the ledger: a message's id says which it was."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the Web API does."""
        sent = request.json if isinstance(request.json, dict) else {}
        if request.path == "/api/users.info":
            user = {"id": request.query.get("user", ""), "team_id": _TEAM}
            return SimResponse(json={"ok": True, "user": user})
        if request.path == "/api/apps.connections.open":
            return SimResponse(json={"ok": True, "url": "wss://wss-primary.slack.com/link/?ticket=simulated"})
        if request.path in _QUIET:
            return SimResponse(json={"ok": True})
        if request.path in _POSTS:
            stamp = sent.get("ts") or f"{len(self.ledger.read()) + 1}.000100"
            return SimResponse(json={"ok": True, "channel": _CHANNEL, "ts": stamp})
        return super().handle(request)
