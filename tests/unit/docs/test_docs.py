"""Documents hold true: their playbooks validate, their commands exist, their links lead somewhere."""

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from soar.app.connections import parse_connections
from soar.app.documents import read_yaml
from soar.app.settings import load_settings
from soar.cli.main import NOUNS, VERBS
from soar.ingest.source import parse_source
from soar.model.catalog import Catalog
from soar.playbook import render_text, validate_text
from soar.policy import DEFAULT_POLICY
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.load import load_connectors
from soar.registry.quality import Rule
from soar.sdk.manifest import Manifest
from tests.support.repository import ROOT, relative

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TAKEN_LATER = {ROOT / "docs" / "images" / "approval-light.png"}

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (?P<path>[\w./-]+\.(?:yaml|service))\n")
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
    assert source.mapped.title is not None


@pytest.mark.parametrize("block", CONNECTIONS, ids=name_block)
def test_connections_that_are_shown_are_good(block: Block, catalog: Catalog) -> None:
    shown = [Manifest.model_validate(read_yaml(one.text, one.file)) for one in BLOCKS if "manifest.yaml" in one.file]
    own = {manifest.id: catalog.connectors["http"] for manifest in shown}
    assert parse_connections(read_yaml(block.text, block.file), Catalog({**catalog.connectors, **own}))


def test_settings_that_are_shown_are_good(tmp_path: Path) -> None:
    (block,) = (block for block in BLOCKS if block.file.endswith("soar.yaml"))
    file = tmp_path / "soar.yaml"
    file.write_text(block.text, "utf-8")
    assert load_settings(file).server.url == "https://soar.example"


def test_a_quality_scale_that_is_shown_says_something_of_every_rule() -> None:
    (block,) = (block for block in BLOCKS if block.file.endswith("quality.yaml"))
    document = read_yaml(block.text, block.file)
    assert isinstance(document, dict)
    assert isinstance(document["rules"], dict)
    assert set(document["rules"]) == set(Rule)


def find_command(words: list[str]) -> tuple[TyperCommand, list[str]]:
    """Return the command that a line names, and the words behind its name."""
    module = VERBS[words[0]][0] if words[0] in VERBS else words[0]
    assert words[0] in VERBS or words[0] in NOUNS, f"there is no `soar {words[0]}`"
    root = get_command(importlib.import_module(f"soar.cli.{module}").commands)
    name = words[0] if words[0] in VERBS else words[1]
    command = root.commands.get(name) if isinstance(root, TyperGroup) else root
    assert isinstance(command, TyperCommand), f"there is no `soar {' '.join(words[:2])}`"
    return command, words[1:] if words[0] in VERBS else words[2:]


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
        options = {name for option in command.params if isinstance(option, TyperOption) for name in option.opts}
        typed = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert typed <= {*options, "--help"}, document


@pytest.mark.parametrize(
    "line",
    ["soar demo --port 1", "soar run retry run_1", "soar backup file", "soar login --name ann && soar case list"],
)
def test_a_command_that_does_not_exist_is_noticed(line: str) -> None:
    with pytest.raises(AssertionError):
        test_a_command_that_is_shown_exists_with_its_options("here", line)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"], ids=name_block)
def test_code_that_is_shown_can_be_read(block: Block) -> None:
    compile(block.text, block.document, "exec")


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
