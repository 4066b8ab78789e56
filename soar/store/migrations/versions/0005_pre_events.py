"""What happens in the service, and who waits for it."""

import sqlalchemy as sa
from alembic import op

revision = "0005_pre_events"
down_revision = "0004_pre_questions"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make room for events that are under way, for steps that wait for them and for playbooks that they start."""
    op.create_table(
        "happenings",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", _COUNT, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("data", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("playbook", sa.String(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_happenings"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "watches",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "run", "path", name="pk_watches"),
    )
    op.create_index("ix_watches_workspace_type", "watches", ["workspace", "type"])
    op.create_table(
        "event_triggers",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "type", "playbook", name="pk_event_triggers"),
    )
