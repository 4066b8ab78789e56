"""Which process drives which run, where several share a database."""

import sqlalchemy as sa
from alembic import op

revision = "0006_pre_handouts"
down_revision = "0005_pre_events"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "handouts",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_handouts"),
        sa.UniqueConstraint("workspace", "run", name="uq_handouts_workspace_run"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handouts_worker", "handouts", ["worker"])
