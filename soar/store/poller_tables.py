"""How far sources have come that are polled."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from soar.store.rows import Json, Moment
from soar.store.tables import Row


class PollerRow(Row, table=True):
    """A source that is polled."""

    __tablename__ = "pollers"

    workspace: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    cursor: Any = Field(sa_type=Json)
    holder: str | None
    until: datetime | None = Field(sa_type=Moment)
    due_at: datetime | None = Field(sa_type=Moment)
    polled_at: datetime | None = Field(sa_type=Moment)
    stored_at: datetime | None = Field(sa_type=Moment)
    failures: int
    fault: str | None
