"""Playbook tests within pytest, in a process of its own as a project would run it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from soar.app.settings import find_bundled

SHIPPED = find_bundled("playbooks") / "phishing-triage.test.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for file in (SHIPPED, SHIPPED.with_name("phishing-triage.yaml")):
        shutil.copy(file, tmp_path)
    (tmp_path / "site.yaml").write_text("config: {zone: dmz}\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nsoar_config = site.yaml\n")
    return tmp_path


def run_pytest(project: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(SHIPPED.parent.parent), "PYTEST_ADDOPTS": ""}
    ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


def test_every_test_of_a_file_is_a_test_of_pytest(project: Path) -> None:
    text = (project / SHIPPED.name).read_text("utf-8").replace("approvals: 0", "approvals: 2")
    (project / SHIPPED.name).write_text(text, "utf-8")
    code, out = run_pytest(project, "-p", "soar.cli.pytest_plugin")
    assert code == 1
    assert "1 failed, 3 passed" in out
    assert f"{project / SHIPPED.name}:34: approvals: expected 2, found 0" in out
    assert "Traceback" not in out


def test_a_bad_file_is_an_error_of_collection(project: Path) -> None:
    (project / SHIPPED.name).write_text("playbook: phishing-triage\ntsts: []\n", "utf-8")
    code, out = run_pytest(project, "-p", "soar.cli.pytest_plugin")
    assert code == 2
    assert "= help: did you mean `tests`?" in out


def test_nothing_is_collected_where_the_plugin_is_not_named(project: Path) -> None:
    code, _ = run_pytest(project)
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED
