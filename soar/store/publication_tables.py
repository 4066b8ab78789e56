"""The tables of playbooks that are brought in over the API."""

from sqlalchemy import Index, Table

from soar.store.columns import METADATA, column, key, placed
from soar.store.rows import Moment

DRAFTS = Table(
    "drafts",
    METADATA,
    *placed(),
    column("playbook"),
    column("digest"),
    column("text"),
    column("created_at", Moment),
    column("author"),
    Index(None, "workspace", "playbook", "position"),
)
"""The text of a playbook that somebody proposes."""

PUBLICATIONS = Table(
    "publications",
    METADATA,
    key("workspace"),
    key("playbook"),
    column("digest"),
    column("over"),
    column("published_at", Moment),
    column("published_by"),
)
"""The draft of a playbook that serves."""

PUBLISHERS = Table(
    "publishers",
    METADATA,
    key("workspace"),
    key("playbook"),
    key("digest"),
    key("published_by"),
)
"""Somebody who has published a revision; what serves later does not change that."""
