"""People who come from an identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0009_pre_sign_on"
down_revision = "0008_pre_breakers"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make room for logins through an identity provider, and for the people and groups that it keeps."""
    _make_logins()
    _make_people()


def _make_logins() -> None:
    op.create_table(
        "pending_logins",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("is_fresh", sa.Boolean(), nullable=False),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "key", name="pk_pending_logins"),
    )
    op.create_table(
        "sign_ons",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sid", sa.String(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "session", name="pk_sign_ons"),
    )
    op.create_index("ix_sign_ons_workspace_issuer_subject", "sign_ons", ["workspace", "issuer", "subject"])
    op.create_table(
        "spent_tokens",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "key", name="pk_spent_tokens"),
    )


def _make_people() -> None:
    op.create_table(
        "accounts",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_accounts"),
        sa.UniqueConstraint("workspace", "id", name="uq_accounts_workspace_id"),
        sa.UniqueConstraint("workspace", "issuer", "subject", name="uq_accounts_workspace_issuer_subject"),
    )
    op.create_index("ix_accounts_workspace_handle", "accounts", ["workspace", "handle"])
    op.create_table(
        "directory_groups",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("members", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_directory_groups"),
        sa.UniqueConstraint("workspace", "id", name="uq_directory_groups_workspace_id"),
        sa.UniqueConstraint("workspace", "name", name="uq_directory_groups_workspace_name"),
    )
