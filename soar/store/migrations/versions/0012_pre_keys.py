"""Which key-encryption keys there are, so that one can take the place of another."""

import sqlalchemy as sa
from alembic import op

revision = "0012_pre_keys"
down_revision = "0011_pre_audit"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ADOPT = """
INSERT INTO encryption_keys (workspace, id, status, created_at, created_by, changed_at)
SELECT workspace, kek, 'wrapping', MIN(created_at), 'system', MIN(created_at)
FROM workspace_keys GROUP BY workspace, kek
"""


def upgrade() -> None:
    """Make room for what is known of the keys; the one in use wraps on. A credential may be a reference."""
    op.create_table(
        "encryption_keys",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("condemned_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_encryption_keys"),
        sa.UniqueConstraint("workspace", "id", name="uq_encryption_keys_workspace_id"),
    )
    op.execute(_ADOPT)
    op.add_column("credentials", sa.Column("is_reference", sa.Boolean(), nullable=False, server_default=sa.false()))
