"""Two sources, a playbook that takes alerts of one of them, and what a receiver works with."""

from dataclasses import dataclass, field

from soar.model.errors import NotFoundError
from soar.model.playbook import AlertTrigger, Dedupe, InputSpec, Playbook
from soar.model.secret import Secret
from soar.model.values import JsonValue
from tests.support.builders import build_playbook
from tests.support.network import VirtualEgress

WORKSPACE = "default"
TOKEN = "a-token-that-nobody-guesses"
KEY = "a-key-that-nobody-guesses"

SIEM: JsonValue = {
    "auth": {"bearer": {"secret": ["siem_hook", "siem_hook_next"]}},
    "alert": {
        "kind": "raw.kind",
        "title": "raw.title",
        "severity": "raw.severity",
        "time": "raw.time",
        "url": "raw.url",
        "fingerprint": "raw.id",
        "entities": {"ips": "raw.ips"},
        "labels": {"team": "raw.team"},
    },
}
SIGNED: JsonValue = {
    "auth": {"hmac": {"header": "X-Sig", "secret": "signed_hook", "tolerance": "5m"}},
    "format": "array",
    "alert": {"kind": "raw.kind"},
}


def build_triage(**changes: object) -> Playbook:
    """A playbook that takes logins and needs the user's name."""
    specimen: dict[str, object] = {
        "triggers": (AlertTrigger(sources=("siem",), match='alert.kind == "login"'),),
        "inputs": {"user": InputSpec(id="user", type="string", source="alert.raw.user")},
        "dedupe": Dedupe(key="inputs.user"),
    }
    return build_playbook(**{**specimen, **changes})


@dataclass
class Surroundings:
    """What a receiver works with, open to tests."""

    playbooks: dict[str, Playbook] = field(default_factory=lambda: {"triage": build_triage()})
    secrets: dict[str, str] = field(default_factory=lambda: {"siem_hook": TOKEN, "signed_hook": KEY})
    egress: VirtualEgress = field(default_factory=VirtualEgress)
    woken: list[str] = field(default_factory=list)
    announced: list[tuple[str, str]] = field(default_factory=list)

    async def resolve(self, workspace: str, name: str) -> tuple[Secret, ...]:
        if workspace != WORKSPACE or name not in self.secrets:
            raise NotFoundError(f"no credential {name}")
        return (Secret(self.secrets[name]),)

    def wake(self, workspace: str, run: str) -> None:
        assert workspace == WORKSPACE
        self.woken.append(run)

    def announce(self, workspace: str, kind: str, subject: str) -> None:
        assert workspace == WORKSPACE
        self.announced.append((kind, subject))
