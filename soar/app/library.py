"""The playbooks that serve: read from a folder, checked, and read again when a file changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from soar.model.catalog import Catalog
from soar.model.errors import NotFoundError
from soar.model.playbook import Playbook, Revision
from soar.playbook import Finding, Loaded, list_files, load_file, validate_text
from soar.policy import Policy

_SUFFIX = ".yaml"


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

    def check_file(self, file: Path) -> Loaded:
        """Check a file.

        Raises:
            OSError: it cannot be read.
        """
        return load_file(file, catalog=self._catalog, policy=self._policy, known_sources=self._sources)


class Library:
    """The good playbooks of a folder. A file that turns bad leaves its last good revision serving.

    Args:
        folder: where the files are.
        checker: checks them.
    """

    def __init__(self, folder: Path, checker: Checker) -> None:
        self._folder = folder
        self._checker = checker
        self._serving: dict[str, Loaded] = {}
        self._seen: dict[Path, tuple[int, int]] = {}

    def current(self) -> Mapping[str, Playbook]:
        """Return the playbooks that serve, by id."""
        return {id_: loaded.playbook for id_, loaded in self._serving.items() if loaded.playbook is not None}

    def text(self, playbook: str) -> str:
        """Return one's document.

        Raises:
            NotFoundError: there is none with this id.
        """
        loaded = self._serving.get(playbook)
        if loaded is None:
            raise NotFoundError(f"no playbook {playbook}", hint="`soar playbook list` shows them")
        return loaded.text

    def validate(self, playbook: str, text: str) -> list[Finding]:
        """Check a document as if it were this playbook."""
        return self._checker.check(playbook, text, f"{playbook}{_SUFFIX}")[1]

    def refresh(self) -> list[Loaded]:
        """Read the files that changed since the last time; return what became of each, the bad ones included."""
        files = list_files(self._folder)
        changed: list[Loaded] = []
        for file in files:
            status = file.stat()
            mark = (status.st_mtime_ns, status.st_size)
            if self._seen.get(file) != mark:
                self._seen[file] = mark
                changed.append(self._checker.check_file(file))
        for loaded in changed:
            if loaded.playbook is not None:
                self._serving[loaded.playbook.id] = loaded
        self._forget_gone(files)
        return changed

    def _forget_gone(self, files: Sequence[Path]) -> None:
        kept = {file.name.removesuffix(_SUFFIX) for file in files}
        self._serving = {id_: loaded for id_, loaded in self._serving.items() if id_ in kept}
        self._seen = {file: mark for file, mark in self._seen.items() if file in files}


def to_revision(loaded: Loaded, at: datetime) -> Revision | None:
    """Return a good file as the revision that runs are pinned to."""
    playbook = loaded.playbook
    if playbook is None:
        return None
    return Revision(
        playbook=playbook.id, digest=playbook.revision, text=loaded.text, created_at=at, author="system:files"
    )
