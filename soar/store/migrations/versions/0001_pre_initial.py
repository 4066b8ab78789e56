"""The first schema.

Runs before the new code does (`pre`); nothing here is imported from the tables, so that it stays what it was.
"""

from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0001_pre_initial"
down_revision = None
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_RUNNABLE = sa.text("status IN ('queued', 'running')")


def upgrade() -> None:
    """Make every table."""
    _create_intake()
    _create_runs()
    _create_approvals()
    _create_responses()
    _create_identity()
    _create_secrets()
    _create_texts()
    _create_audit()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)  # of any length, in both databases


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _count(name: str, *, autoincrement: bool | Literal["auto"] = "auto") -> sa.Column[int]:
    return sa.Column(name, _COUNT, nullable=False, autoincrement=autoincrement)


def _integer(name: str, *, autoincrement: bool | Literal["auto"] = "auto") -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=autoincrement)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _create_intake() -> None:
    op.create_table(
        "workspaces",
        _text("name"),
        sa.PrimaryKeyConstraint("name", name="pk_workspaces"),
    )
    op.create_table(
        "alerts",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("source"),
        _text("delivery"),
        _moment("received_at"),
        _text("kind"),
        _text("title"),
        _text("severity"),
        _moment("time", nullable=True),
        _text("url", nullable=True),
        _text("entities"),
        _text("labels"),
        _text("fingerprint"),
        _text("raw"),
        sa.PrimaryKeyConstraint("position", name="pk_alerts"),
        sa.UniqueConstraint("workspace", "id", name="uq_alerts_workspace_id"),
    )
    op.create_index("ix_alerts_workspace_position", "alerts", ["workspace", "position"])
    op.create_table(
        "matches",
        _text("workspace"),
        _count("position"),
        _text("alert"),
        _text("playbook"),
        _text("relation"),
        _text("run", nullable=True),
        _text("reason", nullable=True),
        _moment("at"),
        sa.PrimaryKeyConstraint("position", name="pk_matches"),
    )
    op.create_index("ix_matches_workspace_alert", "matches", ["workspace", "alert"])
    op.create_table(
        "dedupe_keys",
        _text("workspace"),
        _count("position"),
        _text("playbook"),
        _text("key"),
        _text("run"),
        _moment("at"),
        sa.PrimaryKeyConstraint("position", name="pk_dedupe_keys"),
    )
    op.create_index("ix_dedupe_keys_workspace_playbook_key_at", "dedupe_keys", ["workspace", "playbook", "key", "at"])
    op.create_table(
        "deliveries",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("source"),
        _text("key"),
        _moment("received_at"),
        _text("remote"),
        _text("headers"),
        _bytes("body"),
        _text("answer"),
        sa.PrimaryKeyConstraint("position", name="pk_deliveries"),
        sa.UniqueConstraint("workspace", "id", name="uq_deliveries_workspace_id"),
        sa.UniqueConstraint("workspace", "source", "key", name="uq_deliveries_workspace_source_key"),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("playbook"),
        _text("revision"),
        _text("mode"),
        _text("status"),
        _text("alert", nullable=True),
        _text("case", nullable=True),
        _text("initiator"),
        _text("inputs"),
        _moment("created_at"),
        _moment("started_at", nullable=True),
        _moment("finished_at", nullable=True),
        _integer("sequence"),
        _text("reason", nullable=True),
        _text("waiting_for", nullable=True),
        _text("outputs"),
        sa.PrimaryKeyConstraint("position", name="pk_runs"),
        sa.UniqueConstraint("workspace", "id", name="uq_runs_workspace_id"),
    )
    op.create_index("ix_runs_runnable", "runs", ["status"], sqlite_where=_RUNNABLE, postgresql_where=_RUNNABLE)
    op.create_index("ix_runs_workspace_alert", "runs", ["workspace", "alert"])
    op.create_index("ix_runs_workspace_playbook_position", "runs", ["workspace", "playbook", "position"])
    op.create_index("ix_runs_workspace_position", "runs", ["workspace", "position"])
    op.create_index("ix_runs_workspace_status_position", "runs", ["workspace", "status", "position"])
    op.create_table(
        "journal",
        _text("workspace"),
        _text("run"),
        _integer("sequence"),
        _moment("at"),
        _text("event"),
        _text("changes"),
        sa.PrimaryKeyConstraint("workspace", "run", "sequence", name="pk_journal"),
    )
    op.create_table(
        "inbox",
        _text("workspace"),
        _count("id"),
        _text("run"),
        _text("event"),
        _moment("at"),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbox_workspace_run", "inbox", ["workspace", "run"])
    op.create_table(
        "timers",
        _text("workspace"),
        _text("id"),
        _text("run"),
        _moment("due_at"),
        _text("event"),
        sa.PrimaryKeyConstraint("workspace", "id", name="pk_timers"),
    )
    op.create_index("ix_timers_due_at", "timers", ["due_at"])


def _create_approvals() -> None:
    op.create_table(
        "approvals",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("code"),
        _text("run"),
        _text("step"),
        _text("playbook"),
        _text("revision"),
        _text("digest"),
        _text("status"),
        _text("card"),
        _text("by"),
        _text("exclude_users"),
        _integer("quorum"),
        _flag("has_veto"),
        _text("assurance"),
        _text("confirm"),
        _text("comment"),
        _text("channel"),
        _moment("asked_at"),
        _moment("expires_at"),
        _text("escalations"),
        _text("remind_at"),
        _integer("reminded"),
        _text("votes"),
        _moment("decided_at", nullable=True),
        _text("reason", nullable=True),
        _integer("version"),
        sa.PrimaryKeyConstraint("position", name="pk_approvals"),
        sa.UniqueConstraint("workspace", "id", name="uq_approvals_workspace_id"),
    )
    op.create_index("ix_approvals_workspace_code", "approvals", ["workspace", "code"])
    op.create_index("ix_approvals_workspace_position", "approvals", ["workspace", "position"])
    op.create_index("ix_approvals_workspace_run", "approvals", ["workspace", "run"])
    op.create_index("ix_approvals_workspace_status_position", "approvals", ["workspace", "status", "position"])


def _create_responses() -> None:
    op.create_table(
        "responses",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("run"),
        _text("step"),
        _text("action"),
        _text("connection"),
        _text("targets"),
        _text("undo_action"),
        _text("undo_arguments"),
        _text("status"),
        _moment("created_at"),
        _moment("expires_at", nullable=True),
        _text("lift_run", nullable=True),
        _moment("lifted_at", nullable=True),
        _text("fault", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_responses"),
        sa.UniqueConstraint("workspace", "id", name="uq_responses_workspace_id"),
    )
    op.create_index("ix_responses_workspace_lift_run", "responses", ["workspace", "lift_run"])
    op.create_index("ix_responses_workspace_position", "responses", ["workspace", "position"])
    op.create_index("ix_responses_workspace_run", "responses", ["workspace", "run"])
    op.create_index("ix_responses_workspace_status_position", "responses", ["workspace", "status", "position"])
    op.create_table(
        "cases",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("key"),
        _text("title"),
        _text("severity"),
        _moment("opened_at"),
        _moment("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_cases"),
        sa.UniqueConstraint("workspace", "id", name="uq_cases_workspace_id"),
    )
    op.create_index("ix_cases_workspace_key", "cases", ["workspace", "key"])
    op.create_index("ix_cases_workspace_position", "cases", ["workspace", "position"])


def _create_identity() -> None:
    op.create_table(
        "users",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("name"),
        _text("email"),
        _text("roles"),
        _text("password_hash", nullable=True),
        _moment("created_at"),
        _moment("disabled_at", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_users"),
        sa.UniqueConstraint("workspace", "id", name="uq_users_workspace_id"),
        sa.UniqueConstraint("workspace", "name", name="uq_users_workspace_name"),
    )
    op.create_index("ix_users_workspace_email", "users", ["workspace", "email"])
    op.create_table(
        "sessions",
        _text("workspace"),
        _text("key"),
        _text("user"),
        _text("csrf"),
        _moment("created_at"),
        _moment("authenticated_at"),
        _moment("idle_at"),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("workspace", "key", name="pk_sessions"),
    )
    op.create_index("ix_sessions_workspace_user", "sessions", ["workspace", "user"])
    op.create_table(
        "tokens",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("key"),
        _text("user"),
        _text("name"),
        _text("scopes"),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _moment("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_tokens"),
        sa.UniqueConstraint("workspace", "id", name="uq_tokens_workspace_id"),
    )
    op.create_index("ix_tokens_workspace_user", "tokens", ["workspace", "user"])


def _create_secrets() -> None:
    op.create_table(
        "credentials",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("name"),
        _integer("version"),
        _bytes("blob"),
        _text("hosts"),
        _moment("created_at"),
        _text("created_by"),
        sa.PrimaryKeyConstraint("position", name="pk_credentials"),
        sa.UniqueConstraint("workspace", "id", name="uq_credentials_workspace_id"),
        sa.UniqueConstraint("workspace", "name", "version", name="uq_credentials_workspace_name_version"),
    )
    op.create_table(
        "workspace_keys",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("kek"),
        _bytes("wrapped"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("position", name="pk_workspace_keys"),
        sa.UniqueConstraint("workspace", "id", name="uq_workspace_keys_workspace_id"),
    )


def _create_texts() -> None:
    op.create_table(
        "revisions",
        _text("workspace"),
        _text("digest"),
        _text("playbook"),
        _text("text"),
        _moment("created_at"),
        _text("author"),
        sa.PrimaryKeyConstraint("workspace", "digest", name="pk_revisions"),
    )
    op.create_table(
        "messages",
        _text("workspace"),
        _count("position"),
        _text("id"),
        _text("channel"),
        _text("key"),
        _moment("at"),
        _text("author"),
        _text("text"),
        _text("approval", nullable=True),
        _text("run", nullable=True),
        _text("thread", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_messages"),
        sa.UniqueConstraint("workspace", "id", name="uq_messages_workspace_id"),
        sa.UniqueConstraint("workspace", "key", name="uq_messages_workspace_key"),
    )
    op.create_index("ix_messages_workspace_channel_position", "messages", ["workspace", "channel", "position"])


def _create_audit() -> None:
    op.create_table(
        "audit",
        _text("workspace"),
        _count("sequence", autoincrement=False),
        _moment("at"),
        _text("document"),
        _text("leaf"),
        _text("type"),
        _text("actor"),
        _text("actor_name"),
        _text("target"),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
    )
    op.create_index("ix_audit_workspace_sequence", "audit", ["workspace", "sequence"])
    op.create_index("ix_audit_workspace_target_sequence", "audit", ["workspace", "target", "sequence"])
    op.create_table(
        "audit_head",
        _integer("id", autoincrement=False),
        _count("size"),
        _text("last"),
        _text("range"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "checkpoints",
        _count("size", autoincrement=False),
        _text("root"),
        _moment("at"),
        _text("note"),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoints"),
    )
    head = sa.table("audit_head", *map(sa.column, ("id", "size", "last", "range")))
    op.bulk_insert(head, [{"id": 0, "size": 0, "last": 64 * "0", "range": "[]"}])
