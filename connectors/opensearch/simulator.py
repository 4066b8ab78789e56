"""A cluster in small: the Windows events by which four accounts became administrators of something."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from soar.sdk import SimRequest, SimResponse, Simulator

_LOGS = "winlogbeat"
_SUBJECT = "admin"
_GRANTS = (  # hours ago, event, who gave, to whom, which group
    (3, "4728", "svc-helpdesk", "mallory", "Domain Admins"),
    (9, "4732", "ann", "svc-backup", "Backup Admins"),
    (20, "4756", "bob", "zoe.contractor", "Enterprise Admins"),
    (70, "4728", "bob", "cem", "Domain Admins"),
)


class ClusterInSmall(Simulator):
    """Reads of a query only whether it is about administrators, and of the rest the period and the size."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the search API does."""
        index, _, verb = request.path.removeprefix("/").partition("/")
        if verb != "_search" or not isinstance(request.json, dict):
            return super().handle(request)
        if not index.startswith((_LOGS, "*", "%2A")):
            return SimResponse(status=404, json={"error": {"type": "index_not_found_exception"}, "status": 404})
        body: Mapping[str, object] = request.json
        documents = [one for one in self._list_grants() if _fits(one, body)]
        hits = [{"_index": "winlogbeat-1", "_source": one} for one in documents[: int(str(body["size"]))]]
        return SimResponse(
            json={"timed_out": False, "hits": {"total": {"value": len(documents), "relation": "eq"}, "hits": hits}}
        )

    def _list_grants(self) -> list[Mapping[str, object]]:
        return [
            {
                "@timestamp": (self.now() - timedelta(hours=hours)).isoformat(),
                "event": {"code": code, "action": "added-member-to-group"},
                "user": {"name": giver, "target": {"name": taker}},
                "group": {"name": group},
                "host": {"name": "dc-01"},
            }
            for hours, code, giver, taker, group in _GRANTS
        ]


def _fits(document: Mapping[str, object], body: Mapping[str, object]) -> bool:
    query, period = _read_clauses(body)
    if _SUBJECT not in query.lower():
        return False
    moment = datetime.fromisoformat(str(document["@timestamp"]))
    until = period.get("lt")
    return moment >= datetime.fromisoformat(period["gte"]) and (until is None or moment < datetime.fromisoformat(until))


def _read_clauses(body: Mapping[str, object]) -> tuple[str, Mapping[str, str]]:
    """Return the text of the query, and the period."""
    match body:
        case {"query": {"bool": {"filter": [{"query_string": {"query": str(query)}}, {"range": dict(fields)}]}}}:
            return query, next(iter(fields.values()))
        case _:
            return "", {}
