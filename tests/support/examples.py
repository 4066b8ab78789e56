"""Finished playbooks to draw, compare and hold against the schema, and the connectors that they call."""

import json
from functools import cache
from pathlib import Path

from soar.app.documents import read_yaml
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.playbook import parse_playbook
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import load_connectors
from tests.support.repository import ROOT

EXAMPLES = sorted(file for file in (ROOT / "playbooks").glob("*.yaml") if not file.name.endswith(".test.yaml"))


@cache
def load_catalog() -> Catalog:
    """Return the connectors of this repository."""
    return build_catalog(load_connectors(discover([ROOT / "connectors"], installed=()), read_yaml).values())


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
