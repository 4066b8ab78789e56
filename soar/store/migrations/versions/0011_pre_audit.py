"""How far each anchor of the audit record has come."""

import sqlalchemy as sa
from alembic import op

revision = "0011_pre_audit"
down_revision = "0010_pre_blobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for the anchors' places, so that one that was down gets what it missed, whatever restarts between."""
    op.create_table(
        "anchors",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("range", sa.String(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_anchors"),
    )
