"""How sure we were of those who agreed to a standing approval."""

import sqlalchemy as sa
from alembic import op

revision = "0029_pre_assurance"
down_revision = "0028_pre_heard"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of those who agreed so far no second factor was asked."""
    op.add_column("standing_approvals", sa.Column("assurance", sa.String(), nullable=False, server_default="linked"))
