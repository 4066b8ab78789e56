"""The playbooks that serve: read from a folder, checked, and read again when a file changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from soar.model.catalog import Catalog
from soar.model.errors import InputError, NotFoundError
from soar.model.playbook import Playbook, Revision
from soar.playbook import Finding, Severity, validate_text
from soar.policy import Policy

_SUFFIX = ".yaml"
_TEST_SUFFIX = ".test.yaml"


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one file.

    Attributes:
        playbook: None if it has errors.
        text: the document; empty if it could not be read.
    """

    file: Path
    playbook: Playbook | None
    text: str
    findings: tuple[Finding, ...]


class Checker:
    """Checks documents against what is installed here.

    Args:
        catalog: the installed connectors.
        policy: what stands above every playbook.
        sources: ids of the sources that are set up.
    """

    def __init__(self, *, catalog: Catalog, policy: Policy, sources: Sequence[str]) -> None:
        self._catalog = catalog
        self._policy = policy
        self._sources = tuple(sources)

    def check(self, playbook_id: str, text: str, file: str) -> tuple[Playbook | None, list[Finding]]:
        """Return the playbook, or None if it has errors, and everything found."""
        return validate_text(
            text,
            playbook_id=playbook_id,
            file=file,
            catalog=self._catalog,
            policy=self._policy,
            known_sources=self._sources,
        )

    def check_file(self, file: Path) -> Checked:
        """Check a file.

        Raises:
            InputError: it cannot be read as UTF-8.
        """
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file} cannot be read: {error}", code="unreadable") from error
        playbook, findings = self.check(file.name.removesuffix(_SUFFIX), text, str(file))
        has_errors = any(finding.severity is Severity.ERROR for finding in findings)
        return Checked(file, None if has_errors else playbook, text, tuple(findings))


def list_files(path: Path) -> list[Path]:
    """Return the playbooks of a folder, or the one file itself, without their tests."""
    if path.is_file():
        return [path]
    return sorted(file for file in path.glob(f"*{_SUFFIX}") if not file.name.endswith(_TEST_SUFFIX))


class Library:
    """The good playbooks of a folder. A file that turns bad leaves its last good revision serving.

    Args:
        folder: where the files are.
        checker: checks them.
    """

    def __init__(self, folder: Path, checker: Checker) -> None:
        self._folder = folder
        self._checker = checker
        self._serving: dict[str, Checked] = {}
        self._seen: dict[Path, tuple[int, int]] = {}

    def current(self) -> Mapping[str, Playbook]:
        """Return the playbooks that serve, by id."""
        return {id_: checked.playbook for id_, checked in self._serving.items() if checked.playbook is not None}

    def text(self, playbook: str) -> str:
        """Return one's document.

        Raises:
            NotFoundError: there is none with this id.
        """
        checked = self._serving.get(playbook)
        if checked is None:
            raise NotFoundError(f"no playbook {playbook}", hint="`soar playbook list` shows them")
        return checked.text

    def validate(self, playbook: str, text: str) -> list[Finding]:
        """Check a document as if it were this playbook."""
        return self._checker.check(playbook, text, f"{playbook}{_SUFFIX}")[1]

    def refresh(self) -> list[Checked]:
        """Read the files that changed since the last time; return what became of each, the bad ones included."""
        files = list_files(self._folder)
        changed: list[Checked] = []
        for file in files:
            status = file.stat()
            mark = (status.st_mtime_ns, status.st_size)
            if self._seen.get(file) != mark:
                self._seen[file] = mark
                changed.append(self._checker.check_file(file))
        for checked in changed:
            if checked.playbook is not None:
                self._serving[checked.playbook.id] = checked
        self._forget_gone(files)
        return changed

    def _forget_gone(self, files: Sequence[Path]) -> None:
        kept = {file.name.removesuffix(_SUFFIX) for file in files}
        self._serving = {id_: checked for id_, checked in self._serving.items() if id_ in kept}
        self._seen = {file: mark for file, mark in self._seen.items() if file in files}


def to_revision(checked: Checked, at: datetime) -> Revision | None:
    """Return a good file as the revision that runs are pinned to."""
    playbook = checked.playbook
    if playbook is None:
        return None
    return Revision(
        playbook=playbook.id, digest=playbook.revision, text=checked.text, created_at=at, author="system:files"
    )
