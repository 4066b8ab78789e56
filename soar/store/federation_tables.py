"""The tables of people, groups and logins that come from an identity provider."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from soar.store.rows import Moment, TextSet
from soar.store.tables import PlacedRow, Row


class PendingLoginRow(Row, table=True):
    """A login that was begun at the identity provider."""

    __tablename__ = "pending_logins"

    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    is_fresh: bool
    to: str
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)


class SignOnRow(Row, table=True):
    """A login that came from one at the identity provider."""

    __tablename__ = "sign_ons"
    __table_args__ = (Index(None, "workspace", "issuer", "subject"),)

    workspace: str = Field(primary_key=True)
    session: str = Field(primary_key=True)
    issuer: str
    subject: str
    sid: str | None
    expires_at: datetime = Field(sa_type=Moment)


class SpentTokenRow(Row, table=True):
    """A token of the identity provider that counts once, and has counted."""

    __tablename__ = "spent_tokens"

    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=Moment)


class AccountRow(PlacedRow, table=True):
    """A person as the identity provider knows them."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        UniqueConstraint("workspace", "issuer", "subject"),
        Index(None, "workspace", "handle"),
    )

    id: str
    issuer: str
    subject: str | None
    user_name: str
    handle: str
    display_name: str
    is_active: bool
    created_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)


class GroupRow(PlacedRow, table=True):
    """A group of people, kept by the identity provider."""

    __tablename__ = "directory_groups"
    __table_args__ = (UniqueConstraint("workspace", "id"), UniqueConstraint("workspace", "name"))

    id: str
    name: str
    external_id: str | None
    members: Any = Field(sa_type=TextSet)
    created_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)
