"""Runs that others have started, and runs that are kept apart."""

import sqlalchemy as sa
from alembic import op

revision = "0002_pre_calls"
down_revision = "0001_pre_initial"
branch_labels = None
depends_on = None

_SHARED = sa.text("concurrency_key IS NOT NULL AND finished_at IS NULL")


def upgrade() -> None:
    """Let a run know its parent and its key."""
    for name in ("parent", "parent_step", "concurrency_key"):
        op.add_column("runs", sa.Column(name, sa.String(), nullable=True))
    for name in ("depth", "concurrency_max"):
        op.add_column("runs", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_runs_shared", "runs", ["workspace", "concurrency_key"], sqlite_where=_SHARED, postgresql_where=_SHARED
    )
