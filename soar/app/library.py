"""The playbooks that serve: read from a folder or published, checked, and read again when they change."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from soar.access.allowances import EVERYBODY, Allowances
from soar.model.catalog import Catalog
from soar.model.errors import NotFoundError
from soar.model.playbook import Playbook, Publication, Revision
from soar.playbook import Finding, Loaded, Severity, list_files, load_file, validate_text
from soar.policy import Policy

_SUFFIX = ".yaml"
_Mark: TypeAlias = tuple[int, int, int]


class Checker:
    """Checks documents against what is installed here.

    Args:
        catalog: the installed connectors.
        policy: what stands above every playbook.
        sources: ids of the sources that are set up.
        allowances: which playbooks connections and credentials are for.
        rotas: names of those by which people are on call; without any, `oncall:` is left unchecked.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        policy: Policy,
        sources: Sequence[str],
        allowances: Allowances = EVERYBODY,
        rotas: Sequence[str] = (),
    ) -> None:
        self._catalog = catalog
        self._policy = policy
        self._sources = tuple(sources)
        self._allowances = allowances
        self._rotas = tuple(rotas)

    def check(self, playbook_id: str, text: str, file: str) -> tuple[Playbook | None, list[Finding]]:
        """Return the playbook, or None if it has errors, and everything found."""
        return validate_text(
            text,
            playbook_id=playbook_id,
            file=file,
            catalog=self._catalog,
            policy=self._policy,
            known_sources=self._sources,
            allowances=self._allowances,
            known_rotas=self._rotas,
        )

    def check_file(self, file: Path) -> Loaded:
        """Check a file; one that cannot be read is a bad one."""
        try:
            return load_file(
                file,
                catalog=self._catalog,
                policy=self._policy,
                known_sources=self._sources,
                allowances=self._allowances,
                known_rotas=self._rotas,
            )
        except OSError as error:
            return Loaded(file, None, "", (_report_unreadable(file, error),))


def _report_unreadable(file: Path, error: OSError) -> Finding:
    return Finding(
        code="P001",
        severity=Severity.ERROR,
        file=file.name,
        line=1,
        column=1,
        path="",
        message=f"the file cannot be read: {error.strerror}",
        hint="let the service's user read it",
        source_line="",
    )


@dataclass(frozen=True, slots=True)
class Published:
    """A published text, checked against what is installed now."""

    publication: Publication
    loaded: Loaded


class Library:
    """The playbooks that serve: the good ones of a folder, and those published over them.

    A file that turns bad leaves its last good revision serving. What was published serves as long as the file is the
    one that it was published over; if it is no longer good, nothing serves in its place.

    Args:
        folder: where the files are.
        checker: checks texts.
    """

    def __init__(self, folder: Path, checker: Checker) -> None:
        self._folder = folder
        self._checker = checker
        self._files: dict[str, Loaded] = {}
        self._published: tuple[Published, ...] = ()
        self._serving: dict[str, Loaded] = {}
        self._read: dict[Path, _Mark] = {}
        self._seen: dict[Path, _Mark] = {}

    def current(self) -> Mapping[str, Playbook]:
        """Return the playbooks that serve, by id."""
        return {id_: loaded.playbook for id_, loaded in self._serving.items() if loaded.playbook is not None}

    def text(self, playbook: str) -> str:
        """Return one's document.

        Raises:
            NotFoundError: there is none with this id.
        """
        loaded = self._serving.get(playbook)
        if loaded is None or loaded.playbook is None:
            raise NotFoundError(f"no playbook {playbook}", hint="`soar playbook list` shows them")
        return loaded.text

    def find_file(self, playbook: str) -> str:
        """Return the digest of the last good file of this playbook; empty if there is none."""
        loaded = self._files.get(playbook)
        return loaded.playbook.revision if loaded and loaded.playbook else ""

    def check(self, playbook: str, text: str) -> tuple[Playbook | None, list[Finding]]:
        """Return what a document would be as this playbook, or None if it has errors, and everything found."""
        return self._checker.check(playbook, text, f"{playbook}{_SUFFIX}")

    def check_published(self, publication: Publication, text: str) -> Published:
        """Check what was published; a text that was checked before is not read again."""
        for known in self._published:
            if (known.publication.playbook, known.loaded.text) == (publication.playbook, text):
                return Published(publication, known.loaded)
        playbook, findings = self.check(publication.playbook, text)
        return Published(publication, Loaded(Path(f"{publication.playbook}{_SUFFIX}"), playbook, text, tuple(findings)))

    def read_changed(self) -> list[Loaded]:
        """Read the files that changed since `serve` was told of them; return each, the bad ones included."""
        self._read = _mark_files(self._folder)
        return [self._checker.check_file(file) for file, mark in self._read.items() if self._seen.get(file) != mark]

    def serve(self, changed: Sequence[Loaded], published: Sequence[Published] | None = None) -> None:
        """Let what `read_changed` returned serve, and what is gone serve no more.

        Args:
            changed: the files.
            published: everything that is published; None if it is what it was.
        """
        good = {loaded.playbook.id: loaded for loaded in changed if loaded.playbook is not None}
        self._seen = self._read
        kept = {file.name.removesuffix(_SUFFIX) for file in self._seen}
        self._files = {id_: loaded for id_, loaded in {**self._files, **good}.items() if id_ in kept}
        self._published = self._published if published is None else tuple(published)
        self._serving = {**self._files, **self._find_standing()}  # others read it meanwhile

    def _find_standing(self) -> dict[str, Loaded]:
        return {
            one.publication.playbook: one.loaded
            for one in self._published
            if one.publication.over == self.find_file(one.publication.playbook)
        }


def _mark_files(folder: Path) -> dict[Path, _Mark]:
    """Return the playbooks' files, each with what tells one state of it from the next."""
    marks: dict[Path, _Mark] = {}
    for file in list_files(folder):
        with contextlib.suppress(FileNotFoundError):  # taken away since it was listed
            status = file.stat()
            marks[file] = (status.st_ino, status.st_ctime_ns, status.st_size)
    return marks


def to_revision(loaded: Loaded, at: datetime) -> Revision | None:
    """Return a good file as the revision that runs are pinned to."""
    playbook = loaded.playbook
    if playbook is None:
        return None
    return Revision(
        playbook=playbook.id, digest=playbook.revision, text=loaded.text, created_at=at, author="system:files"
    )
