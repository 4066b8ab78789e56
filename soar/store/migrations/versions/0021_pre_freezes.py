"""What is frozen, and the writes that caps count; writes from before are not counted."""

import sqlalchemy as sa
from alembic import op

revision = "0021_pre_freezes"
down_revision = "0020_pre_pollers"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make room for both."""
    _create_freezes()
    _create_deeds()


def _create_freezes() -> None:
    op.create_table(
        "freezes",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.String(), nullable=False),
        sa.Column("lift_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_asked_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_freezes"),
        sa.UniqueConstraint("workspace", "id", name="uq_freezes_workspace_id"),
    )


def _create_deeds() -> None:
    op.create_table(
        "deeds",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("targets", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("was_asked", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_deeds"),
        sa.UniqueConstraint("workspace", "run", "step", name="uq_deeds_workspace_run_step"),
    )
    op.create_index("ix_deeds_workspace_action_at", "deeds", ["workspace", "action", "at"])
    op.create_index("ix_deeds_workspace_at", "deeds", ["workspace", "at"])
