"""A directory in small: who is disabled stays disabled, and whose sessions were revoked must sign in again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

from soar.sdk import SimRequest, SimResponse, Simulator

_USER = re.compile(r"/v1\.0/users/([^/]+)(/revokeSignInSessions)?")
_DONE = frozenset({200, 204})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    name: str
    title: str | None
    department: str | None = None
    password_days: int
    is_enabled: bool = True
    is_privileged: bool = False
    is_synchronized: bool = False


_PEOPLE = {
    "ann@corp.example": _Person(name="Ann Abara", title="Payroll clerk", department="Finance", password_days=412),
    "bob@corp.example": _Person(name="Bob Brandt", title="Buyer", department="Purchasing", password_days=38),
    "cem@corp.example": _Person(
        name="Cem Coskun", title="Chief financial officer", department="Board", password_days=9
    ),
    "dora@corp.example": _Person(name="Dora Diaz", title="Engineer", department="Development", password_days=120),
    "emil@corp.example": _Person(name="Emil Ek", title=None, password_days=2),
    "fay@corp.example": _Person(
        name="Fay Fonseca", title="Warehouse manager", department="Logistics", password_days=77, is_synchronized=True
    ),
    "gus@corp.example": _Person(
        name="Gus Grau", title="Trainee", department="Sales", password_days=365, is_enabled=False
    ),
    "hana@corp.example": _Person(name="Hana Horak", title="Recruiter", department="People", password_days=55),
    "ivo@corp.example": _Person(name="Ivo Ilic", title="Night shift lead", department="Support", password_days=200),
    "breakglass@corp.example": _Person(
        name="Break glass", title="Global administrator", password_days=900, is_privileged=True
    ),
    "svc-sync@corp.example": _Person(name="Directory synchronisation", title=None, password_days=1500),
}
_IDS = {f"00000000-0000-4000-8000-{number:012}": name for number, name in enumerate(_PEOPLE, 1)}


class DirectoryInSmall(Simulator):
    """Its state is who may sign in, and since when sessions are good, told from the ledger."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as Microsoft Graph does."""
        found = _USER.fullmatch(request.path)
        if found is None:
            return super().handle(request)
        name = _resolve(found[1])
        if name not in _PEOPLE:
            return _refuse(404, "Request_ResourceNotFound", "that user does not exist")
        if request.method == "GET":
            return SimResponse(json=self._describe(name))
        if _PEOPLE[name].is_privileged:
            return _refuse(403, "Authorization_RequestDenied", "the privileges do not suffice")
        return SimResponse(json={"value": True}) if found[2] else SimResponse(status=204)

    def _describe(self, name: str) -> dict[str, object]:
        person = _PEOPLE[name]
        password_set = (self.now() - timedelta(days=person.password_days)).isoformat()
        account: dict[str, object] = {
            "id": next(id_ for id_, owner in _IDS.items() if owner == name),
            "displayName": person.name,
            "jobTitle": person.title,
            "department": person.department,
            "userPrincipalName": name,
            "mail": name,
            "accountEnabled": person.is_enabled,
            "onPremisesSyncEnabled": person.is_synchronized or None,
            "lastPasswordChangeDateTime": password_set,
            "signInSessionsValidFromDateTime": password_set,
        }
        for changes in self._list_changes(name):
            account |= changes
        return account

    def _list_changes(self, name: str) -> Iterator[dict[str, object]]:
        for entry in self.ledger.read():
            found = _USER.fullmatch(str(entry["path"]))
            if found is None or _resolve(found[1]) != name or entry["status"] not in _DONE:
                continue
            if found[2]:
                yield {"signInSessionsValidFromDateTime": entry["at"]}
            elif isinstance(entry["json"], dict):
                yield dict(entry["json"])


def _resolve(segment: str) -> str:
    """Return the principal name that a segment names; case does not matter."""
    name = unquote(segment).lower()
    return _IDS.get(name, name)


def _refuse(status: int, code: str, message: str) -> SimResponse:
    return SimResponse(status=status, json={"error": {"code": code, "message": message}})
