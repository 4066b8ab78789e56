"""The tables of credentials, and of the keys that they are sealed under."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field

from soar.model.secret import KeyStatus
from soar.store.rows import Choice, Moment, Texts
from soar.store.tables import PlacedRow


class CredentialRow(PlacedRow, table=True):
    """A version of a credential, encrypted."""

    __tablename__ = "credentials"
    __table_args__ = (UniqueConstraint("workspace", "id"), UniqueConstraint("workspace", "name", "version"))

    id: str
    name: str
    version: int
    blob: bytes = Field(sa_type=LargeBinary)
    hosts: Any = Field(sa_type=Texts)
    created_at: datetime = Field(sa_type=Moment)
    created_by: str
    is_reference: bool
    former_until: datetime | None = Field(sa_type=Moment)


class WorkspaceKeyRow(PlacedRow, table=True):
    """A workspace's key, wrapped."""

    __tablename__ = "workspace_keys"
    __table_args__ = (UniqueConstraint("workspace", "id"),)

    id: str
    kek: str
    wrapped: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Moment)


class EncryptionKeyRow(PlacedRow, table=True):
    """What a workspace knows of a key-encryption key."""

    __tablename__ = "encryption_keys"
    __table_args__ = (UniqueConstraint("workspace", "id"),)

    id: str
    status: KeyStatus = Field(sa_type=Choice(KeyStatus))
    created_at: datetime = Field(sa_type=Moment)
    created_by: str
    changed_at: datetime = Field(sa_type=Moment)
    condemned_by: str | None
