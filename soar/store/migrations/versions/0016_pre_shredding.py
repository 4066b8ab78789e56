"""Salts for what may be erased from the audit; events from before have none, and stay whole."""

import sqlalchemy as sa
from alembic import op

revision = "0016_pre_shredding"
down_revision = "0015_pre_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for the salts."""
    op.add_column("audit", sa.Column("salts", sa.String(), nullable=False, server_default="{}"))
