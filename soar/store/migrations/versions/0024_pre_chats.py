"""Linked chat accounts and posted cards; questions are found by playbook and step, to say how those like them ended."""

import sqlalchemy as sa
from alembic import op

revision = "0024_pre_chats"
down_revision = "0023_pre_votes"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make room; nobody is linked yet."""
    op.create_index("ix_approvals_workspace_playbook_step", "approvals", ["workspace", "playbook", "step"])
    _create_accounts()
    _create_cards()


def _create_accounts() -> None:
    op.create_table(
        "chat_accounts",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("linked_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("workspace", "platform", "team", "account", name="pk_chat_accounts"),
    )
    op.create_index("ix_chat_accounts_workspace_user", "chat_accounts", ["workspace", "user"])
    op.create_table(
        "chat_links",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("workspace", "key", name="pk_chat_links"),
    )


def _create_cards() -> None:
    op.create_table(
        "posted_cards",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("approval", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "approval", name="pk_posted_cards"),
    )
    op.create_index("ix_posted_cards_workspace_is_done_due_at", "posted_cards", ["workspace", "is_done", "due_at"])
