"""A product that takes whatever is sent to it."""

from soar.sdk import SimRequest, SimResponse, Simulator


class Echo(Simulator):
    """Answers with what was asked."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer 200 and the request's essence."""
        return SimResponse(json={"method": request.method, "path": request.path, "json": request.json})
