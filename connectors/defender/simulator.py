"""A tenant in small: every host is a machine of it, on which a document has just started ransomware."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from soar.sdk import SimRequest, SimResponse, Simulator

_NOBODY = "unknown"
_DOMAIN = "corp.example"
_NAME = re.compile(r"startswith\(computerDnsName,'((?:[^']|'')*)'\)")
_MACHINE = re.compile(r"machineId eq '([^']*)' and type eq '([^']*)'")
_VERB = re.compile(r"/api/machines/([^/]+)/(isolate|unisolate|collectInvestigationPackage)")
_MOMENT = re.compile(r"datetime\(([^)]*)\)")
_DEVICE = re.compile(r'DeviceName =~ "((?:[^"\\]|\\.)*)"')
_KINDS = {"isolate": "Isolate", "unisolate": "Unisolate", "collectInvestigationPackage": "CollectInvestigationPackage"}
_SECONDS = {"Isolate": 5, "Unisolate": 5, "CollectInvestigationPackage": 60}
_STORY = (  # seconds before the moment, id, id of the parent, program, command line, parent's program
    (95, 4120, 780, "explorer.exe", "explorer.exe", "userinit.exe"),
    (40, 5216, 4120, "winword.exe", "winword.exe /n invoice-0311.docm", "explorer.exe"),
    (31, 5544, 5216, "powershell.exe", "powershell.exe -w hidden -enc SQBFAFgA", "winword.exe"),
    (8, 6012, 5544, "lockall.exe", "lockall.exe --all-drives", "powershell.exe"),
    (3, 6020, 6012, "vssadmin.exe", "vssadmin.exe delete shadows /all /quiet", "lockall.exe"),
)


class TenantInSmall(Simulator):
    """Its state is what was asked of each machine, told from the ledger; what is asked for is done a little later."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as the API does."""
        condition = request.query.get("$filter", "")
        if request.path == "/api/machines" and (found := _NAME.search(condition)):
            return SimResponse(json={"value": self._list_machines(found[1])})
        if request.path == "/api/machineactions" and (found := _MACHINE.search(condition)):
            return SimResponse(json={"value": self._list_actions(found[1], found[2])})
        if request.path == "/api/advancedqueries/run" and isinstance(request.json, dict):
            return _tell_story(str(request.json.get("Query")))
        if found := _VERB.fullmatch(request.path):
            return self._begin(found[1], found[2], request)
        return super().handle(request)

    def _list_machines(self, name: str) -> list[Mapping[str, str]]:
        if name.startswith(_NOBODY):
            return []
        full = name if "." in name else f"{name}.{_DOMAIN}"
        return [{"id": _digest(full), "computerDnsName": full, "lastSeen": self.now().isoformat()}]

    def _list_actions(self, machine: str, kind: str) -> list[Mapping[str, object]]:
        """Return the machine actions, the latest first, each as far as it is by now."""
        answers = [entry["answer"] for entry in self.ledger.read() if entry["status"] == HTTPStatus.CREATED]
        return [
            answer | {"status": self._judge(kind, str(answer["creationDateTimeUtc"]))}
            for answer in reversed(answers)
            if isinstance(answer, dict) and (answer["machineId"], answer["type"]) == (machine, kind)
        ]

    def _judge(self, kind: str, begun: str) -> str:
        age = (self.now() - datetime.fromisoformat(begun)).total_seconds()
        if age >= _SECONDS[kind]:
            return "Succeeded"
        return "InProgress" if age > 0 else "Pending"

    def _begin(self, machine: str, verb: str, request: SimRequest) -> SimResponse:
        kind = _KINDS[verb]
        document = request.json if isinstance(request.json, dict) else {}
        others = self._list_actions(machine, kind)
        if any(other["status"] != "Succeeded" for other in others):
            return SimResponse(
                status=400,
                json={"error": {"code": "ActiveRequestAlreadyExists", "message": "Action is already in progress"}},
            )
        answer = {
            "id": _digest(f"{machine}/{verb}/{len(others)}"),
            "type": kind,
            "scope": document.get("IsolationType"),
            "requestorComment": document.get("Comment"),
            "status": "Pending",
            "machineId": machine,
            "creationDateTimeUtc": self.now().isoformat(),
        }
        return SimResponse(status=201, json=answer)


def _tell_story(query: str) -> SimResponse:
    moment, device = _MOMENT.search(query), _DEVICE.search(query)
    if moment is None or device is None:
        return SimResponse(status=400, json={"error": {"code": "BadRequest", "message": "no such table"}})
    if device[1].startswith(_NOBODY):
        return SimResponse(json={"Schema": [], "Results": []})
    end = datetime.fromisoformat(moment[1])
    rows = [
        {
            "Timestamp": (end - timedelta(seconds=seconds)).isoformat(),
            "DeviceName": device[1],
            "ProcessId": pid,
            "FileName": name,
            "ProcessCommandLine": command,
            "AccountName": "ann",
            "InitiatingProcessId": parent,
            "InitiatingProcessFileName": parent_name,
        }
        for seconds, pid, parent, name, command, parent_name in _STORY
    ]
    return SimResponse(json={"Schema": [], "Results": rows})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]
