"""The tables of how people prove who they are, and of emergency access; see `soar.store.tables`."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from soar.model.factor import CodePurpose, FactorKind
from soar.store.rows import Choice, Moment
from soar.store.tables import PlacedRow, Row


class FactorRow(PlacedRow, table=True):
    """A second factor of a person."""

    __tablename__ = "factors"
    __table_args__ = (UniqueConstraint("workspace", "id"), Index(None, "workspace", "user"))

    id: str
    user: str
    kind: FactorKind = Field(sa_type=Choice(FactorKind))
    name: str
    material: bytes = Field(sa_type=LargeBinary)
    handle: str
    counter: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=Moment)
    confirmed_at: datetime | None = Field(sa_type=Moment)
    used_at: datetime | None = Field(sa_type=Moment)


class OneTimeCodeRow(Row, table=True):
    """A code that counts once."""

    __tablename__ = "one_time_codes"
    __table_args__ = (Index(None, "workspace", "user", "purpose"),)

    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    user: str
    purpose: CodePurpose = Field(sa_type=Choice(CodePurpose))
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime | None = Field(sa_type=Moment)


class OpeningRow(PlacedRow, table=True):
    """An hour of emergency access."""

    __tablename__ = "openings"
    __table_args__ = (UniqueConstraint("workspace", "id"),)

    id: str
    user: str
    reason: str
    opened_by: str
    opened_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(sa_type=Moment)
    closed_by: str
    reviewed_at: datetime | None = Field(sa_type=Moment)
    reviewed_by: str
    review: str
