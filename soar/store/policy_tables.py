"""The tables of what the policy stops and counts; see `soar.store.tables`."""

from sqlalchemy import Boolean, Index, Integer, Table, UniqueConstraint

from soar.model.catalog import Effect
from soar.model.freeze import FreezeKind
from soar.store.columns import METADATA, column, optional, placed
from soar.store.rows import Choice, Moment, Texts

FREEZES = Table(
    "freezes",
    METADATA,
    *placed(),
    column("id"),
    column("kind", Choice(FreezeKind)),
    column("name"),
    column("reason"),
    column("frozen_at", Moment),
    column("frozen_by"),
    optional("lift_asked_at", Moment),
    column("lift_asked_by"),
    UniqueConstraint("workspace", "id"),
)
"""Something that is frozen."""

DEEDS = Table(
    "deeds",
    METADATA,
    *placed(),
    column("run"),
    column("step"),
    column("action"),
    column("connection"),
    column("effect", Choice(Effect)),
    column("targets", Texts),
    column("size", Integer),
    column("was_asked", Boolean),
    column("at", Moment),
    UniqueConstraint("workspace", "run", "step"),
    Index(None, "workspace", "action", "at"),
    Index(None, "workspace", "at"),
)
"""A write that was begun."""
