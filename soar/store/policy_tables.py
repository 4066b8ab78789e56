"""The tables of what the policy stops and counts; see `soar.store.tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from soar.model.catalog import Effect
from soar.model.freeze import FreezeKind
from soar.store.rows import Choice, Moment, Texts
from soar.store.tables import PlacedRow


class FreezeRow(PlacedRow, table=True):
    """Something that is frozen."""

    __tablename__ = "freezes"
    __table_args__ = (UniqueConstraint("workspace", "id"),)

    id: str
    kind: FreezeKind = Field(sa_type=Choice(FreezeKind))
    name: str
    reason: str
    frozen_at: datetime = Field(sa_type=Moment)
    frozen_by: str
    lift_asked_at: datetime | None = Field(sa_type=Moment)
    lift_asked_by: str


class DeedRow(PlacedRow, table=True):
    """A write that was begun."""

    __tablename__ = "deeds"
    __table_args__ = (
        UniqueConstraint("workspace", "run", "step"),
        Index(None, "workspace", "action", "at"),
        Index(None, "workspace", "at"),
    )

    run: str
    step: str
    action: str
    connection: str
    effect: Effect = Field(sa_type=Choice(Effect))
    targets: Any = Field(sa_type=Texts)
    size: int
    was_asked: bool
    at: datetime = Field(sa_type=Moment)
