"""Large values of journals, a breaker for each host, and runs that are open."""

import sqlalchemy as sa
from alembic import op

revision = "0010_pre_blobs"
down_revision = "0009_pre_sign_on"
branch_labels = None
depends_on = None

_OPEN = sa.text("finished_at IS NULL")


def upgrade() -> None:
    """Make room for what is too large for a journal's entry; entries that are there stay as they are.

    Breakers from before say no host and are forgotten: the next few failures open them again.
    """
    op.create_table(
        "blobs",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "run", "id", name="pk_blobs"),
    )
    op.drop_table("breakers")
    op.create_table(
        "breakers",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "connection", "host", name="pk_breakers"),
    )
    op.create_index("ix_runs_open", "runs", ["workspace", "parent"], sqlite_where=_OPEN, postgresql_where=_OPEN)
