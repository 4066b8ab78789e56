"""Documents hold true: their playbooks validate, their commands exist, their links lead somewhere."""

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from soar.app.connections import parse_connections
from soar.app.documents import read_yaml
from soar.app.settings import load_settings
from soar.cli.main import NOUNS, VERBS
from soar.ingest.authentication import Request, find_refusal
from soar.ingest.source import parse_source
from soar.model.catalog import Catalog
from soar.model.secret import Secret
from soar.playbook import render_text, validate_text
from soar.policy import DEFAULT_POLICY
from soar.registry.catalog import build_catalog
from soar.registry.check import check_connectors
from soar.registry.discover import discover
from soar.registry.load import load_connectors
from soar.registry.quality import Rule
from soar.sdk.manifest import Manifest
from tests.support.repository import ROOT, relative

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TAKEN_LATER = {ROOT / "docs" / "images" / "approval-light.png"}

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (?P<path>[\w./-]+\.(?:yaml|service|py))\n")
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block of a document."""

    document: str
    language: str
    text: str

    @property
    def file(self) -> str:
        """The file that the block's first line names; empty if it names none."""
        found = FILE.match(self.text)
        return found["path"] if found else ""


def find_blocks() -> Iterator[Block]:
    for document in DOCUMENTS:
        for fence in FENCE.finditer(document.read_text("utf-8")):
            indent = len(fence["indent"])
            text = "".join(line[indent:] for line in fence["text"].splitlines(keepends=True))
            yield Block(relative(document), fence["language"], text)


def name_block(block: object) -> str:
    return f"{block.document} {block.file}" if isinstance(block, Block) else str(block)


BLOCKS = list(find_blocks())
SOURCES = [block for block in BLOCKS if "config/sources/" in block.file]
PLAYBOOKS = [block for block in BLOCKS if block.file.startswith("playbooks/")]
CONNECTIONS = [block for block in BLOCKS if block.file.endswith("connections.yaml")]
SIGNING = [block for block in BLOCKS if block.language == "bash" and "openssl" in block.text]
COMMANDS = [
    (block.document, line.removeprefix("$ "))
    for block in BLOCKS
    if block.language == "console"
    for line in block.text.splitlines()
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    found = discover([ROOT / "connectors"], installed=())
    return build_catalog(load_connectors(found, read_yaml).values())


def test_the_documents_hold_what_these_tests_look_at() -> None:
    assert PLAYBOOKS
    assert SOURCES
    assert CONNECTIONS
    assert len(COMMANDS) > 50


@pytest.mark.parametrize("block", PLAYBOOKS, ids=name_block)
def test_a_playbook_that_is_shown_is_good(block: Block, catalog: Catalog) -> None:
    known = [Path(source.file).stem for source in SOURCES if source.document == block.document]
    playbook, findings = validate_text(
        block.text,
        playbook_id=Path(block.file).stem,
        file=block.file,
        catalog=catalog,
        policy=DEFAULT_POLICY,
        known_sources=known,
    )
    assert [render_text(finding) for finding in findings] == []
    assert playbook is not None


@pytest.mark.parametrize("block", SOURCES, ids=name_block)
def test_a_source_that_is_shown_is_good(block: Block) -> None:
    source = parse_source(read_yaml(block.text, block.file), Path(block.file).stem)
    assert source.description
    assert source.mapped.title


@pytest.mark.parametrize("block", CONNECTIONS, ids=name_block)
def test_connections_that_are_shown_are_good(block: Block, catalog: Catalog) -> None:
    shown = [Manifest.model_validate(read_yaml(one.text, one.file)) for one in BLOCKS if "manifest.yaml" in one.file]
    http = catalog.connectors["http"]
    own = {one.id: replace(http, secrets=one.secrets, settings=one.describe_settings()) for one in shown}
    assert parse_connections(read_yaml(block.text, block.file), Catalog({**catalog.connectors, **own}))


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.file.endswith("soar.yaml")], ids=name_block)
def test_settings_that_are_shown_are_good(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "soar.yaml"
    file.write_text(block.text, "utf-8")
    assert load_settings(file).server.url == "https://soar.example"


def test_a_quality_scale_that_is_shown_says_something_of_every_rule() -> None:
    (block,) = (block for block in BLOCKS if block.file.endswith("quality.yaml"))
    document = read_yaml(block.text, block.file)
    assert isinstance(document, dict)
    assert isinstance(document["rules"], dict)
    assert set(document["rules"]) == set(Rule)


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_variable_that_is_named_is_read(document: Path) -> None:
    known = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    for variable in re.findall(r"\bSOAR_[A-Z_]+\b", document.read_text("utf-8")):
        setting = variable.removesuffix("_FILE") if variable.endswith("__URL_FILE") else variable
        assert setting in {"SOAR_URL", "SOAR_TOKEN"} or f"`{setting}`" in known


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_address_that_is_named_is_served(document: Path) -> None:
    known = (ROOT / "docs" / "reference" / "routes.md").read_text("utf-8")
    for method, path in re.findall(
        r"`(?:(GET|POST|PUT|DELETE) )?(/(?:api|hooks)/[^`\s]+)`", document.read_text("utf-8")
    ):
        assert f"`{path}`" in known
        assert f"| {method} | `{path}` |" in known or not method


def find_command(words: list[str]) -> tuple[TyperCommand, list[str]]:
    """Return the command that a line names, and the words behind its name."""
    module = VERBS[words[0]][0] if words[0] in VERBS else words[0]
    assert words[0] in VERBS or words[0] in NOUNS, f"there is no `soar {words[0]}`"
    root = get_command(importlib.import_module(f"soar.cli.{module.replace('-', '_')}").commands)
    name = words[0] if words[0] in VERBS else words[1]
    command = root.commands.get(name) if isinstance(root, TyperGroup) else root
    rest = words[1:] if words[0] in VERBS else words[2:]
    if isinstance(command, TyperGroup):
        command, rest = command.commands.get(rest[0]), rest[1:]
    assert isinstance(command, TyperCommand), f"there is no `soar {' '.join(words[:3])}`"
    return command, rest


def find_calls(line: str) -> Iterator[list[str]]:
    """Yield the words behind each `soar` of a shell line."""
    call: list[str] | None = None
    for word in shlex.split(line, comments=True):
        if word in {"&&", "|", "||", ";"}:
            if call:
                yield call
            call = None
        elif call is not None:
            call.append(word)
        elif word == "soar" or word.endswith("/bin/soar"):
            call = []
    if call:
        yield call


@pytest.mark.parametrize(("document", "line"), COMMANDS)
def test_a_command_that_is_shown_exists_with_its_options(document: str, line: str) -> None:
    for words in find_calls(line):
        command, rest = find_command(words)
        taken = [option for option in command.params if isinstance(option, TyperOption)]
        options = {name for option in taken for name in (*option.opts, *option.secondary_opts)}
        typed = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert typed <= {*options, "--help"}, document


@pytest.mark.parametrize(
    "line",
    ["soar demo --port 1", "soar run restart run_1", "soar backup file", "soar login --name ann && soar case list"],
)
def test_a_command_that_does_not_exist_is_noticed(line: str) -> None:
    with pytest.raises(AssertionError):
        test_a_command_that_is_shown_exists_with_its_options("here", line)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"], ids=name_block)
def test_code_that_is_shown_can_be_read(block: Block) -> None:
    compile(block.text, block.document, "exec")


def test_the_connector_that_is_shown_holds_to_the_rules(tmp_path: Path) -> None:
    folder = tmp_path / "connectors" / "shield"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").write_text('"""Shield."""\n', "utf-8")
    for block in BLOCKS:
        if block.file.startswith("connectors/shield/"):
            (tmp_path / block.file).write_text(block.text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--override-ini=asyncio_mode=auto", folder],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    findings = check_connectors(discover([folder.parent], installed=()), read_yaml)
    assert [finding.file for finding in findings] == ["README.md"], findings


def list_anchors(document: Path) -> set[str]:
    """Return what may stand behind `#` in a link to a document."""
    headings = HEADING.findall(document.read_text("utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_link_leads_somewhere(document: Path) -> None:
    text = FENCE.sub("", document.read_text("utf-8"))
    for link in LINK.finditer(text):
        path, _, anchor = link["target"].partition("#")
        if "://" in path:
            continue
        target = (document.parent / path).resolve() if path else document
        assert target.exists() or target in TAKEN_LATER, link["target"]
        assert not anchor or anchor in list_anchors(target), link["target"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the lines that are shown sign with openssl")
@pytest.mark.parametrize("block", SIGNING, ids=name_block)
def test_a_signature_that_is_shown_is_the_one_the_source_wants(block: Block, tmp_path: Path) -> None:
    (hook,) = re.findall(r"/hooks/(\w+)", block.text)
    (key_file,) = re.findall(r"\$\(cat (\S+)\)", block.text)
    (sent,) = re.findall(r"--data-binary @(\S+)", block.text)
    (tmp_path / key_file).write_text("a key of some length\n", "utf-8")
    (tmp_path / sent).write_text('{"ä": "1"}\n', "utf-8")
    script = f'curl() {{ printf "%s\\n" "$@"; }}\n{block.text}'
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "SOAR_URL": "https://soar.example"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"https://soar.example/hooks/{hook}" in done.stdout
    headers = {name.lower(): content for name, content in re.findall(r"^([\w-]+): (.+)$", done.stdout, re.MULTILINE)}
    (source,) = (one for one in SOURCES if one.document == block.document and Path(one.file).stem == hook)
    recipe = parse_source(read_yaml(source.text, source.file), hook).recipe
    at = datetime.fromtimestamp(int(headers["x-timestamp"]), UTC)
    request = Request(headers, (tmp_path / sent).read_bytes())
    assert find_refusal(recipe, request, [Secret("a key of some length")], at) is None
    assert find_refusal(recipe, request, [Secret("another of some length")], at) is not None
