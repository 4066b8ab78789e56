"""AbuseIPDB in small: one network is bad, one is doubtful, nobody complains of the others."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

from soar.sdk import SimRequest, SimResponse, Simulator

_BAD = ip_network("203.0.113.0/24")  # the networks for documentation, RFC 5737
_DOUBTFUL = ip_network("198.51.100.0/24")
_TOR_EXIT = ip_address("203.0.113.66")
_LAST_REPORT_DAYS = {_BAD: 1, _DOUBTFUL: 40}
_SCORES = {_BAD: (97, 412), _DOUBTFUL: (34, 6)}


class AbuseIpDbInSmall(Simulator):
    """Has been told of two networks; of the doubtful one, forty days ago."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as API v2 does."""
        if request.path != "/api/v2/check":
            return super().handle(request)
        address = ip_address(request.query["ipAddress"])
        network = next((known for known in _SCORES if address in known), None)
        data: dict[str, object] = {
            "ipAddress": str(address),
            "abuseConfidenceScore": 0,
            "totalReports": 0,
            "countryCode": None,
            "isp": None,
            "isTor": address == _TOR_EXIT,
            "lastReportedAt": None,
        }
        if network and _LAST_REPORT_DAYS[network] <= int(request.query["maxAgeInDays"]):
            score, reports = _SCORES[network]
            reported = (self.now() - timedelta(days=_LAST_REPORT_DAYS[network])).isoformat()
            data |= {"abuseConfidenceScore": score, "totalReports": reports, "lastReportedAt": reported}
            data |= {"countryCode": "NL", "isp": "Bulletproof Hosting Ltd"}
        return SimResponse(json={"data": data})
