import subprocess
import sys
from pathlib import Path

import pytest

from soar.cli.exits import ExitCode, choose_exit_code
from soar.cli.main import NOUNS, VERBS
from soar.model.errors import (
    BugError,
    ConflictError,
    DeniedError,
    InputError,
    NotFoundError,
    SoarError,
    UnavailableError,
)
from tests.unit.cli.fakes import FakeApi, Soar


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from soar.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'aiohttp', 'pydantic', 'sqlalchemy', 'rich', 'httpx', 'cryptography', 'http.client'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_help_names_every_command_with_its_purpose(soar: Soar) -> None:
    told = soar("--help").out
    for name, summary in (*NOUNS.items(), *((verb, summary) for verb, (_, summary) in VERBS.items())):
        assert f"  {name}" in told
        assert summary.split(",")[0].split(";")[0] in told


@pytest.mark.parametrize("name", [*NOUNS, *VERBS])
def test_the_help_of_each_command_begins_with_examples(soar: Soar, name: str) -> None:
    outcome = soar(name, "--help")
    assert outcome.code == 0
    assert outcome.out.index(f"    soar {name}") < outcome.out.index("Options:")


@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_without_a_verb_shows_its_help(soar: Soar, noun: str) -> None:
    outcome = soar(noun)
    assert "Commands:" in outcome.out + outcome.err


def test_the_version(soar: Soar) -> None:
    assert soar("--version").out == "soar 0.1.0\n"


@pytest.mark.parametrize("arguments", [("nope",), ("run", "nope"), ("run", "show"), ("run", "list", "--limit", "0")])
def test_what_cannot_be_understood_is_a_usage_error(soar: Soar, arguments: tuple[str, ...]) -> None:
    outcome = soar(*arguments)
    assert outcome.code == ExitCode.USAGE
    assert outcome.err.startswith("Usage: soar")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SoarError("x"), 1),
        (ConflictError("x"), 1),
        (BugError("x"), 1),
        (InputError("x"), 2),
        (UnavailableError("x"), 3),
        (DeniedError("x", code="unauthenticated"), 4),
        (DeniedError("x", code="excluded"), 5),
        (NotFoundError("x"), 6),
    ],
)
def test_each_error_has_its_exit_code(error: SoarError, code: int) -> None:
    assert choose_exit_code(error) == code


def test_an_error_is_two_lines_and_no_traceback(soar: Soar, api: FakeApi) -> None:
    api.refuse("GET", "/api/v1/runs/run_9", 404, "no run run_9", hint="soar run list")
    outcome = soar("run", "show", "run_9")
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err == "error: no run run_9\nhint: soar run list\n"


def test_what_the_system_refuses_is_told_without_a_traceback(
    soar: Soar, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    monkeypatch.chdir(tmp_path)
    outcome = soar("audit", "verify", "export.jsonl", "--key", str(loop))
    assert outcome.code != 0
    assert outcome.err.startswith("error: ")
    assert "Traceback" not in outcome.err
