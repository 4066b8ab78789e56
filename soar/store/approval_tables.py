"""The tables of questions to people, and of who answers them in whose place; see `soar.store.tables`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from soar.model.approval import ApprovalStatus
from soar.model.step import Assurance
from soar.store.rows import (
    CardText,
    Choice,
    CourseText,
    Escalations,
    Form,
    Json,
    Moment,
    Moments,
    ReplyText,
    Texts,
    Votes,
)
from soar.store.tables import PlacedRow


class ApprovalRow(PlacedRow, table=True):
    """A question to people."""

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        Index(None, "workspace", "code"),
        Index(None, "workspace", "position"),
        Index(None, "workspace", "status", "position"),
        Index(None, "workspace", "run"),
        Index(None, "workspace", "playbook", "step"),
    )

    id: str
    code: str
    run: str
    step: str
    playbook: str
    revision: str
    digest: str
    status: ApprovalStatus = Field(sa_type=Choice(ApprovalStatus))
    card: Any = Field(sa_type=CardText)
    by: Any = Field(sa_type=Texts)
    exclude_users: Any = Field(sa_type=Json)
    quorum: int
    has_veto: bool
    assurance: Assurance = Field(sa_type=Choice(Assurance))
    confirm: str
    comment: str
    channel: str
    asked_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    escalations: Any = Field(sa_type=Escalations)
    remind_at: Any = Field(sa_type=Moments)
    reminded: int
    votes: Any = Field(sa_type=Votes)
    decided_at: datetime | None = Field(sa_type=Moment)
    reason: str | None
    version: int
    fields: Any = Field(sa_type=Form)
    reply: Any = Field(sa_type=ReplyText)
    course: Any = Field(sa_type=CourseText)
    merged_into: str | None


class StandingApprovalRow(PlacedRow, table=True):
    """A yes that two people give beforehand."""

    __tablename__ = "standing_approvals"
    __table_args__ = (UniqueConstraint("workspace", "id"), Index(None, "workspace", "action", "playbook"))

    id: str
    action: str
    playbook: str
    revision: str
    targets: str
    reason: str
    proposed_by: str
    proposed_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    signed_by: str | None
    signed_at: datetime | None = Field(sa_type=Moment)
    revoked_by: str | None
    revoked_at: datetime | None = Field(sa_type=Moment)
    uses: int
    used_at: datetime | None = Field(sa_type=Moment)


class DelegationRow(PlacedRow, table=True):
    """Somebody who votes in somebody else's place."""

    __tablename__ = "delegations"
    __table_args__ = (UniqueConstraint("workspace", "id"), Index(None, "workspace", "expires_at"))

    id: str
    giver: str
    receiver: str
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(sa_type=Moment)
