"""A registry in small: evil.example is three days old, every other domain 4,000."""

from datetime import timedelta

from soar.sdk import SimRequest, SimResponse, Simulator

_YOUNG = {"evil.example": 3}
_AGE = 4000


class RegistryInSmall(Simulator):
    """Knows every domain."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as an RDAP server does."""
        name = request.path.rpartition("/")[2]
        created = self.now() - timedelta(days=_YOUNG.get(name, _AGE))
        events = [{"eventAction": "registration", "eventDate": created.isoformat()}]
        return SimResponse(json={"objectClassName": "domain", "ldhName": name, "events": events})
