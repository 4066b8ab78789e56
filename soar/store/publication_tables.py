"""The tables of playbooks that are brought in over the API."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from soar.store.rows import Moment
from soar.store.tables import PlacedRow, Row


class DraftRow(PlacedRow, table=True):
    """The text of a playbook that somebody proposes."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "workspace", "playbook", "position"),)

    playbook: str
    digest: str
    text: str
    created_at: datetime = Field(sa_type=Moment)
    author: str


class PublicationRow(Row, table=True):
    """The draft of a playbook that serves."""

    __tablename__ = "publications"

    workspace: str = Field(primary_key=True)
    playbook: str = Field(primary_key=True)
    digest: str
    over: str
    published_at: datetime = Field(sa_type=Moment)
    published_by: str


class PublisherRow(Row, table=True):
    """Somebody who has published a revision; what serves later does not change that."""

    __tablename__ = "publishers"

    workspace: str = Field(primary_key=True)
    playbook: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    published_by: str = Field(primary_key=True)
