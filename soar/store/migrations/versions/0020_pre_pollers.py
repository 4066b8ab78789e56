"""Sources that are polled."""

import sqlalchemy as sa
from alembic import op

revision = "0020_pre_pollers"
down_revision = "0019_pre_doors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for how far each source has come, and for who polls it."""
    op.create_table(
        "pollers",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "source", name="pk_pollers"),
    )
