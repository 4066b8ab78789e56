"""Alerts with the number of their repeats, and rules under which alerts start nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0018_pre_bursts"
down_revision = "0017_pre_publishing"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SUPPRESSED = sa.text("suppressed_by IS NOT NULL")


def upgrade() -> None:
    """Make room for both; what is stored was taken by no rule, and has no repeats."""
    op.add_column("alerts", sa.Column("suppressed_by", sa.String(), nullable=True))
    op.create_index(
        "ix_alerts_suppressed",
        "alerts",
        ["workspace", "suppressed_by"],
        sqlite_where=_SUPPRESSED,
        postgresql_where=_SUPPRESSED,
    )
    op.create_table(
        "suppressions",
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("match", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_suppressions"),
        sa.UniqueConstraint("workspace", "id", name="uq_suppressions_workspace_id"),
    )
    _make_bursts()


def _make_bursts() -> None:
    op.create_table(
        "bursts",
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("suppressed_by", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_bursts"),
        sa.UniqueConstraint("workspace", "alert", name="uq_bursts_workspace_alert"),
    )
    op.create_index(
        "ix_bursts_workspace_source_fingerprint_first_at", "bursts", ["workspace", "source", "fingerprint", "first_at"]
    )
    op.create_table(
        "samples",
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_samples"),
    )
    op.create_index("ix_samples_workspace_alert", "samples", ["workspace", "alert"])
