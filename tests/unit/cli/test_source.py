"""`soar source`."""

import json
import shutil
from pathlib import Path

import pytest

from soar.app.documents import read_yaml_file
from soar.app.settings import find_bundled
from soar.ingest.bodies.rule import Format
from soar.ingest.source import parse_source
from tests.unit.cli.fakes import FakeApi, Soar

MADE = {
    "source": "edr",
    "credential": "edr_hook",
    "version": 2,
    "former_until": "2024-03-01T10:00:00Z",
    "key": "bmV3",
}


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A site of its own, with the sources that come with the product."""
    shutil.copytree(find_bundled("config") / "sources", tmp_path / "config" / "sources")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("body", Format)
@pytest.mark.parametrize("way", ["hmac", "ed25519", "bearer", "token", "basic", "mtls", "sns", "github", "stripe"])
def test_a_new_source_is_one(soar: Soar, site: Path, way: str, body: Format) -> None:
    outcome = soar("source", "new", "edr-2", "--auth", way, "--format", body)
    assert outcome.code == 0, outcome.err
    source = parse_source(read_yaml_file(site / "config" / "sources" / "edr-2.yaml"), "edr-2")
    assert source.format is body
    assert ("soar secret set edr_2_hook" in outcome.out) == (way not in ("mtls", "sns"))


def test_a_source_that_is_there_stays(soar: Soar, site: Path) -> None:
    before = (site / "config" / "sources" / "wazuh.yaml").read_bytes()
    assert soar("source", "new", "wazuh").code != 0
    assert (site / "config" / "sources" / "wazuh.yaml").read_bytes() == before
    assert soar("source", "new", "wazuh", "--force", "--json").code == 0
    assert (site / "config" / "sources" / "wazuh.yaml").read_bytes() != before


@pytest.mark.parametrize("arguments", [("EDR",), ("edr", "--auth", "none"), ("edr", "--format", "pdf")])
def test_what_is_no_source_is_not_written(soar: Soar, site: Path, arguments: tuple[str, ...]) -> None:
    assert soar("source", "new", *arguments).code == 2
    assert not (site / "config" / "sources" / "edr.yaml").exists()


def test_a_body_is_tried_without_a_server(soar: Soar, api: FakeApi, site: Path) -> None:
    (site / "alert.json").write_text(
        '{"kind": "disk.full", "severity": "high", "entities": {"hosts": ["db-1"]}}',
        "utf-8",
    )
    outcome = soar("source", "test", "generic", "alert.json", "--json")
    assert outcome.code == 0, outcome.err
    (alert,) = json.loads(outcome.out)["alerts"]
    assert (alert["kind"], alert["severity"], alert["entities"]) == ("disk.full", "high", {"hosts": ["db-1"]})
    assert "disk.full" in soar("source", "test", "generic", "alert.json").out
    assert api.asked == []


def test_a_body_that_the_source_does_not_send_is_refused(soar: Soar, site: Path) -> None:
    (site / "alert.json").write_text("[1", "utf-8")
    assert "line 1, column 3" in soar("source", "test", "generic", "alert.json").err
    assert soar("source", "test", "generic", "none.json").code == 2
    assert soar("source", "test", "nobody", "alert.json").code == 2
    assert soar("source", "test", "generic", "alert.json", "--header", "nonsense").code == 2
    outcome = soar("source", "test", "generic", "alert.json", "--header", "Content-Type: text/html")
    assert "another type" in outcome.err


def test_a_key_that_is_made_stands_alone_on_standard_output(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/sources/edr/rotate", MADE)
    outcome = soar("source", "rotate", "edr", "--hours", "2")
    assert outcome.out == "bmV3\n"
    assert "edr_hook has version 2" in outcome.err
    assert api.asked[0].body == {"former_hours": 2}


def test_a_key_that_the_product_has_made_is_piped_in(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/sources/edr/rotate", {**MADE, "key": None, "former_until": None})
    outcome = soar("source", "rotate", "edr", "--given", "--credential", "edr_hook", stdin="from the product\n")
    assert outcome.out == "✔ edr proves itself by the key that was given\n"
    assert api.asked[0].body == {"former_hours": 24, "credential": "edr_hook", "value": "from the product"}
