"""Circuit breakers of connections."""

import sqlalchemy as sa
from alembic import op

revision = "0008_pre_breakers"
down_revision = "0007_pre_dead_letters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for the breakers, so that a restart leaves a dead product alone as well."""
    op.create_table(
        "breakers",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "connection", name="pk_breakers"),
    )
