"""A tenant in small: nine mailboxes, in which lie twelve copies of whatever evil.example is said to have sent."""

import re
from collections.abc import Mapping

from soar.sdk import SimRequest, SimResponse, Simulator

_COPIES = {
    "ann@corp.example": 2,
    "bob@corp.example": 2,
    "cem@corp.example": 2,
    "dora@corp.example": 1,
    "emil@corp.example": 1,
    "fay@corp.example": 1,
    "gus@corp.example": 1,
    "hana@corp.example": 1,
    "ivo@corp.example": 1,
}
_BAD_SENDER = re.compile(r"from/emailAddress/address eq '[^']*@([a-z0-9-]+\.)*evil\.example'", re.IGNORECASE)
_MAILBOX = re.compile(r"/v1\.0/users/([^/]+)/messages")
_MESSAGE = re.compile(r"/v1\.0/users/([^/]+)/messages/([^/]+)/(move|permanentDelete)")
_INBOX = "inbox"
_NOWHERE = ""


class TenantInSmall(Simulator):
    """Its state is where each message lies, told from the ledger."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as Microsoft Graph does."""
        place = request.path.replace("%40", "@")
        if place == "/v1.0/users":
            return SimResponse(json={"value": [{"mail": mailbox} for mailbox in _COPIES]})
        if found := _MAILBOX.fullmatch(place):
            return self._list(found[1], request.query.get("$filter", ""))
        if found := _MESSAGE.fullmatch(place):
            return self._move(found[1], found[2], _read_destination(request))
        return super().handle(request)

    def _list(self, mailbox: str, condition: str) -> SimResponse:
        if mailbox not in _COPIES:
            return _refuse(404, "ErrorInvalidUser")
        places = self._find_places()
        names = _name_copies(mailbox) if _BAD_SENDER.search(condition) else []
        return SimResponse(json={"value": [{"id": name} for name in names if places[mailbox, name] == _INBOX]})

    def _move(self, mailbox: str, name: str, destination: str) -> SimResponse:
        if self._find_places().get((mailbox, name), _NOWHERE) == _NOWHERE:
            return _refuse(404, "ErrorItemNotFound")
        if destination == _NOWHERE:
            return SimResponse(status=204)
        return SimResponse(status=201, json={"id": name, "parentFolderId": destination})

    def _find_places(self) -> Mapping[tuple[str, str], str]:
        places = {(mailbox, name): _INBOX for mailbox in _COPIES for name in _name_copies(mailbox)}
        for entry in self.ledger.read():
            found = _MESSAGE.fullmatch(str(entry["path"]).replace("%40", "@"))
            if found and entry["status"] in {201, 204}:
                document = entry["json"]
                destination = document.get("destinationId", _NOWHERE) if isinstance(document, dict) else _NOWHERE
                places[found[1], found[2]] = str(destination)
        return places


def _name_copies(mailbox: str) -> list[str]:
    owner = mailbox.partition("@")[0]
    return [f"AAkAL-{owner}-{number}" for number in range(1, _COPIES[mailbox] + 1)]


def _read_destination(request: SimRequest) -> str:
    if request.path.endswith("/permanentDelete") or not isinstance(request.json, dict):
        return _NOWHERE
    return str(request.json.get("destinationId", _NOWHERE))


def _refuse(status: int, code: str) -> SimResponse:
    return SimResponse(status=status, json={"error": {"code": code, "message": code}})
