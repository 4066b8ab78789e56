import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from soar.app.settings import find_bundled
from tests.unit.cli.fakes import Soar


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(find_bundled("playbooks").parent)


def test_the_schema_is_printed_with_the_installed_connectors_in_it(soar: Soar) -> None:
    outcome = soar("playbook", "schema")
    assert (outcome.code, outcome.err) == (0, "")
    schema = json.loads(outcome.out)
    Draft202012Validator.check_schema(schema)
    assert "entra.disable_user" in schema["$defs"]


def test_the_schema_is_written_into_a_new_folder(soar: Soar, tmp_path: Path) -> None:
    file = tmp_path / ".soar" / "playbook.schema.json"
    outcome = soar("playbook", "schema", "--output", str(file))
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"wrote {file}\n")
    assert json.loads(file.read_text("utf-8")) == json.loads(soar("playbook", "schema").out)
