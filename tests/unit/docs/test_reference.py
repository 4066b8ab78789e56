"""The reference names everything there is, and is what its generator writes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from pydantic import BaseModel

from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES
from soar.api.errors import STATUSES
from soar.app.documents import read_yaml
from soar.app.settings import Settings, find_section
from soar.cli.main import NOUNS, VERBS
from soar.expr import BUILTINS
from soar.model.errors import ActionCode
from soar.model.run import RunStatus, StepStatus
from soar.playbook import CODES, grammar
from soar.playbook.words import SCALAR_TYPES
from soar.registry.discover import discover
from soar.registry.load import load_connectors
from tests.support.repository import ROOT

REFERENCE = ROOT / "docs" / "reference"
RAISED = re.compile(r"""\bcode="([a-z][a-z0-9_]*(?:\.[a-z_]+)?)\"""")


@cache
def read(page: str) -> str:
    return (REFERENCE / page).read_text("utf-8")


def list_settings(section: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        inner = find_section(field.annotation)
        if inner is None:
            yield f"{prefix}{name}"
        else:
            yield from list_settings(inner, f"{prefix}{name}.")


def list_actions() -> Iterator[str]:
    for id_, connector in load_connectors(discover([ROOT / "connectors"], installed=()), read_yaml).items():
        yield from (f"{id_}.{name}" for name, action in connector.actions.items() if not action.promise.is_for_service)


def list_codes() -> Iterator[str]:
    yield from STATUSES
    yield from ActionCode
    for file in (ROOT / "soar").rglob("*.py"):
        yield from RAISED.findall(file.read_text("utf-8"))


def test_the_pages_are_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, REFERENCE / "generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0), "make docs"


@pytest.mark.parametrize("setting", list(list_settings()))
def test_every_setting_has_its_line(setting: str) -> None:
    variable = "SOAR_" + setting.upper().replace(".", "__")
    line = re.search(rf"^\| `{setting}` \| `{variable}` \| .+ \| .+ \| (.+) \|$", read("settings.md"), re.MULTILINE)
    assert line is not None
    assert line[1].endswith(".")


@pytest.mark.parametrize("permission", list(Permission))
def test_every_permission_has_its_line(permission: Permission) -> None:
    assert f"| `{permission}` | {permission.description} | {permission.risk} |" in read("permissions.md")


@pytest.mark.parametrize("role", list(DEFAULT_ROLES))
def test_every_role_has_its_column(role: str) -> None:
    table = read("permissions.md").partition("## Roles")[2].strip().splitlines()
    (heading,) = (line for line in table if line.startswith("| Permission |"))
    column = [cell.strip(" `") for cell in heading.split("|")].index(role)
    marked = {line.split("|")[1].strip(" `") for line in table if line.split("|")[column : column + 1] == [" yes "]}
    assert marked == set(DEFAULT_ROLES[role])


@pytest.mark.parametrize("code", list(CODES))
def test_every_finding_has_its_section(code: str) -> None:
    _, _, section = read("findings.md").partition(f"\n## {code}\n\n{CODES[code]}\n")
    section, _, _ = section.partition("\n## ")
    assert re.search(rf"^```text\n(?:.*\n)*?\S+\.yaml:[0-9]+:[0-9]+: {code} ", section, re.MULTILINE)
    assert re.search(r"^What to do: .+\.$", section, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_every_function_has_an_example_that_calls_it(name: str) -> None:
    short = name.removeprefix("math.")
    assert re.search(
        rf"^\| `.*\b{short}\(.*` \| .* \| `.*\b{short}\(.*` \| `.+` \|$", read("functions.md"), re.MULTILINE
    )


@pytest.mark.parametrize("action", list(list_actions()))
def test_every_action_has_its_line(action: str) -> None:
    assert f"| `{action}` |" in read("connectors.md")


@pytest.mark.parametrize("code", sorted(set(list_codes())))
def test_every_error_code_is_there(code: str) -> None:
    assert f"`{code}`" in read("errors.md")


@pytest.mark.parametrize("word", [*VERBS, *NOUNS])
def test_every_command_is_there(word: str) -> None:
    assert f"## soar {word}" in read("commands.md")


@pytest.mark.parametrize("status", [*RunStatus, *StepStatus])
def test_every_status_is_drawn(status: str) -> None:
    assert re.search(rf"^    (.+ --> )?{status}( --> .+)?$", read("statuses.md"), re.MULTILINE)


@pytest.mark.parametrize(
    "key",
    sorted(
        {
            *grammar.PLAYBOOK,
            *grammar.INPUT,
            *grammar.GATE,
            *grammar.STEP,
            *grammar.KINDS,
            *grammar.USES,
            *grammar.PARALLEL,
            *SCALAR_TYPES,
        }
    ),
)
def test_every_key_of_a_playbook_is_explained(key: str) -> None:
    assert f"`{key}`" in read("playbooks.md")
