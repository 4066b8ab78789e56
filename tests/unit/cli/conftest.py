"""The command line, run in this process or at a terminal, and a server for it to speak to."""

import io
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from soar.cli.main import main
from tests.unit.cli.fakes import TOKEN, FakeApi, Outcome, Soar, Terminal


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeApi]:
    """A server that SOAR_URL names, with SOAR_TOKEN set."""
    with FakeApi() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        monkeypatch.setenv("SOAR_URL", server.url)
        monkeypatch.setenv("SOAR_TOKEN", TOKEN)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in ("SOAR_URL", "SOAR_TOKEN", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def soar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Soar:
    """Run one command in this process, without a terminal."""

    def run(*arguments: str, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        written = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), written.out, written.err)

    return run


@pytest.fixture
def terminal() -> Soar:
    """Run one command in a process of its own, at a terminal, answering what it asks."""

    def run(*arguments: str, answers: Sequence[tuple[str, str]] = ()) -> Outcome:
        return Terminal(answers).run(arguments)

    return run
