"""The tables of what keeps a flood of alerts small; see `soar.store.tables`."""

from sqlalchemy import Index, Integer, Table, UniqueConstraint

from soar.model.alert import Severity
from soar.store.columns import METADATA, column, placed
from soar.store.rows import Choice, Json, Moment

BURSTS = Table(
    "bursts",
    METADATA,
    *placed(),
    column("alert"),
    column("source"),
    column("fingerprint"),
    column("suppressed_by"),
    column("severity", Choice(Severity)),
    column("count", Integer),
    column("first_at", Moment),
    column("last_at", Moment),
    UniqueConstraint("workspace", "alert"),
    Index(None, "workspace", "source", "fingerprint", "first_at"),
)
"""An alert with the number of its repeats."""

SAMPLES = Table(
    "samples",
    METADATA,
    *placed(),
    column("alert"),
    column("delivery"),
    column("at", Moment),
    column("raw", Json),
    Index(None, "workspace", "alert"),
)
"""One of the first repeats of an alert."""

SUPPRESSIONS = Table(
    "suppressions",
    METADATA,
    *placed(),
    column("id"),
    column("match"),
    column("reason"),
    column("created_by"),
    column("created_at", Moment),
    column("expires_at", Moment),
    UniqueConstraint("workspace", "id"),
)
"""A rule under which alerts start nothing."""
