import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from soar.audit.keyfile import create_key_file
from tests.support.randomness import SeededRandomness
from tests.unit.cli.fakes import Soar

RECORD = "soar.example/audit+83247df4+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    create_key_file(tmp_path / "witness.key", SeededRandomness())
    given = {
        "name": "witness.example",
        "key": tmp_path / "witness.key",
        "log": RECORD,
        "state": tmp_path / "state.json",
    }
    return ["witness", *(part for name, text in given.items() for part in (f"--{name}", str(text)))]


@pytest.mark.parametrize("listen", ["8700", ":8700", "127.0.0.1:many", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_refused(soar: Soar, arguments: list[str], listen: str) -> None:
    outcome = soar(*arguments, "--listen", listen)
    assert outcome.code == 2
    assert "is no host:port" in outcome.err


def test_a_damaged_memory_stops_it(soar: Soar, arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    outcome = soar(*arguments)
    assert outcome.code == 2
    assert "does not hold what a witness has signed" in outcome.err


def test_a_missing_key_is_told_with_its_remedy(soar: Soar, arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "witness.key").unlink()
    outcome = soar(*arguments)
    assert outcome.code == 2
    assert "head -c 32 /dev/urandom" in outcome.err


def test_it_serves_until_it_is_told_to_stop(arguments: list[str]) -> None:
    program = [sys.executable, "-c", "from soar.cli.main import main; main()", *arguments, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        port = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert port is not None, said
        request = urllib.request.Request(f"http://127.0.0.1:{port[1]}/add-checkpoint", data=b"nonsense")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=30)  # noqa: S310 -- as above
        assert caught.value.code == 400
        caught.value.close()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
