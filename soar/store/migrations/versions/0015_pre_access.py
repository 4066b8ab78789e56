"""Roles for a part of the world, teams, and limits of tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0015_pre_access"
down_revision = "0014_pre_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for them; who was there before holds no grant and belongs to no team."""
    op.add_column("users", sa.Column("grants", sa.String(), nullable=False, server_default="[]"))
    op.add_column("users", sa.Column("teams", sa.String(), nullable=False, server_default="[]"))
    op.add_column("tokens", sa.Column("within", sa.String(), nullable=False, server_default="null"))
    op.add_column("cases", sa.Column("team", sa.String(), nullable=True))
