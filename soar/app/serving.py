"""Brings the playbooks that serve up to date with the folder and with what is published."""

from collections.abc import Sequence

import structlog

from soar.app.library import Library, Published, to_revision
from soar.model.clock import Clock
from soar.model.playbook import Publication, Revision
from soar.playbook import Loaded
from soar.store import Store, Unit


class Serving:
    """Lets playbooks serve; never called twice at a time.

    Args:
        library: the playbooks that serve.
        store: where texts are kept, so that runs can be pinned to them, and what is published.
        workspace: that the playbooks belong to.
        clock: for when a text was first seen.
    """

    def __init__(self, library: Library, *, store: Store, workspace: str, clock: Clock) -> None:
        self._library = library
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._known: tuple[Publication, ...] = ()

    async def refresh(self) -> list[Loaded]:
        """Read changed files and what is published, keep the good files' texts, and let them serve.

        Returns:
            The files that changed, the bad ones included.

        Raises:
            UnavailableError: nothing could be read or kept; the next time tries again.
        """
        changed = self._library.read_changed()
        published = await self._read_published()
        await self._keep(changed)
        self._library.serve(changed, published)
        for loaded in changed:
            _report_loaded(loaded, "the last good revision serves on")
        for one in published or ():
            if one.publication not in self._known:
                _report_loaded(one.loaded, "nothing serves in its place; publish another revision or change its file")
        self._known = self._known if published is None else tuple(one.publication for one in published)
        return changed

    async def _read_published(self) -> list[Published] | None:
        """Return everything that is published, checked; None if it is what it was."""

        def read(unit: Unit) -> list[tuple[Publication, Revision]] | None:
            found = unit.publications.list()
            if found == self._known:
                return None
            return [(one, draft) for one in found for draft in unit.drafts.find(one.playbook, one.digest)[:1]]

        found = await self._store.read(self._workspace, read)
        return None if found is None else [self._library.check_published(one, draft.text) for one, draft in found]

    async def _keep(self, changed: Sequence[Loaded]) -> None:
        at = self._clock.now()
        revisions = [revision for loaded in changed if (revision := to_revision(loaded, at)) is not None]

        def keep(unit: Unit) -> None:
            for revision in revisions:
                unit.revisions.put(revision)

        if revisions:
            await self._store.write(self._workspace, keep)


def _report_loaded(loaded: Loaded, otherwise: str) -> None:
    log = structlog.get_logger()
    if loaded.playbook is not None:
        log.info("playbook serves", action="library.serves", playbook=loaded.playbook.id)
        return
    for found in loaded.findings:
        said = f"{loaded.file}:{found.line}:{found.column}: {found.code} {found.message}"
        log.warning(said, action="library.refused", hint=found.hint)
    log.warning(otherwise, action="library.kept", file=str(loaded.file))
