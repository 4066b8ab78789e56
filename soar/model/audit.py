"""Who did what to what, when, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from soar.model.values import JsonValue


class Outcome(StrEnum):
    """How what was tried ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it.

    Attributes:
        kind: `user`, `token`, `source`, `playbook`, `schedule`, `system` or `stranger`.
        id: identifier within its kind.
        name: for people.
        via: how it reached us: `web`, `cli`, `api`, `hook`, `poll`, `chat`, `engine`.
        roles: the roles it held everywhere at that moment.
        grants: those it held for a part of the world, as `role@scope`.
        ip: the address it came from.
        session: hash of the session or token, never the thing itself.
        assurance: how sure we were that it was this person: `linked`, `confirmed`, `mfa`.
    """

    kind: str
    id: str
    name: str = ""
    via: str = ""
    roles: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    ip: str | None = None
    session: str | None = None
    assurance: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One line of the record, before it is given its place in the chain.

    Attributes:
        type: `noun.verb_in_the_past`, such as `approval.voted`.
        target: what it was done to: `kind`, `id`, and whatever names it for people.
        reason: what the actor said, or why it was denied.
        before: the part of the state that changed, as it was.
        after: the same part, as it is now.
        context: ids of run, step, alert, playbook, revision and the like.
        digest: of what was decided on, for approvals and actions.
    """

    type: str
    outcome: Outcome
    actor: Actor
    target: Mapping[str, JsonValue]
    reason: str | None = None
    before: Mapping[str, JsonValue] | None = None
    after: Mapping[str, JsonValue] | None = None
    context: Mapping[str, JsonValue] = field(default_factory=dict)
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An audit event in its place.

    Attributes:
        sequence: 0, 1, 2, … without gaps, over all workspaces of the installation.
        document: the whole event as plain data with `seq`, `id`, `at`, `workspace` and `prev`; the leaf is taken over
            its canonical bytes.
        leaf: hex SHA-256 of 0x00 and the canonical bytes (RFC 6962, section 2.1).
        salts: in hex, by the path of a field that may be erased; a commitment stands for that field under the leaf.
    """

    sequence: int
    at: datetime
    document: Mapping[str, JsonValue]
    leaf: str
    salts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where the record ends.

    Attributes:
        size: number of leaves.
        last: leaf hash of the last event in hex, or 64 zeros for an empty record.
        range: compact range: hashes of the perfect subtrees from left to right, in hex.
    """

    size: int
    last: str
    range: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement of the record's size and root, as a C2SP `tlog-checkpoint` note."""

    size: int
    root: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorState:
    """How far an anchor, a place out of our reach that checkpoints are put in, has come.

    Attributes:
        name: of the anchor.
        size: of the newest checkpoint that it has.
        range: compact range of that size, as in `AuditHead`; empty where the anchor needs none.
        reached_at: when it last took one; None if it never did.
        failed_at: since when it takes none; None if it does.
        error: why it takes none.
    """

    name: str
    size: int = 0
    range: tuple[str, ...] = ()
    reached_at: datetime | None = None
    failed_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class AnchorStanding:
    """How far an anchor is behind.

    Attributes:
        state: how far it has come.
        behind: how many of the signed events it does not vouch for.
        is_late: whether it has lagged for longer than it may.
    """

    state: AnchorState
    behind: int
    is_late: bool
