"""How long the version of a credential before the newest is good."""

import sqlalchemy as sa
from alembic import op

revision = "0019_pre_doors"
down_revision = "0018_pre_bursts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for it; what was set before has no version before it that is still good."""
    op.add_column("credentials", sa.Column("former_until", sa.DateTime(timezone=True), nullable=True))
