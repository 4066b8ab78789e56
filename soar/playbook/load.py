"""Playbooks in files, read and checked."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from soar.access.allowances import EVERYBODY, Allowances
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.playbook.check import validate_text
from soar.playbook.document import MAX_BYTES
from soar.playbook.finding import Finding
from soar.playbook.report import Report, quote
from soar.playbook.words import PLAYBOOK_ID
from soar.policy import Policy

_SUFFIX = ".yaml"
_TEST_SUFFIX = ".test.yaml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file holds.

    Attributes:
        playbook: None if it has errors.
        text: the document; empty if it could not be read.
        findings: everything found in it, sorted by line.
    """

    file: Path
    playbook: Playbook | None
    text: str
    findings: tuple[Finding, ...]


def list_files(path: Path) -> list[Path]:
    """Return the `<id>.yaml` of a folder, or the one file itself; without `<id>.test.yaml` and folders inside."""
    if path.is_file():
        return [path]
    files = sorted(file for file in path.glob(f"*{_SUFFIX}") if file.is_file())
    return [file for file in files if not file.name.endswith(_TEST_SUFFIX)]


def load_file(
    file: Path,
    *,
    catalog: Catalog,
    policy: Policy,
    known_sources: Collection[str] | None = None,
    allowances: Allowances = EVERYBODY,
    known_rotas: Collection[str] = (),
) -> Loaded:
    """Read and check a playbook's file.

    Args:
        file: the file; its name is the playbook's id.
        catalog: the installed connectors.
        policy: what stands above every playbook.
        known_sources: ids of the sources that are set up; None leaves sources unchecked.
        allowances: which playbooks connections and credentials are for.
        known_rotas: names of the rotas by which people are on call; without any, `oncall:` is left unchecked.

    Raises:
        OSError: the file cannot be read.
    """
    text, faults = read_file(file)
    if faults:
        return Loaded(file, None, "", tuple(faults))
    playbook, findings = validate_text(
        text,
        playbook_id=file.name.removesuffix(_SUFFIX),
        file=file.name,
        catalog=catalog,
        policy=policy,
        known_sources=known_sources,
        allowances=allowances,
        known_rotas=known_rotas,
    )
    return Loaded(file, playbook, text, tuple(findings))


def read_file(file: Path) -> tuple[str, list[Finding]]:
    """Return a file's text, or why it cannot be a playbook's; of a file too large no more is read than shows that.

    Raises:
        OSError: the file cannot be read.
    """
    report = Report("", file.name)
    name = file.name.removesuffix(_SUFFIX)
    if not PLAYBOOK_ID.fullmatch(name):
        message = f"{quote(name)} is no playbook id (lower case letters and digits, joined by hyphens)"
        report.add("P005", (1, 1), (), message, "rename the file")
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        report.add("P002", (1, 1), (), "the file is larger than 256 KiB", "split it up")
        return "", report.findings
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        report.add("P001", (line, 1), (), "the file is not UTF-8 text", "save it as UTF-8")
        text = ""
    return text, report.findings
