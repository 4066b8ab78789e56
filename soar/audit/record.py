"""Puts an audit event into its place: numbered, chained and hashed, in the transaction of what it reports."""

from datetime import datetime

from soar.audit.canonical import canonicalize
from soar.audit.leaf import hash_document
from soar.audit.seal import draw_salts
from soar.audit.tree import count_staying, join_leaf
from soar.model.audit import Actor, AuditEvent, AuditHead, AuditRecord
from soar.model.errors import BugError
from soar.model.values import JsonValue, print_timestamp
from soar.store import Unit

LONGEST_REASON = 4_000
"""Characters; what is longer is cut, and ends in an ellipsis."""


def record(unit: Unit, event: AuditEvent, *, at: datetime, id: str) -> AuditRecord:  # noqa: A002 -- the noun's own field
    """Append an event to the record, in the unit's transaction: no audit, no act.

    Args:
        unit: the transaction of the change that the event reports.
        event: what happened. Its texts are evidence and stay as they are, but for a cap on the reason.
        at: the moment it happened.
        id: `ev_…`.

    Raises:
        InputError: the event holds what has no canonical form: NaN, an infinity or a lone surrogate.
        BugError: the stored end of the record does not fit together.
    """
    head = unit.audit.head()
    document = write_document(event, sequence=head.size, id=id, at=at, workspace=unit.workspace, previous=head.last)
    salts = {} if unit.randomness is None else draw_salts(document, unit.randomness)
    leaf = hash_document(document, salts, canonicalize)
    written = AuditRecord(sequence=head.size, at=at, document=document, leaf=leaf.hex(), salts=salts)
    unit.audit.append(written, advance_head(head, leaf))
    return written


def write_document(
    event: AuditEvent,
    *,
    sequence: int,
    id: str,  # noqa: A002 -- the noun's own field
    at: datetime,
    workspace: str,
    previous: str,
) -> dict[str, JsonValue]:
    """Return the event as the plain data that its leaf is taken over.

    Args:
        event: what happened.
        sequence: its place.
        id: `ev_…`.
        at: the moment it happened.
        workspace: where it happened.
        previous: hex hash of the leaf before it, 64 zeros for the first.
    """
    return {
        "seq": sequence,
        "id": id,
        "at": print_timestamp(at),
        "type": event.type,
        "outcome": event.outcome.value,
        "actor": _write_actor(event.actor),
        "target": dict(event.target),
        "reason": _cap(event.reason),
        "before": None if event.before is None else dict(event.before),
        "after": None if event.after is None else dict(event.after),
        "digest": event.digest,
        "context": dict(event.context),
        "workspace": workspace,
        "prev": f"sha256:{previous}",
    }


def advance_head(head: AuditHead, leaf: bytes) -> AuditHead:
    """Return where the record ends with one leaf more.

    Raises:
        BugError: the head does not fit together; somebody else wrote to it.
    """
    try:
        staying = count_staying(head.size, len(head.range))
        joined = join_leaf(tuple(map(bytes.fromhex, head.range[staying:])), leaf)
    except ValueError as error:
        raise BugError(
            f"the stored end of the audit record is damaged: {error}",
            code="audit_head_damaged",
            hint="stop the service and run `soar audit verify`; restore the database from a backup",
        ) from error
    return AuditHead(head.size + 1, leaf.hex(), (*head.range[:staying], joined.hex()))


def _write_actor(actor: Actor) -> JsonValue:
    written: dict[str, JsonValue] = {
        "kind": actor.kind,
        "id": actor.id,
        "name": actor.name,
        "roles": [*sorted(actor.roles)],
        "via": actor.via,
        "ip": actor.ip,
        "session": actor.session,
        "assurance": actor.assurance,
    }
    if actor.grants:  # most hold none, and every event would carry the word
        written["grants"] = [*sorted(actor.grants)]
    return written


def _cap(reason: str | None) -> str | None:
    if reason is None or len(reason) <= LONGEST_REASON:
        return reason
    return reason[: LONGEST_REASON - 1] + "…"
