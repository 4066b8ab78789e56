"""Revisions of playbooks that are proposed and published over the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from soar.api.schemas.base import Incoming
from soar.api.schemas.playbooks import LONGEST_DOCUMENT, FindingView
from soar.model.playbook import Publication, Revision


class RevisionSent(Incoming):
    """A playbook's document, to be kept as a draft."""

    text: Annotated[str, Field(max_length=LONGEST_DOCUMENT)]


class PublicationWanted(Incoming):
    """Which draft is to serve, by its digest."""

    revision: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """A draft that was kept, and what is doubtful in it."""

    playbook: str
    revision: str
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionView:
    """A draft; `is_published` says that it is the one that was published last."""

    revision: str
    author: str
    created_at: datetime
    is_published: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionPage:
    """A playbook's drafts, newest first."""

    items: tuple[RevisionView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationView:
    """What serves now; `over` is the digest of the file that it serves in the place of, null where there is none."""

    playbook: str
    revision: str
    over: str | None
    published_at: datetime
    published_by: str
    may_destroy: bool


def view_revision(draft: Revision, publication: Publication | None) -> RevisionView:
    """Return a draft as lists show it."""
    return RevisionView(
        revision=draft.digest,
        author=draft.author,
        created_at=draft.created_at,
        is_published=publication is not None and publication.digest == draft.digest,
    )


def view_publication(publication: Publication, *, may_destroy: bool) -> PublicationView:
    """Return what was published."""
    return PublicationView(
        playbook=publication.playbook,
        revision=publication.digest,
        over=publication.over or None,
        published_at=publication.published_at,
        published_by=publication.published_by,
        may_destroy=may_destroy,
    )
