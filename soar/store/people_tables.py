"""The tables of how people prove who they are, and of emergency access; see `soar.store.tables`."""

from sqlalchemy import BigInteger, Index, LargeBinary, Table, UniqueConstraint

from soar.model.factor import CodePurpose, FactorKind
from soar.store.columns import METADATA, column, key, optional, placed
from soar.store.rows import Choice, Moment

FACTORS = Table(
    "factors",
    METADATA,
    *placed(),
    column("id"),
    column("user"),
    column("kind", Choice(FactorKind)),
    column("name"),
    column("material", LargeBinary),
    column("handle"),
    column("counter", BigInteger),
    column("created_at", Moment),
    optional("confirmed_at", Moment),
    optional("used_at", Moment),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "user"),
)
"""A second factor of a person."""

ONE_TIME_CODES = Table(
    "one_time_codes",
    METADATA,
    key("workspace"),
    key("key"),
    column("user"),
    column("purpose", Choice(CodePurpose)),
    column("created_at", Moment),
    optional("expires_at", Moment),
    Index(None, "workspace", "user", "purpose"),
)
"""A code that counts once."""

OPENINGS = Table(
    "openings",
    METADATA,
    *placed(),
    column("id"),
    column("user"),
    column("reason"),
    column("opened_by"),
    column("opened_at", Moment),
    column("expires_at", Moment),
    optional("closed_at", Moment),
    column("closed_by"),
    optional("reviewed_at", Moment),
    column("reviewed_by"),
    column("review"),
    UniqueConstraint("workspace", "id"),
)
"""An hour of emergency access."""
