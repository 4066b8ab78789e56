"""What was heard in chats, so that it counts once."""

import sqlalchemy as sa
from alembic import op

revision = "0028_pre_heard"
down_revision = "0027_pre_publishers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; nothing was heard yet."""
    op.create_table(
        "heard_events",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approval", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "platform", "id", name="pk_heard_events"),
    )
    op.create_index("ix_heard_events_workspace_at", "heard_events", ["workspace", "at"])
