"""Playbooks that are brought in over the API: what is proposed, and what of it serves."""

from dataclasses import dataclass

from soar.model.page import Page
from soar.model.playbook import Publication, Revision
from soar.store.publication_tables import DRAFTS, PUBLICATIONS, PUBLISHERS
from soar.store.repository import Repository
from soar.store.rows import Rows

_DRAFTS = Rows(DRAFTS, Revision)
_POSITION = _DRAFTS.table.c.position
_FIND = _DRAFTS.where("playbook", "digest").order_by(_POSITION)
_NEWEST = _DRAFTS.where("playbook").order_by(_POSITION.desc()).limit(1)

_PUBLICATIONS = Rows(PUBLICATIONS, Publication, key=("playbook",))
_SET = _PUBLICATIONS.upsert()
_GET = _PUBLICATIONS.where("playbook")
_LIST = _PUBLICATIONS.where().order_by(_PUBLICATIONS.table.c.playbook)


@dataclass(frozen=True, slots=True)
class _Publisher:
    """Somebody who has published a revision."""

    playbook: str
    digest: str
    published_by: str


_PUBLISHERS = Rows(PUBLISHERS, _Publisher, key=("playbook", "digest", "published_by"))
_PUBLISHED_BY = _PUBLISHERS.where("playbook", "digest").order_by(_PUBLISHERS.table.c.published_by)


class Drafts(Repository):
    """The texts of playbooks that people of a workspace have proposed; the same text can be proposed by several."""

    __slots__ = ()

    def add(self, draft: Revision) -> None:
        """Add a draft as the newest of its playbook."""
        self._insert(_DRAFTS, draft)

    def find(self, playbook: str, digest: str) -> tuple[Revision, ...]:
        """Return a playbook's drafts that have this text, the oldest first."""
        return self._all(_DRAFTS, _FIND, given_playbook=playbook, given_digest=digest)

    def newest(self, playbook: str) -> Revision | None:
        """Return the draft of a playbook that came last."""
        return self._first(_DRAFTS, _NEWEST, given_playbook=playbook)

    def page(self, playbook: str, limit: int, cursor: str | None) -> Page[Revision]:
        """Return a page of a playbook's drafts, newest first."""
        return self._page(_DRAFTS, limit, cursor, filters=(("playbook", playbook),))


class Publications(Repository):
    """Which drafts of a workspace's playbooks serve."""

    __slots__ = ()

    def set(self, publication: Publication) -> None:
        """Keep a publication in the place of the playbook's last one, and for good who has published what."""
        by = _Publisher(publication.playbook, publication.digest, publication.published_by)
        self._insert(_PUBLISHERS, by)
        values = {"workspace": self._workspace, **_PUBLICATIONS.dump(publication)}
        self._connection.execute(_SET.on(self._connection), values)

    def get(self, playbook: str) -> Publication | None:
        """Return a playbook's publication."""
        return self._first(_PUBLICATIONS, _GET, given_playbook=playbook)

    def publishers(self, playbook: str, digest: str) -> tuple[str, ...]:
        """Return the ids of all who ever published this revision of a playbook."""
        found = self._all(_PUBLISHERS, _PUBLISHED_BY, given_playbook=playbook, given_digest=digest)
        return tuple(each.published_by for each in found)

    def list(self) -> tuple[Publication, ...]:
        """Return all of them, by playbook."""
        return self._all(_PUBLICATIONS, _LIST)
