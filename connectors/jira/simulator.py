"""A site in small: two change tickets, and whatever was opened since."""

import re
from collections.abc import Iterator, Mapping

from soar.sdk import SimRequest, SimResponse, Simulator

_API = "/rest/api/3"
_CHANGES = (
    ("CHG-101", "Backup Admins for svc-backup, new backup server", "Approved"),
    ("CHG-102", "Renew the certificate of the mail gateway", "Closed"),
)
_FIRST = 201
_PROJECT = re.compile(r"\bproject\s*=\s*\"?(\w+)", re.IGNORECASE)
_TEXT = re.compile(r"\b(?:text|summary|labels)\s*[~=]\s*\"((?:[^\"\\]|\\.)*)\"", re.IGNORECASE)
_COMMENT = re.compile(rf"{_API}/issue/([^/]+)/comment")


class SiteInSmall(Simulator):
    """Reads of a query the project and the texts; its state is what was opened, told from the ledger."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as REST API v3 does."""
        if request.path == f"{_API}/search/jql":
            return self._search(request.query)
        if request.path == f"{_API}/search/approximate-count" and isinstance(request.json, dict):
            return SimResponse(json={"count": len(self._find(str(request.json.get("jql"))))})
        if request.path == f"{_API}/issue":
            return self._open(request)
        if found := _COMMENT.fullmatch(request.path):
            return self._comment(found[1])
        return super().handle(request)

    def _search(self, query: Mapping[str, str]) -> SimResponse:
        found = self._find(query.get("jql", ""))
        begin = int(query.get("nextPageToken", "0"))
        end = begin + int(query.get("maxResults", "50"))
        page = [
            {"key": key, "fields": {"summary": summary, "status": {"name": status}}}
            for key, summary, status in found[begin:end]
        ]
        more = {"nextPageToken": str(end)} if end < len(found) else {}
        return SimResponse(json={"issues": page, "isLast": not more} | more)

    def _find(self, jql: str) -> list[tuple[str, str, str]]:
        project = _PROJECT.search(jql)
        texts = [text.lower() for text in _TEXT.findall(jql)]
        return [
            (key, summary, status)
            for key, summary, status, whole in self._list_issues()
            if (project is None or key.startswith(f"{project[1].upper()}-")) and all(text in whole for text in texts)
        ]

    def _list_issues(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield the key, the summary, the status and all words of each issue."""
        for key, summary, status in _CHANGES:
            yield key, summary, status, summary.lower()
        for entry in self.ledger.read():
            match entry:
                case {"path": str(place), "answer": {"key": str(key)}, "json": {"fields": dict(fields)}}:
                    if place == f"{_API}/issue":
                        yield key, str(fields["summary"]), "Open", str(fields).lower()
                case _:
                    continue

    def _open(self, request: SimRequest) -> SimResponse:
        match request.json:
            case {"fields": {"project": {"key": str(project)}, "summary": str(summary)}} if summary:
                number = _FIRST + sum(1 for entry in self.ledger.read() if entry["path"] == request.path)
                return SimResponse(status=201, json={"id": str(10_000 + number), "key": f"{project}-{number}"})
            case _:
                return SimResponse(status=400, json={"errorMessages": [], "errors": {"project": "project is required"}})

    def _comment(self, issue: str) -> SimResponse:
        if all(key != issue for key, *_ in self._list_issues()):
            return SimResponse(status=404, json={"errorMessages": ["Issue does not exist"], "errors": {}})
        return SimResponse(status=201, json={"id": str(30_000 + len(self.ledger.read()))})
