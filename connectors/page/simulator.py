"""PagerDuty in small: it takes every event, and somebody always wakes up."""

from soar.sdk import SimRequest, SimResponse, Simulator


class PagerDutyInSmall(Simulator):
    """Its state is which alerts are open, told from the ledger: what is open is only added to."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the Events API does."""
        match request.json:
            case {"event_action": "trigger", "dedup_key": str(key), "payload": {"summary": str(summary)}} if summary:
                said = "Event added to an open alert" if self._is_open(key) else "Event processed"
                return SimResponse(status=202, json={"status": "success", "message": said, "dedup_key": key})
            case {"event_action": "acknowledge" | "resolve", "dedup_key": str(key)}:
                return SimResponse(
                    status=202, json={"status": "success", "message": "Event processed", "dedup_key": key}
                )
            case _:
                return SimResponse(status=400, json={"status": "invalid event", "message": "Event object is invalid"})

    def _is_open(self, key: str) -> bool:
        is_open = False
        for entry in self.ledger.read():
            match entry["json"]:
                case {"event_action": str(done), "dedup_key": str(named)} if named == key:
                    is_open = done != "resolve" and (is_open or done == "trigger")
                case _:
                    pass
        return is_open
