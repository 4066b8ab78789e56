"""How far sources have come that are polled."""

from sqlalchemy import Integer, Table

from soar.store.columns import METADATA, column, key, optional
from soar.store.rows import Json, Moment

POLLERS = Table(
    "pollers",
    METADATA,
    key("workspace"),
    key("source"),
    column("cursor", Json),
    optional("holder"),
    optional("until", Moment),
    optional("due_at", Moment),
    optional("polled_at", Moment),
    optional("stored_at", Moment),
    column("failures", Integer),
    optional("fault"),
)
"""A source that is polled."""
