"""Playbook texts by their digest."""

from soar.model.playbook import Revision
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.tables import REVISIONS

_REVISIONS = Rows(REVISIONS, Revision, key=("digest",))
_GET = _REVISIONS.where("digest")
_FIND_LATEST = _REVISIONS.where("playbook").order_by(_REVISIONS.table.c.created_at.desc()).limit(1)


class Revisions(Repository):
    """The playbook revisions of a workspace; none is ever changed."""

    __slots__ = ()

    def put(self, revision: Revision) -> None:
        """Keep a revision; if its digest is there, nothing happens."""
        self._insert(_REVISIONS, revision)

    def get(self, digest: str) -> Revision | None:
        """Return the revision with this digest."""
        return self._first(_REVISIONS, _GET, given_digest=digest)

    def find_latest(self, playbook: str) -> Revision | None:
        """Return the revision of a playbook that came last; None if none ever served."""
        return self._first(_REVISIONS, _FIND_LATEST, given_playbook=playbook)
