"""Playbooks that are brought in over the API."""

import sqlalchemy as sa
from alembic import op

revision = "0017_pre_publishing"
down_revision = "0016_pre_shredding"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make room for what is proposed, and for what of it serves."""
    op.create_table(
        "drafts",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_drafts"),
    )
    op.create_index("ix_drafts_workspace_playbook_position", "drafts", ["workspace", "playbook", "position"])
    op.create_table(
        "publications",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("over", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "playbook", name="pk_publications"),
    )
