"""The tables. They never leave this package: repositories take and give model types.

Columns are named after the fields of the model they hold. `position` counts up with each row and is what lists follow;
every index begins with the workspace, but for what is asked over all of them.
"""

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, MetaData, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from soar.model.alert import OWN_SOURCE, Relation, Severity
from soar.model.breaker import BreakerStatus
from soar.model.dead_letter import LetterKind
from soar.model.event import EventType
from soar.model.identity import UserKind
from soar.model.run import Mode, RunStatus
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

_COUNT = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself in INTEGER alone, which has 64 bits
RUNNABLE = text("status IN ('queued', 'running')")
OPEN = text("finished_at IS NULL")
SHARED = text("concurrency_key IS NOT NULL AND finished_at IS NULL")
RAISED = text(f"source = '{OWN_SOURCE}'")
SUPPRESSED = text("suppressed_by IS NOT NULL")

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Row(SQLModel):
    """A row of a workspace."""

    metadata: ClassVar[MetaData] = METADATA

    workspace: str


class PlacedRow(Row):
    """A row with a place in the order of arrival."""

    position: int | None = Field(default=None, primary_key=True, sa_type=_COUNT)


def table_of(row: type[SQLModel]) -> Table:
    """Return the Core table of a row class."""
    return cast("Table", row.__table__)  # type: ignore[attr-defined]  # SQLModel adds it to classes with table=True


class WorkspaceRow(SQLModel, table=True):
    """A workspace that something was written in."""

    metadata: ClassVar[MetaData] = METADATA
    __tablename__ = "workspaces"

    name: str = Field(primary_key=True)


class AlertRow(PlacedRow, table=True):
    """An alert."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        Index(None, "workspace", "position"),
        Index("ix_alerts_raised", "workspace", "fingerprint", sqlite_where=RAISED, postgresql_where=RAISED),
        Index(
            "ix_alerts_suppressed", "workspace", "suppressed_by", sqlite_where=SUPPRESSED, postgresql_where=SUPPRESSED
        ),
    )

    id: str
    source: str
    delivery: str
    received_at: datetime = Field(sa_type=Moment)
    kind: str
    title: str
    severity: Severity = Field(sa_type=Choice(Severity))
    time: datetime | None = Field(sa_type=Moment)
    url: str | None
    entities: Any = Field(sa_type=TextLists)
    labels: Any = Field(sa_type=Json)
    fingerprint: str
    raw: Any = Field(sa_type=Json)
    suppressed_by: str | None


class MatchRow(PlacedRow, table=True):
    """What a playbook did with an alert."""

    __tablename__ = "matches"
    __table_args__ = (Index(None, "workspace", "alert"),)

    alert: str
    playbook: str
    relation: Relation = Field(sa_type=Choice(Relation))
    run: str | None
    reason: str | None
    at: datetime = Field(sa_type=Moment)


class DedupeKeyRow(PlacedRow, table=True):
    """A playbook's key that a run was started under."""

    __tablename__ = "dedupe_keys"
    __table_args__ = (Index(None, "workspace", "playbook", "key", "at"),)

    playbook: str
    key: str
    run: str
    at: datetime = Field(sa_type=Moment)


class DeliveryRow(PlacedRow, table=True):
    """A request to a hook."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("workspace", "id"), UniqueConstraint("workspace", "source", "key"))

    id: str
    source: str
    key: str
    received_at: datetime = Field(sa_type=Moment)
    remote: str
    headers: Any = Field(sa_type=Json)
    body: bytes = Field(sa_type=LargeBinary)
    answer: Any = Field(sa_type=Json)


class RunRow(PlacedRow, table=True):
    """A run."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        Index(None, "workspace", "position"),
        Index(None, "workspace", "status", "position"),
        Index(None, "workspace", "playbook", "position"),
        Index(None, "workspace", "alert"),
        Index(None, "workspace", "retry_of"),
        Index("ix_runs_runnable", "status", sqlite_where=RUNNABLE, postgresql_where=RUNNABLE),
        Index("ix_runs_open", "workspace", "parent", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_runs_shared", "workspace", "concurrency_key", sqlite_where=SHARED, postgresql_where=SHARED),
    )

    id: str
    playbook: str
    revision: str
    mode: Mode = Field(sa_type=Choice(Mode))
    status: RunStatus = Field(sa_type=Choice(RunStatus))
    alert: str | None
    case: str | None
    initiator: str
    inputs: Any = Field(sa_type=Values)
    created_at: datetime = Field(sa_type=Moment)
    started_at: datetime | None = Field(sa_type=Moment)
    finished_at: datetime | None = Field(sa_type=Moment)
    sequence: int
    reason: str | None
    waiting_for: str | None
    outputs: Any = Field(sa_type=Values)
    parent: str | None
    parent_step: str | None
    depth: int
    concurrency_key: str | None
    concurrency_max: int
    retry_of: str | None


class JournalRow(Row, table=True):
    """An entry of a run's journal; its key is the fence against a second writer."""

    __tablename__ = "journal"

    workspace: str = Field(primary_key=True)
    run: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    event: Any = Field(sa_type=Json)
    changes: Any = Field(sa_type=Json)


class BlobRow(Row, table=True):
    """A large value of a run's journal, under the SHA-256 of its JSON text."""

    __tablename__ = "blobs"

    workspace: str = Field(primary_key=True)
    run: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class InboxRow(Row, table=True):
    """An event that waits to be put into its run's journal. Ids are never given out twice."""

    __tablename__ = "inbox"
    __table_args__ = (Index(None, "workspace", "run"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True, sa_type=_COUNT)
    run: str
    event: Any = Field(sa_type=Json)
    at: datetime = Field(sa_type=Moment)


class TimerRow(Row, table=True):
    """A promise to tell a run something at a moment."""

    __tablename__ = "timers"
    __table_args__ = (Index(None, "due_at"),)

    workspace: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    run: str
    due_at: datetime = Field(sa_type=Moment)
    event: Any = Field(sa_type=Json)
    tries: int
    failed_at: datetime | None = Field(sa_type=Moment)


class DeadLetterRow(PlacedRow, table=True):
    """What was given up on."""

    __tablename__ = "dead_letters"
    __table_args__ = (UniqueConstraint("workspace", "id"), Index(None, "workspace", "position"))

    id: str
    kind: LetterKind = Field(sa_type=Choice(LetterKind))
    subject: str
    reason: str
    first_at: datetime = Field(sa_type=Moment)
    at: datetime = Field(sa_type=Moment)
    tries: int
    payload: Any = Field(sa_type=Json)


class HappeningRow(Row, table=True):
    """Something that happened and is yet to be taken to those who wait for it. Ids are never given out twice."""

    __tablename__ = "happenings"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True, sa_type=_COUNT)
    type: EventType = Field(sa_type=Choice(EventType))
    subject: str
    data: Any = Field(sa_type=Values)
    at: datetime = Field(sa_type=Moment)
    playbook: str | None
    depth: int


class WatchRow(Row, table=True):
    """A step that waits for something to happen."""

    __tablename__ = "watches"
    __table_args__ = (Index(None, "workspace", "type"),)

    workspace: str = Field(primary_key=True)
    run: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    type: EventType = Field(sa_type=Choice(EventType))
    since: datetime = Field(sa_type=Moment)


class EventTriggerRow(Row, table=True):
    """A serving playbook that what happens can start."""

    __tablename__ = "event_triggers"

    workspace: str = Field(primary_key=True)
    type: EventType = Field(primary_key=True, sa_type=Choice(EventType))
    playbook: str = Field(primary_key=True)


class HandoutRow(PlacedRow, table=True):
    """A run that has something to do, and the process that drives it. Positions are never given out twice."""

    __tablename__ = "handouts"
    __table_args__ = (UniqueConstraint("workspace", "run"), Index(None, "worker"), {"sqlite_autoincrement": True})

    run: str
    told: int
    worker: str | None
    until: datetime | None = Field(sa_type=Moment)


class CaseRow(PlacedRow, table=True):
    """A case."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        Index(None, "workspace", "position"),
        Index(None, "workspace", "key"),
    )

    id: str
    key: str
    title: str
    severity: Severity = Field(sa_type=Choice(Severity))
    opened_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(sa_type=Moment)
    team: str | None


class UserRow(PlacedRow, table=True):
    """A person."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        UniqueConstraint("workspace", "name"),
        Index(None, "workspace", "email"),
    )

    id: str
    name: str
    email: str
    roles: Any = Field(sa_type=TextSet)
    password_hash: str | None
    created_at: datetime = Field(sa_type=Moment)
    disabled_at: datetime | None = Field(sa_type=Moment)
    kind: UserKind = Field(sa_type=Choice(UserKind))
    owner: str | None
    expires_at: datetime | None = Field(sa_type=Moment)
    grants: Any = Field(sa_type=Grants)
    teams: Any = Field(sa_type=TextSet)


class SessionRow(Row, table=True):
    """A login."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "workspace", "user"),)

    workspace: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    user: str
    csrf: str
    created_at: datetime = Field(sa_type=Moment)
    authenticated_at: datetime = Field(sa_type=Moment)
    idle_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    mfa_at: datetime | None = Field(sa_type=Moment)
    ip: str | None
    agent: str


class TokenRow(PlacedRow, table=True):
    """An API token."""

    __tablename__ = "tokens"
    __table_args__ = (UniqueConstraint("workspace", "id"), Index(None, "workspace", "user"))

    id: str
    key: str
    user: str
    name: str
    scopes: Any = Field(sa_type=TextSet)
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(sa_type=Moment)
    revoked_at: datetime | None = Field(sa_type=Moment)
    networks: Any = Field(sa_type=Texts)
    used_ip: str | None
    authenticated_at: datetime | None = Field(sa_type=Moment)
    mfa_at: datetime | None = Field(sa_type=Moment)
    within: Any = Field(sa_type=ScopeText)


class RevisionRow(Row, table=True):
    """The text of a playbook at one moment."""

    __tablename__ = "revisions"

    workspace: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    playbook: str
    text: str
    created_at: datetime = Field(sa_type=Moment)
    author: str


class MessageRow(PlacedRow, table=True):
    """A message in the built-in chat."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        UniqueConstraint("workspace", "key"),
        Index(None, "workspace", "channel", "position"),
    )

    id: str
    channel: str
    key: str
    at: datetime = Field(sa_type=Moment)
    author: str
    text: str
    approval: str | None
    run: str | None
    thread: str | None


class ListRow(Row, table=True):
    """A list that playbooks look values up in."""

    __tablename__ = "lists"

    workspace: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    created_at: datetime = Field(sa_type=Moment)
    created_by: str


class ListEntryRow(PlacedRow, table=True):
    """A value on a list."""

    __tablename__ = "list_entries"
    __table_args__ = (
        UniqueConstraint("workspace", "id"),
        UniqueConstraint("workspace", "list", "value"),
        Index(None, "workspace", "list", "position"),
    )

    id: str
    list: str
    value: str
    note: str
    added_by: str
    added_at: datetime = Field(sa_type=Moment)
    expires_at: datetime | None = Field(sa_type=Moment)


class BreakerRow(Row, table=True):
    """The circuit breaker of a connection's host, as it last opened or closed."""

    __tablename__ = "breakers"

    workspace: str = Field(primary_key=True)
    connection: str = Field(primary_key=True)
    host: str = Field(primary_key=True)
    status: BreakerStatus = Field(sa_type=Choice(BreakerStatus))
    since: datetime = Field(sa_type=Moment)
    reason: str
    retry_at: datetime | None = Field(sa_type=Moment)


class AuditRow(Row, table=True):
    """An audit event in its place; the columns after `salts` repeat parts of the document to search by."""

    __tablename__ = "audit"
    __table_args__ = (
        Index(None, "workspace", "sequence"),
        Index(None, "workspace", "target", "sequence"),
    )

    sequence: int = Field(primary_key=True, sa_type=_COUNT, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Moment)
    document: Any = Field(sa_type=Json)
    leaf: str
    salts: Any = Field(sa_type=Json)
    type: str
    actor: str
    actor_name: str
    target: str


class AuditHeadRow(SQLModel, table=True):
    """Where the record ends; one row, from the first migration on."""

    metadata: ClassVar[MetaData] = METADATA
    __tablename__ = "audit_head"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    size: int = Field(sa_type=_COUNT)
    last: str
    range: Any = Field(sa_type=Texts)


class CheckpointRow(SQLModel, table=True):
    """A signed statement of the record's size and root, over all workspaces."""

    metadata: ClassVar[MetaData] = METADATA
    __tablename__ = "checkpoints"

    size: int = Field(primary_key=True, sa_type=_COUNT, sa_column_kwargs={"autoincrement": False})
    root: str
    at: datetime = Field(sa_type=Moment)
    note: str


class AnchorRow(SQLModel, table=True):
    """How far a place that checkpoints are put out of reach in has come; one chain, so no workspace."""

    metadata: ClassVar[MetaData] = METADATA
    __tablename__ = "anchors"

    name: str = Field(primary_key=True)
    size: int = Field(sa_type=_COUNT)
    range: Any = Field(sa_type=Texts)
    reached_at: datetime | None = Field(sa_type=Moment)
    failed_at: datetime | None = Field(sa_type=Moment)
    error: str
