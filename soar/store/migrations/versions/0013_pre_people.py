"""Second factors, one-time codes, emergency access, and more about people, logins and tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0013_pre_people"
down_revision = "0012_pre_keys"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_COUNT = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make room; everybody who is there is a person without an end, and no login has shown a second factor."""
    op.add_column("users", sa.Column("kind", sa.String(), nullable=False, server_default="person"))
    op.add_column("users", sa.Column("owner", sa.String(), nullable=True))
    op.add_column("users", sa.Column("expires_at", _MOMENT, nullable=True))
    op.add_column("sessions", sa.Column("mfa_at", _MOMENT, nullable=True))
    op.add_column("sessions", sa.Column("ip", sa.String(), nullable=True))
    op.add_column("sessions", sa.Column("agent", sa.String(), nullable=False, server_default=""))
    op.add_column("tokens", sa.Column("networks", sa.String(), nullable=False, server_default="[]"))
    op.add_column("tokens", sa.Column("used_ip", sa.String(), nullable=True))
    op.add_column("tokens", sa.Column("authenticated_at", _MOMENT, nullable=True))
    op.add_column("tokens", sa.Column("mfa_at", _MOMENT, nullable=True))
    _create_factors()
    _create_codes()
    _create_openings()


def _create_factors() -> None:
    op.create_table(
        "factors",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("material", sa.LargeBinary(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_factors"),
        sa.UniqueConstraint("workspace", "id", name="uq_factors_workspace_id"),
    )
    op.create_index("ix_factors_workspace_user", "factors", ["workspace", "user"])


def _create_codes() -> None:
    op.create_table(
        "one_time_codes",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("workspace", "key", name="pk_one_time_codes"),
    )
    op.create_index("ix_one_time_codes_workspace_user_purpose", "one_time_codes", ["workspace", "user", "purpose"])


def _create_openings() -> None:
    op.create_table(
        "openings",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("position", _COUNT, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("reviewed_at", _MOMENT, nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=False),
        sa.Column("review", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_openings"),
        sa.UniqueConstraint("workspace", "id", name="uq_openings_workspace_id"),
    )
