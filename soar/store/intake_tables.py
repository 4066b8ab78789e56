"""The tables of what keeps a flood of alerts small; see `soar.store.tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from soar.model.alert import Severity
from soar.store.rows import Choice, Json, Moment
from soar.store.tables import PlacedRow


class BurstRow(PlacedRow, table=True):
    """An alert with the number of its repeats."""

    __tablename__ = "bursts"
    __table_args__ = (
        UniqueConstraint("workspace", "alert"),
        Index(None, "workspace", "source", "fingerprint", "first_at"),
    )

    alert: str
    source: str
    fingerprint: str
    suppressed_by: str
    severity: Severity = Field(sa_type=Choice(Severity))
    count: int
    first_at: datetime = Field(sa_type=Moment)
    last_at: datetime = Field(sa_type=Moment)


class SampleRow(PlacedRow, table=True):
    """One of the first repeats of an alert."""

    __tablename__ = "samples"
    __table_args__ = (Index(None, "workspace", "alert"),)

    alert: str
    delivery: str
    at: datetime = Field(sa_type=Moment)
    raw: Any = Field(sa_type=Json)


class SuppressionRow(PlacedRow, table=True):
    """A rule under which alerts start nothing."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("workspace", "id"),)

    id: str
    match: str
    reason: str
    created_by: str
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
