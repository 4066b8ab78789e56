import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from soar.app.settings import find_bundled
from soar.playbook.graph import build_graph
from soar.playbook.mermaid import draw_mermaid
from soar.playbook.svg import draw_svg
from tests.support.examples import load_catalog, read_example
from tests.unit.cli.fakes import Soar

GOOD = find_bundled("playbooks") / "phishing-triage.yaml"


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(find_bundled("playbooks").parent)


def test_a_playbook_of_the_site_is_drawn_as_a_tree(soar: Soar) -> None:
    outcome = soar("playbook", "graph", "phishing-triage")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("Phishing e-mail triage\nstarts: alert from phish-report · by hand\n├─ ")
    assert "├─ Purge every copy  exchange.purge_messages  ● destructive\n" in outcome.out


def test_a_file_is_drawn_in_every_form(soar: Soar) -> None:
    root = build_graph(read_example(GOOD), load_catalog())
    assert soar("playbook", "graph", str(GOOD), "--format", "svg").out == draw_svg(root)
    assert soar("playbook", "graph", str(GOOD), "--format", "mermaid").out == draw_mermaid(root)
    document = json.loads(soar("playbook", "graph", str(GOOD), "--format", "json").out)
    assert document["nodes"][0]["label"] == "Phishing e-mail triage"


def test_a_picture_is_written_into_a_file(soar: Soar, tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    outcome = soar("playbook", "graph", "phishing-triage", "--format", "svg", "--output", str(file))
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"wrote {file}\n")
    assert ET.parse(file).getroot().tag.endswith("svg")  # noqa: S314 -- what we have written ourselves


def test_a_playbook_that_the_policy_refuses_is_drawn_all_the_same(soar: Soar, tmp_path: Path) -> None:
    file = tmp_path / "ungated.yaml"
    file.write_text("name: A\non: {manual: {}}\nsteps: [{uses: defender.isolate_machine, with: {host: a}}]\n", "utf-8")
    assert soar("playbook", "validate", str(file)).code == 1
    assert soar("playbook", "graph", str(file)).code == 0


def test_what_is_no_playbook_is_refused_with_the_place(soar: Soar, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("name: A\non: {manual: {}}\nstesp: []\n", "utf-8")
    outcome = soar("playbook", "graph", str(file))
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: {file}:1:1: P102 the key `steps` is missing\n")
    file.write_bytes(b"name: \xff\n")
    outcome = soar("playbook", "graph", str(file))
    assert (outcome.code, outcome.err.partition(" the file")[0]) == (2, f"error: {file}:1:1: P001")


@pytest.mark.parametrize("name", ["none", "none.yaml", "playbooks"])
def test_a_playbook_that_is_not_there_is_not_found(name: str, soar: Soar) -> None:
    outcome = soar("playbook", "graph", name)
    assert outcome.code == 6
    assert "hint: name a file, or a playbook of the site by its id" in outcome.err


def test_a_folder_that_is_not_there_is_an_error_in_words(soar: Soar, tmp_path: Path) -> None:
    outcome = soar("playbook", "graph", "phishing-triage", "--output", str(tmp_path / "none" / "a.svg"))
    assert outcome.code == 1
    assert outcome.err == f"error: {tmp_path}/none/a.svg: No such file or directory\n"
