"""The tables of people, groups and logins that come from an identity provider."""

from sqlalchemy import Boolean, Index, Table, UniqueConstraint

from soar.store.columns import METADATA, column, key, optional, placed
from soar.store.rows import Moment, TextSet

PENDING_LOGINS = Table(
    "pending_logins",
    METADATA,
    key("workspace"),
    key("key"),
    column("is_fresh", Boolean),
    column("to"),
    column("created_at", Moment),
    column("expires_at", Moment),
)
"""A login that was begun at the identity provider."""

SIGN_ONS = Table(
    "sign_ons",
    METADATA,
    key("workspace"),
    key("session"),
    column("issuer"),
    column("subject"),
    optional("sid"),
    column("expires_at", Moment),
    Index(None, "workspace", "issuer", "subject"),
)
"""A login that came from one at the identity provider."""

SPENT_TOKENS = Table(
    "spent_tokens",
    METADATA,
    key("workspace"),
    key("key"),
    column("expires_at", Moment),
)
"""A token of the identity provider that counts once, and has counted."""

ACCOUNTS = Table(
    "accounts",
    METADATA,
    *placed(),
    column("id"),
    column("issuer"),
    optional("subject"),
    column("user_name"),
    column("handle"),
    column("display_name"),
    column("is_active", Boolean),
    column("created_at", Moment),
    column("changed_at", Moment),
    UniqueConstraint("workspace", "id"),
    UniqueConstraint("workspace", "issuer", "subject"),
    Index(None, "workspace", "handle"),
)
"""A person as the identity provider knows them."""

DIRECTORY_GROUPS = Table(
    "directory_groups",
    METADATA,
    *placed(),
    column("id"),
    column("name"),
    optional("external_id"),
    column("members", TextSet),
    column("created_at", Moment),
    column("changed_at", Moment),
    UniqueConstraint("workspace", "id"),
    UniqueConstraint("workspace", "name"),
)
"""A group of people, kept by the identity provider."""
