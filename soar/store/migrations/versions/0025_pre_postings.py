"""What audit events are found by takes a tenth of its rows; all of them are looked at anew while the service runs."""

import sqlalchemy as sa
from alembic import op

revision = "0025_pre_postings"
down_revision = "0024_pre_chats"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TERM = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make room for postings, in the place of a row for each event and term."""
    op.create_table(
        "audit_postings",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("term", _TERM, nullable=False),
        sa.Column("block", _COUNT, nullable=False, autoincrement=False),
        sa.Column("events", _COUNT, nullable=False),
        sa.PrimaryKeyConstraint("workspace", "term", "block", name="pk_audit_postings"),
        sqlite_with_rowid=False,
    )
    op.drop_table("audit_terms")
    op.execute(sa.text("UPDATE audit_index SET size = 0"))
