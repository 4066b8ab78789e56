"""The thirty playbooks whose runs are ended at every single write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from soar.app.documents import read_yaml_file
from soar.model.catalog import Catalog
from soar.model.values import JsonValue
from tests.replay.record import CANCELLED, DENIED, HANDLED, RETRIED, UNDONE, VERIFIED
from tests.simulation.playbooks import CALLED, CATALOG, MAIN, write_playbook
from tests.support.examples import load_catalog
from tests.support.repository import ROOT

GENERATED = (2, 5, 15, 16, 25, 26, 28, 29, 33, 35, 36, 37, 46, 47, 51, 55, 62, 64, 89)
"""Seeds whose runs call much and come to the same end whoever goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A playbook and what its run is given.

    Attributes:
        texts: playbooks by id, the one that runs first.
        outputs: what actions answer, by name.
        is_ordered: whether no branch looks at what another one has come to by then.
    """

    name: str
    texts: Mapping[str, str]
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    catalog: Catalog = CATALOG
    is_ordered: bool = True

    @property
    def playbook(self) -> str:
        """Id of the playbook that runs."""
        return next(iter(self.texts))


_SHIPPED: Mapping[str, Mapping[str, JsonValue]] = {
    "account-takeover": {"user": "ann@corp.example", "ip": "203.0.113.7"},
    "block-malicious-ip": {"ip": "203.0.113.7"},
    "hunt-new-admins": {},
    "isolate-ransomware-host": {"host": "srv-files-01"},
    "phishing-triage": {
        "message_id": "<a1@evil.example>",
        "reporter": "ann@corp.example",
        "sender": "billing@evil.example",
        "body": "Pay now at https://evil.example/pay or https://evil.example/now",
        "attachments": [],
    },
}
_RECORDED: Mapping[str, tuple[str, Mapping[str, JsonValue]]] = {
    "retried": (RETRIED, {"address": "198.51.100.7"}),
    "denied": (DENIED, {}),
    "handled": (HANDLED, {}),
    "cancelled": (CANCELLED, {}),
    "undone": (UNDONE, {}),
    "verified": (VERIFIED, {}),
}


def _read_mocks(playbook: str) -> dict[str, JsonValue]:
    """Return what the playbook's own tests let actions answer; of several answers the first."""
    document = read_yaml_file(ROOT / "playbooks" / f"{playbook}.test.yaml")
    mocks = document.get("mocks") if isinstance(document, dict) else None
    assert isinstance(mocks, dict)
    first = {name: mock[0] if isinstance(mock, list) else mock for name, mock in mocks.items()}
    return {name: mock.get("output", {}) for name, mock in first.items() if isinstance(mock, dict)}


_OUTPUTS: Mapping[str, JsonValue] = {
    "virustotal.url_report": {"url": "https://evil.example/pay", "malicious": 8},
    "exchange.search_messages": {"count": 12, "mailboxes": 9, "messages": ["m1", "m2"]},
    "crm.locked": {"holds": True},
    "crm.find": {"found": 12, "count": 9, "ticket": "T-1"},
}


def _try_shipped(playbook: str, inputs: Mapping[str, JsonValue]) -> Trial:
    text = (ROOT / "playbooks" / f"{playbook}.yaml").read_text("utf-8")
    text = text.replace("assurance: mfa", "assurance: confirmed")  # nobody here has a second factor
    outputs = {**_read_mocks(playbook), **_OUTPUTS}
    return Trial(name=playbook, texts={playbook: text}, inputs=inputs, outputs=outputs, catalog=load_catalog())


def _try_recorded(name: str, text: str, inputs: Mapping[str, JsonValue]) -> Trial:
    return Trial(name=name, texts={name: text}, inputs=inputs, outputs=_OUTPUTS)


@cache
def list_trials() -> tuple[Trial, ...]:
    """Return the trials: the shipped playbooks, those of the golden journals, and generated ones."""
    shipped = tuple(_try_shipped(playbook, inputs) for playbook, inputs in _SHIPPED.items())
    recorded = tuple(_try_recorded(name, *given) for name, given in _RECORDED.items())
    return (*shipped, *recorded, *map(try_generated, GENERATED))


def try_generated(seed: int) -> Trial:
    """Return the trial of a generated playbook, with what it calls."""
    texts = {name: write_playbook(seed, name, may_verify=False) for name in (MAIN, CALLED)}
    return Trial(name=f"seed {seed}", texts=texts, inputs={"user": "eve", "level": 4}, is_ordered=False)
