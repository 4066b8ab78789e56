"""The tables of chats that are not ours; see `soar.store.tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from soar.store.rows import Moment, Texts
from soar.store.tables import Row


class ChatAccountRow(Row, table=True):
    """A linked account."""

    __tablename__ = "chat_accounts"
    __table_args__ = (Index(None, "workspace", "user"),)

    workspace: str = Field(primary_key=True)
    platform: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    user: str
    linked_at: datetime = Field(sa_type=Moment)


class ChatLinkRow(Row, table=True):
    """An account that wants to be linked."""

    __tablename__ = "chat_links"

    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    platform: str
    team: str
    account: str
    expires_at: datetime = Field(sa_type=Moment)


class PostedCardRow(Row, table=True):
    """A question's card."""

    __tablename__ = "posted_cards"
    __table_args__ = (Index(None, "workspace", "is_done", "due_at"),)

    workspace: str = Field(primary_key=True)
    approval: str = Field(primary_key=True)
    channel: str
    place: str
    message: str
    nonce: str
    version: int
    told: Any = Field(sa_type=Texts)
    due_at: datetime = Field(sa_type=Moment)
    tries: int
    is_done: bool


class HeardEventRow(Row, table=True):
    """Something that was heard in a chat."""

    __tablename__ = "heard_events"
    __table_args__ = (Index(None, "workspace", "at"),)

    workspace: str = Field(primary_key=True)
    platform: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    account: str
    at: datetime = Field(sa_type=Moment)
    approval: str
