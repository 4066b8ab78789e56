"""The tables of questions to people, and of who answers them in whose place; see `soar.store.tables`."""

from sqlalchemy import Boolean, Index, Integer, Table, UniqueConstraint

from soar.model.approval import ApprovalStatus
from soar.model.step import Assurance
from soar.store.columns import METADATA, column, optional, placed
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

APPROVALS = Table(
    "approvals",
    METADATA,
    *placed(),
    column("id"),
    column("code"),
    column("run"),
    column("step"),
    column("playbook"),
    column("revision"),
    column("digest"),
    column("status", Choice(ApprovalStatus)),
    column("card", CardText),
    column("by", Texts),
    column("exclude_users", Json),
    column("quorum", Integer),
    column("has_veto", Boolean),
    column("assurance", Choice(Assurance)),
    column("confirm"),
    column("comment"),
    column("channel"),
    column("asked_at", Moment),
    column("expires_at", Moment),
    column("escalations", Escalations),
    column("remind_at", Moments),
    column("reminded", Integer),
    column("votes", Votes),
    optional("decided_at", Moment),
    optional("reason"),
    column("version", Integer),
    column("fields", Form),
    column("reply", ReplyText),
    column("course", CourseText),
    optional("merged_into"),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "code"),
    Index(None, "workspace", "position"),
    Index(None, "workspace", "status", "position"),
    Index(None, "workspace", "run"),
    Index(None, "workspace", "playbook", "step"),
)
"""A question to people."""

STANDING_APPROVALS = Table(
    "standing_approvals",
    METADATA,
    *placed(),
    column("id"),
    column("action"),
    column("playbook"),
    column("revision"),
    column("targets"),
    column("reason"),
    column("proposed_by"),
    column("proposed_at", Moment),
    column("expires_at", Moment),
    optional("signed_by"),
    optional("signed_at", Moment),
    optional("revoked_by"),
    optional("revoked_at", Moment),
    column("assurance", Choice(Assurance)),
    column("uses", Integer),
    optional("used_at", Moment),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "action", "playbook"),
)
"""A yes that two people give beforehand."""

DELEGATIONS = Table(
    "delegations",
    METADATA,
    *placed(),
    column("id"),
    column("giver"),
    column("receiver"),
    column("created_at", Moment),
    column("expires_at", Moment),
    optional("ended_at", Moment),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "expires_at"),
)
"""Somebody who votes in somebody else's place."""
