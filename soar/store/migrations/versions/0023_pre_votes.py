"""What becomes of questions besides votes, and who votes in whose place."""

import sqlalchemy as sa
from alembic import op

revision = "0023_pre_votes"
down_revision = "0022_pre_sightings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of delegations, and room beside questions; older ones have nothing there."""
    op.add_column("approvals", sa.Column("course", sa.String(), nullable=False, server_default="{}"))
    op.create_table(
        "delegations",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("giver", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_delegations"),
        sa.UniqueConstraint("workspace", "id", name="uq_delegations_workspace_id"),
    )
    op.create_index("ix_delegations_workspace_expires_at", "delegations", ["workspace", "expires_at"])
