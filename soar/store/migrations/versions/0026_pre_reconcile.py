"""When an active response was last asked about, and since when it is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0026_pre_reconcile"
down_revision = "0025_pre_postings"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make room; whatever stands counts as asked about when it was made."""
    op.add_column("responses", sa.Column("check_asked_at", _MOMENT, nullable=True))
    op.add_column("responses", sa.Column("gone_at", _MOMENT, nullable=True))
