"""A question has a card in each channel in which it is told, no longer one alone."""

from alembic import op

revision = "0030_pre_channels"
down_revision = "0029_pre_assurance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let cards of one question stand side by side; those that are there stay."""
    with op.batch_alter_table("posted_cards") as cards:
        cards.drop_constraint("pk_posted_cards", type_="primary")
        cards.create_primary_key("pk_posted_cards", ["workspace", "approval", "channel"])
