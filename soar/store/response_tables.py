"""The table of active responses; see `soar.store.tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from soar.model.response import ResponseStatus, Sighting
from soar.store.rows import Choice, Json, Moment, Texts
from soar.store.tables import PlacedRow


class ResponseRow(PlacedRow, table=True):
    """An active response."""

    __tablename__ = "responses"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        Index(None, "workspace", "position"),
        Index(None, "workspace", "status", "position"),
        Index(None, "workspace", "run"),
        Index(None, "workspace", "lift_run"),
        Index(None, "workspace", "check_run"),
    )

    id: str
    run: str
    step: str
    action: str
    connection: str
    targets: Any = Field(sa_type=Texts)
    undo_action: str
    undo_arguments: Any = Field(sa_type=Json)
    status: ResponseStatus = Field(sa_type=Choice(ResponseStatus))
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime | None = Field(sa_type=Moment)
    lift_run: str | None
    lifted_at: datetime | None = Field(sa_type=Moment)
    fault: str | None
    owner: str | None
    channel: str
    check_action: str | None
    check_arguments: Any = Field(sa_type=Json)
    check_connection: str | None
    check_run: str | None
    sighting: Sighting | None = Field(sa_type=Choice(Sighting))
    checked_at: datetime | None = Field(sa_type=Moment)
    check_asked_at: datetime | None = Field(sa_type=Moment)
    gone_at: datetime | None = Field(sa_type=Moment)
    pages: int
