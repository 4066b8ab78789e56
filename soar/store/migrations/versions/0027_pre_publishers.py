"""Who has published which revision, for good; questions decided together, and beforehand."""

import sqlalchemy as sa
from alembic import op

revision = "0027_pre_publishers"
down_revision = "0026_pre_reconcile"
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make room, and put down who has published what serves now; of what served before, nobody is known."""
    op.add_column("approvals", sa.Column("merged_into", sa.String(), nullable=True))
    op.create_table(
        "publishers",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "playbook", "digest", "published_by", name="pk_publishers"),
    )
    op.execute(
        "INSERT INTO publishers (workspace, playbook, digest, published_by) "
        "SELECT workspace, playbook, digest, published_by FROM publications"
    )
    _create_standing_approvals()


def _create_standing_approvals() -> None:
    op.create_table(
        "standing_approvals",
        sa.Column("position", _COUNT, primary_key=True, autoincrement=True, nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("targets", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.Column("signed_at", _MOMENT, nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.UniqueConstraint("workspace", "id", name="uq_standing_approvals_workspace_id"),
    )
    op.create_index(
        "ix_standing_approvals_workspace_action_playbook", "standing_approvals", ["workspace", "action", "playbook"]
    )
