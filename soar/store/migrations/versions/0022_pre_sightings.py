"""Whose active responses are, what tells whether they still stand, and what was seen; nobody has looked before."""

import sqlalchemy as sa
from alembic import op

revision = "0022_pre_sightings"
down_revision = "0021_pre_freezes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for them; what is held from before is told of in the channel of approvals, and cannot be checked."""
    for name in ("owner", "check_action", "check_connection", "check_run", "sighting"):
        op.add_column("responses", sa.Column(name, sa.String(), nullable=True))
    op.add_column("responses", sa.Column("channel", sa.String(), nullable=False, server_default="#approvals"))
    op.add_column("responses", sa.Column("check_arguments", sa.String(), nullable=False, server_default="null"))
    op.add_column("responses", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("responses", sa.Column("pages", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_responses_workspace_check_run", "responses", ["workspace", "check_run"])
