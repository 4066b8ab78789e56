"""What audit events are found by; those that are there already are looked at while the service runs."""

import sqlalchemy as sa
from alembic import op

revision = "0014_pre_search"
down_revision = "0013_pre_people"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TERM = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make room for the terms of audit events, and for how many have theirs."""
    op.create_table(
        "audit_terms",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("term", _TERM, nullable=False),
        sa.Column("sequence", _COUNT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("workspace", "term", "sequence", name="pk_audit_terms"),
        sqlite_with_rowid=False,
    )
    index = op.create_table(
        "audit_index",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("size", _COUNT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_index"),
    )
    op.bulk_insert(index, [{"id": 1, "size": 0}])
    op.create_index("ix_audit_workspace_at", "audit", ["workspace", "at"])
