"""Finished playbooks to draw, compare and hold against the schema, and the connectors that they call."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

from soar.app.documents import read_yaml
from soar.model.catalog import ActionSpec, Catalog, ConnectorSpec, Effect, Repeat
from soar.model.playbook import Playbook
from soar.playbook import parse_playbook
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import load_connectors
from tests.support.repository import ROOT

EXAMPLES = sorted(
    file
    for folder in ("playbooks", "tests/fixtures/playbooks")
    for file in (ROOT / folder).glob("*.yaml")
    if not file.name.endswith(".test.yaml")
)

_MORE = {
    "core.undo": (Effect.WRITE, ("step", "reason")),
    "list.contains": (Effect.READ, ("list", "value")),
    "alert.raise": (Effect.WRITE, ("kind", "severity", "title", "dedupe")),
    "chat.create_channel": (Effect.WRITE, ("name", "invite")),
}
"""Actions of the service itself, which no folder of connectors holds."""


@cache
def load_catalog() -> Catalog:
    """Return the connectors of this repository and the service's own actions."""
    found = dict(
        build_catalog(load_connectors(discover([ROOT / "connectors"], installed=()), read_yaml).values()).connectors
    )
    for full_name, (effect, parameters) in _MORE.items():
        connector, _, name = full_name.partition(".")
        spec = found.get(connector) or _make_connector(connector)
        action = ActionSpec(
            connector=connector,
            name=name,
            title=name,
            effect=effect,
            repeat=Repeat.SAFE,
            parameters={"type": "object", "properties": {name: {} for name in parameters}},
            result={},
        )
        found[connector] = replace(spec, actions={name: action, **spec.actions})
    return Catalog(found)


def _make_connector(name: str) -> ConnectorSpec:
    return ConnectorSpec(
        id=name,
        title=name,
        version="1.0.0",
        digest="sha256:00",
        docs="",
        hosts=(),
        secrets=(),
        settings={},
        actions={},
        has_simulator=False,
        is_channel=False,
    )


def read_example(file: Path) -> Playbook:
    """Return the playbook in a file."""
    return parse(file.read_text("utf-8"), file.stem)


def parse(text: str, playbook_id: str = "a") -> Playbook:
    """Return the playbook that a document holds, which must be one."""
    playbook, findings = parse_playbook(text, playbook_id=playbook_id, file=f"{playbook_id}.yaml")
    assert playbook is not None, findings
    return playbook


def name_everything(name: str) -> Playbook:
    """Return a playbook in which a text stands wherever a picture shows one."""
    computed = f"{name} ${{{{ 1 }}}}"
    document = {
        "name": name,
        "on": {"alert": {"source": name}},
        "steps": [
            {
                "name": name,
                "if": json.dumps(name),
                "foreach": json.dumps([name]),
                "uses": "chat.dm",
                "expires": computed,
            },
            {"name": name, "parallel": {"a": [{"name": name, "stop": {}}]}},
            {"name": name, "choose": [{"when": json.dumps(name), "steps": [{"name": name, "fail": "no"}]}]},
            {
                "name": name,
                "approve": {
                    "by": "role:a",
                    "if": json.dumps(name),
                    "quorum": f"${{{{ {json.dumps(name)} }}}}",
                    "on_deny": [{"name": name, "stop": {}}],
                },
            },
            {"name": name, "ask": {"to": computed, "question": name, "fields": {"a": {}}}},
        ],
    }
    return parse(json.dumps(document))
