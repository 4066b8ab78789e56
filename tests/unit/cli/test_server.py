import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from soar.audit.keyfile import create_key_file
from tests.support.randomness import SeededRandomness
from tests.unit.cli.fakes import Soar


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to serve from."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def keyed_site(site: Path) -> Path:
    """A folder with the two keys that a service needs."""
    for seed, name in enumerate(("vault.key", "audit.key")):
        create_key_file(site / name, SeededRandomness(seed))
    return site


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from soar.cli.main import main; main()", *arguments]
    return subprocess.run(program, check=False, capture_output=True, text=True)


def test_the_doctor_says_what_is_missing_and_what_to_do(site: Path, soar: Soar) -> None:
    outcome = soar("doctor")
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0].startswith("✖ vault key      the key file vault.key cannot be opened")
    assert lines[1].strip().startswith("hint: ")
    assert lines[-1].endswith("2 bad")
    assert list(site.iterdir()) == []


def test_the_doctor_is_content_with_what_only_wants_a_look(keyed_site: Path, soar: Soar) -> None:
    outcome = soar("doctor")
    assert outcome.code == 0, outcome.out
    assert "! audit anchors" in outcome.out
    assert outcome.out.splitlines()[-1].endswith(", 0 bad")


def test_the_doctor_tells_programs_the_same(site: Path, soar: Soar) -> None:
    outcome = soar("doctor", "--json")
    assert outcome.code == 1
    told = {check["name"]: check for check in json.loads(outcome.out)}
    assert told["audit key"]["code"] == "key_file_missing"
    assert told["audit key"]["is_good"] is False
    assert "umask 077" in told["audit key"]["hint"]
    assert told["address"]["is_good"] is True


def test_what_cannot_be_trusted_is_not_served_and_the_remedy_is_said(keyed_site: Path, soar: Soar) -> None:
    before = sorted(keyed_site.iterdir())
    (keyed_site / "audit.key").chmod(0o644)
    outcome = soar("serve", "--listen", "0.0.0.0:8600")
    assert outcome.code == 2
    first, last = outcome.err.splitlines()[-2:]
    assert first.startswith("error: the key file audit.key can be read or written by others (mode 0644); ")
    assert "address: listens on 0.0.0.0:8600 without TLS in front of it" in first
    assert last == "hint: chmod 600 audit.key"
    assert sorted(keyed_site.iterdir()) == before


def test_migrating_makes_the_schema(keyed_site: Path) -> None:
    ended = start("migrate")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert (keyed_site / "soar.db").stat().st_size > 0


def test_a_port_that_is_taken_is_told_without_a_traceback(keyed_site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = start("serve", "--listen", f"127.0.0.1:{other.getsockname()[1]}")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("error: ")
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", [("--config", "none.yaml"), ("--listen", "8600"), ("--listen", "a:99999")])
def test_settings_that_do_not_fit_start_nothing(site: Path, soar: Soar, arguments: tuple[str, ...]) -> None:
    outcome = soar("serve", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("error: ")
    assert list(site.iterdir()) == []


def test_the_usual_settings_are_taken_where_they_are(site: Path, soar: Soar) -> None:
    (site / "config").mkdir()
    (site / "config" / "soar.yaml").write_text("server: {listen: nowhere}\n")
    outcome = soar("doctor")
    assert outcome.code == 2
    assert "server.listen" in outcome.err
