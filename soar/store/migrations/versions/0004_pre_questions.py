"""What approvals need to ask for facts: the fields of the form, and what was answered.

Both columns are additive; a row that was there before asks for no facts and was not answered.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_pre_questions"
down_revision = "0003_pre_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("approvals", sa.Column("fields", sa.String(), nullable=False, server_default="{}"))
    op.add_column("approvals", sa.Column("reply", sa.String(), nullable=False, server_default="null"))
