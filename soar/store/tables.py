"""The tables. They never leave this package: repositories take and give model types.

Columns are named after the fields of the model they hold. `position` counts up with each row and is what lists follow;
every index begins with the workspace, but for what is asked over all of them.
"""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, UniqueConstraint, text

from soar.model.alert import OWN_SOURCE, Relation, Severity
from soar.model.breaker import BreakerStatus
from soar.model.dead_letter import LetterKind
from soar.model.event import EventType
from soar.model.identity import UserKind
from soar.model.run import Mode, RunStatus
from soar.store.columns import COUNT, METADATA, column, key, optional, partial_index, placed
from soar.store.rows import (
    Choice,
    Grants,
    Json,
    Moment,
    ScopeText,
    TextLists,
    Texts,
    TextSet,
    Values,
)

RUNNABLE = text("status IN ('queued', 'running')")
OPEN = text("finished_at IS NULL")
SHARED = text("concurrency_key IS NOT NULL AND finished_at IS NULL")
RAISED = text(f"source = '{OWN_SOURCE}'")
SUPPRESSED = text("suppressed_by IS NOT NULL")


WORKSPACES = Table(
    "workspaces",
    METADATA,
    key("name"),
)
"""A workspace that something was written in."""

ALERTS = Table(
    "alerts",
    METADATA,
    *placed(),
    column("id"),
    column("source"),
    column("delivery"),
    column("received_at", Moment),
    column("kind"),
    column("title"),
    column("severity", Choice(Severity)),
    optional("time", Moment),
    optional("url"),
    column("entities", TextLists),
    column("labels", Json),
    column("fingerprint"),
    column("raw", Json),
    optional("suppressed_by"),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "position"),
    partial_index("ix_alerts_raised", "workspace", "fingerprint", where=RAISED),
    partial_index("ix_alerts_suppressed", "workspace", "suppressed_by", where=SUPPRESSED),
)
"""An alert."""

MATCHES = Table(
    "matches",
    METADATA,
    *placed(),
    column("alert"),
    column("playbook"),
    column("relation", Choice(Relation)),
    optional("run"),
    optional("reason"),
    column("at", Moment),
    Index(None, "workspace", "alert"),
)
"""What a playbook did with an alert."""

DEDUPE_KEYS = Table(
    "dedupe_keys",
    METADATA,
    *placed(),
    column("playbook"),
    column("key"),
    column("run"),
    column("at", Moment),
    Index(None, "workspace", "playbook", "key", "at"),
)
"""A playbook's key that a run was started under."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    *placed(),
    column("id"),
    column("source"),
    column("key"),
    column("received_at", Moment),
    column("remote"),
    column("headers", Json),
    column("body", LargeBinary),
    column("answer", Json),
    UniqueConstraint("workspace", "id"),
    UniqueConstraint("workspace", "source", "key"),
)
"""A request to a hook."""

RUNS = Table(
    "runs",
    METADATA,
    *placed(),
    column("id"),
    column("playbook"),
    column("revision"),
    column("mode", Choice(Mode)),
    column("status", Choice(RunStatus)),
    optional("alert"),
    optional("case"),
    column("initiator"),
    column("inputs", Values),
    column("created_at", Moment),
    optional("started_at", Moment),
    optional("finished_at", Moment),
    column("sequence", Integer),
    optional("reason"),
    optional("waiting_for"),
    column("outputs", Values),
    optional("parent"),
    optional("parent_step"),
    column("depth", Integer),
    optional("concurrency_key"),
    column("concurrency_max", Integer),
    optional("retry_of"),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "position"),
    Index(None, "workspace", "status", "position"),
    Index(None, "workspace", "playbook", "position"),
    Index(None, "workspace", "alert"),
    Index(None, "workspace", "retry_of"),
    partial_index("ix_runs_runnable", "status", where=RUNNABLE),
    partial_index("ix_runs_open", "workspace", "parent", where=OPEN),
    partial_index("ix_runs_shared", "workspace", "concurrency_key", where=SHARED),
)
"""A run."""

JOURNAL = Table(
    "journal",
    METADATA,
    key("workspace"),
    key("run"),
    key("sequence", Integer),
    column("at", Moment),
    column("event", Json),
    column("changes", Json),
)
"""An entry of a run's journal; its key is the fence against a second writer."""

BLOBS = Table(
    "blobs",
    METADATA,
    key("workspace"),
    key("run"),
    key("id"),
    column("content", LargeBinary),
)
"""A large value of a run's journal, under the SHA-256 of its JSON text."""

INBOX = Table(
    "inbox",
    METADATA,
    column("workspace"),
    Column("id", COUNT, primary_key=True),
    column("run"),
    column("event", Json),
    column("at", Moment),
    Index(None, "workspace", "run"),
    sqlite_autoincrement=True,
)
"""An event that waits to be put into its run's journal. Ids are never given out twice."""

TIMERS = Table(
    "timers",
    METADATA,
    key("workspace"),
    key("id"),
    column("run"),
    column("due_at", Moment),
    column("event", Json),
    column("tries", Integer),
    optional("failed_at", Moment),
    Index(None, "due_at"),
)
"""A promise to tell a run something at a moment."""

DEAD_LETTERS = Table(
    "dead_letters",
    METADATA,
    *placed(),
    column("id"),
    column("kind", Choice(LetterKind)),
    column("subject"),
    column("reason"),
    column("first_at", Moment),
    column("at", Moment),
    column("tries", Integer),
    column("payload", Json),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "position"),
)
"""What was given up on."""

HAPPENINGS = Table(
    "happenings",
    METADATA,
    column("workspace"),
    Column("id", COUNT, primary_key=True),
    column("type", Choice(EventType)),
    column("subject"),
    column("data", Values),
    column("at", Moment),
    optional("playbook"),
    column("depth", Integer),
    sqlite_autoincrement=True,
)
"""Something that happened and is yet to be taken to those who wait for it. Ids are never given out twice."""

WATCHES = Table(
    "watches",
    METADATA,
    key("workspace"),
    key("run"),
    key("path"),
    column("type", Choice(EventType)),
    column("since", Moment),
    Index(None, "workspace", "type"),
)
"""A step that waits for something to happen."""

EVENT_TRIGGERS = Table(
    "event_triggers",
    METADATA,
    key("workspace"),
    key("type", Choice(EventType)),
    key("playbook"),
)
"""A serving playbook that what happens can start."""

HANDOUTS = Table(
    "handouts",
    METADATA,
    *placed(),
    column("run"),
    column("told", Integer),
    optional("worker"),
    optional("until", Moment),
    UniqueConstraint("workspace", "run"),
    Index(None, "worker"),
    sqlite_autoincrement=True,
)
"""A run that has something to do, and the process that drives it. Positions are never given out twice."""

CASES = Table(
    "cases",
    METADATA,
    *placed(),
    column("id"),
    column("key"),
    column("title"),
    column("severity", Choice(Severity)),
    column("opened_at", Moment),
    optional("closed_at", Moment),
    optional("team"),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "position"),
    Index(None, "workspace", "key"),
)
"""A case."""

USERS = Table(
    "users",
    METADATA,
    *placed(),
    column("id"),
    column("name"),
    column("email"),
    column("roles", TextSet),
    optional("password_hash"),
    column("created_at", Moment),
    optional("disabled_at", Moment),
    column("kind", Choice(UserKind)),
    optional("owner"),
    optional("expires_at", Moment),
    column("grants", Grants),
    column("teams", TextSet),
    UniqueConstraint("workspace", "id"),
    UniqueConstraint("workspace", "name"),
    Index(None, "workspace", "email"),
)
"""A person."""

SESSIONS = Table(
    "sessions",
    METADATA,
    key("workspace"),
    key("key"),
    column("user"),
    column("csrf"),
    column("created_at", Moment),
    column("authenticated_at", Moment),
    column("idle_at", Moment),
    column("expires_at", Moment),
    optional("mfa_at", Moment),
    optional("ip"),
    column("agent"),
    Index(None, "workspace", "user"),
)
"""A login."""

TOKENS = Table(
    "tokens",
    METADATA,
    *placed(),
    column("id"),
    column("key"),
    column("user"),
    column("name"),
    column("scopes", TextSet),
    column("created_at", Moment),
    column("expires_at", Moment),
    optional("used_at", Moment),
    optional("revoked_at", Moment),
    column("networks", Texts),
    optional("used_ip"),
    optional("authenticated_at", Moment),
    optional("mfa_at", Moment),
    column("within", ScopeText),
    UniqueConstraint("workspace", "id"),
    Index(None, "workspace", "user"),
)
"""An API token."""

REVISIONS = Table(
    "revisions",
    METADATA,
    key("workspace"),
    key("digest"),
    column("playbook"),
    column("text"),
    column("created_at", Moment),
    column("author"),
)
"""The text of a playbook at one moment."""

MESSAGES = Table(
    "messages",
    METADATA,
    *placed(),
    column("id"),
    column("channel"),
    column("key"),
    column("at", Moment),
    column("author"),
    column("text"),
    optional("approval"),
    optional("run"),
    optional("thread"),
    UniqueConstraint("workspace", "id"),
    UniqueConstraint("workspace", "key"),
    Index(None, "workspace", "channel", "position"),
)
"""A message in the built-in chat."""

LISTS = Table(
    "lists",
    METADATA,
    key("workspace"),
    key("name"),
    column("created_at", Moment),
    column("created_by"),
)
"""A list that playbooks look values up in."""

LIST_ENTRIES = Table(
    "list_entries",
    METADATA,
    *placed(),
    column("id"),
    column("list"),
    column("value"),
    column("note"),
    column("added_by"),
    column("added_at", Moment),
    optional("expires_at", Moment),
    UniqueConstraint("workspace", "id"),
    UniqueConstraint("workspace", "list", "value"),
    Index(None, "workspace", "list", "position"),
)
"""A value on a list."""

BREAKERS = Table(
    "breakers",
    METADATA,
    key("workspace"),
    key("connection"),
    key("host"),
    column("status", Choice(BreakerStatus)),
    column("since", Moment),
    column("reason"),
    optional("retry_at", Moment),
)
"""The circuit breaker of a connection's host, as it last opened or closed."""

AUDIT = Table(
    "audit",
    METADATA,
    column("workspace"),
    key("sequence", COUNT),
    column("at", Moment),
    column("document", Json),
    column("leaf"),
    column("salts", Json),
    column("type"),
    column("actor"),
    column("actor_name"),
    column("target"),
    Index(None, "workspace", "sequence"),
    Index(None, "workspace", "target", "sequence"),
)
"""An audit event in its place; the columns after `salts` repeat parts of the document to search by."""

AUDIT_HEAD = Table(
    "audit_head",
    METADATA,
    key("id", Integer),
    column("size", COUNT),
    column("last"),
    column("range", Texts),
)
"""Where the record ends; one row, from the first migration on."""

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    key("size", COUNT),
    column("root"),
    column("at", Moment),
    column("note"),
)
"""A signed statement of the record's size and root, over all workspaces."""

ANCHORS = Table(
    "anchors",
    METADATA,
    key("name"),
    column("size", COUNT),
    column("range", Texts),
    optional("reached_at", Moment),
    optional("failed_at", Moment),
    column("error"),
)
"""How far a place that checkpoints are put out of reach in has come; one chain, so no workspace."""
