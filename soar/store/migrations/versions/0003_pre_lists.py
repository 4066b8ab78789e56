"""Lists that playbooks look values up in, their entries, and how a raised alert's like is found."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0003_pre_lists"
down_revision = "0002_pre_calls"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_RAISED = sa.text("source = 'soar'")


def upgrade() -> None:
    """Make both tables, and the index over the alerts that runs raise."""
    op.create_table(
        "lists",
        _text("workspace"),
        _text("name"),
        _moment("created_at", nullable=False),
        _text("created_by"),
        sa.PrimaryKeyConstraint("workspace", "name", name="pk_lists"),
    )
    op.create_table(
        "list_entries",
        _text("workspace"),
        sa.Column("position", _COUNT, nullable=False),
        _text("id"),
        _text("list"),
        _text("value"),
        _text("note"),
        _text("added_by"),
        _moment("added_at", nullable=False),
        _moment("expires_at", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_list_entries"),
        sa.UniqueConstraint("workspace", "id", name="uq_list_entries_workspace_id"),
        sa.UniqueConstraint("workspace", "list", "value", name="uq_list_entries_workspace_list_value"),
    )
    op.create_index("ix_list_entries_workspace_list_position", "list_entries", ["workspace", "list", "position"])
    op.create_index(
        "ix_alerts_raised", "alerts", ["workspace", "fingerprint"], sqlite_where=_RAISED, postgresql_where=_RAISED
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _moment(name: str, *, nullable: bool) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
