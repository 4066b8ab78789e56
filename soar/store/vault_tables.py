"""The tables of credentials, and of the keys that they are sealed under."""

from sqlalchemy import Boolean, Integer, LargeBinary, Table, UniqueConstraint

from soar.model.secret import KeyStatus
from soar.store.columns import METADATA, column, optional, placed
from soar.store.rows import Choice, Moment, Texts

CREDENTIALS = Table(
    "credentials",
    METADATA,
    *placed(),
    column("id"),
    column("name"),
    column("version", Integer),
    column("blob", LargeBinary),
    column("hosts", Texts),
    column("created_at", Moment),
    column("created_by"),
    column("is_reference", Boolean),
    optional("former_until", Moment),
    UniqueConstraint("workspace", "id"),
    UniqueConstraint("workspace", "name", "version"),
)
"""A version of a credential, encrypted."""

WORKSPACE_KEYS = Table(
    "workspace_keys",
    METADATA,
    *placed(),
    column("id"),
    column("kek"),
    column("wrapped", LargeBinary),
    column("created_at", Moment),
    UniqueConstraint("workspace", "id"),
)
"""A workspace's key, wrapped."""

ENCRYPTION_KEYS = Table(
    "encryption_keys",
    METADATA,
    *placed(),
    column("id"),
    column("status", Choice(KeyStatus)),
    column("created_at", Moment),
    column("created_by"),
    column("changed_at", Moment),
    optional("condemned_by"),
    UniqueConstraint("workspace", "id"),
)
"""What a workspace knows of a key-encryption key."""
