"""One request of an anchor through the one way out."""

from urllib.parse import urlsplit

from soar.app.anchors.anchor import refuse
from soar.model.errors import ActionError
from soar.model.network import Egress, EgressRequest, EgressResponse

_PATIENCE = 20.0  # seconds
_LONGEST_ANSWER = 262_144  # bytes


async def post(
    egress: Egress, name: str, url: str, body: bytes, content_type: str, *, token: str = ""
) -> EgressResponse:
    """Send a body to an anchor that settings name; it may stand inside the network.

    Args:
        egress: the way out.
        name: of the anchor.
        url: https, or http on this machine.
        body: what is sent.
        content_type: of the body.
        token: sent as a bearer's; empty sends none.

    Raises:
        UnavailableError: it cannot be reached.
    """
    host = frozenset({urlsplit(url).hostname or ""})
    request = EgressRequest(
        method="POST",
        url=url,
        headers=(("Content-Type", content_type), *((("Authorization", f"Bearer {token}"),) if token else ())),
        body=body,
        hosts=host,
        private_hosts=host,
        timeout=_PATIENCE,
        limit=_LONGEST_ANSWER,
    )
    try:
        return await egress.send(request)
    except ActionError as error:
        raise refuse(name, error.message) from error
