"""What was given up on, and which run another one tries again."""

import sqlalchemy as sa
from alembic import op

revision = "0007_pre_dead_letters"
down_revision = "0006_pre_handouts"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make room for dead letters; a timer counts its failures, a run names the one it tries again."""
    op.create_table(
        "dead_letters",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_dead_letters"),
        sa.UniqueConstraint("workspace", "id", name="uq_dead_letters_workspace_id"),
    )
    op.create_index("ix_dead_letters_workspace_position", "dead_letters", ["workspace", "position"])
    op.add_column("timers", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("timers", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("runs", sa.Column("retry_of", sa.String(), nullable=True))
    op.create_index("ix_runs_workspace_retry_of", "runs", ["workspace", "retry_of"])
