"""GreyNoise in small: one network attacks, one does research, one is a public service; of others it knows nothing."""

from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import unquote

from soar.sdk import SimRequest, SimResponse, Simulator

_KNOWN = {  # the networks for documentation, RFC 5737
    ip_network("203.0.113.0/24"): {"noise": True, "riot": False, "classification": "malicious", "name": "unknown"},
    ip_network("198.51.100.0/24"): {"noise": True, "riot": False, "classification": "benign", "name": "Census Project"},
    ip_network("192.0.2.0/28"): {"noise": False, "riot": True, "classification": "benign", "name": "Public Resolver"},
}
_PREFIX = "/v3/community/"


class GreyNoiseInSmall(Simulator):
    """Knows three networks."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the Community API does."""
        if not request.path.startswith(_PREFIX):
            return super().handle(request)
        address = ip_address(unquote(request.path.removeprefix(_PREFIX)))
        if isinstance(address, IPv6Address):
            return SimResponse(status=400, json={"message": "Request is not a valid routable IPv4 address"})
        for network, report in _KNOWN.items():
            if address in network:
                seen = {"ip": str(address), "last_seen": str((self.now() - timedelta(days=1)).date())}
                return SimResponse(json={**seen, **report, "message": "Success"})
        return SimResponse(status=404, json={"ip": str(address), "noise": False, "riot": False, "message": "not seen"})
