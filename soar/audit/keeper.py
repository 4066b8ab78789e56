"""Signs and checks the record where it is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from soar.audit.checkpoint import compute_head_root, sign_checkpoint
from soar.audit.note import SigningKey, VerifierKey, append_lines, check_note, sign_line
from soar.audit.proof import write_proof
from soar.audit.tree import prove_inclusion
from soar.audit.verify import Report, verify_records
from soar.model.audit import AuditRecord, Checkpoint
from soar.model.errors import BugError, NotFoundError, UnavailableError
from soar.store import Store, Unit

_BATCH = 1_000  # records read at a time
_INDEXED = 20  # records made findable at a time, so that nobody else's write waits for long


def checkpoint_head(
    unit: Unit, *, key: SigningKey, origin: str, at: datetime, others: Sequence[SigningKey] = ()
) -> Checkpoint | None:
    """Sign where the record ends and store it; None if the newest checkpoint says it already, or nothing is recorded.

    Raises:
        BugError: the record is shorter than it was, or has another root at the same size. It must not be signed:
            someone took something away.
    """
    head = unit.audit.head()
    root = compute_head_root(head).hex()
    latest = unit.audit.latest_checkpoint()
    if head.size == 0 and latest is None:
        return None
    if latest is not None:
        if head.size < latest.size or (head.size == latest.size and root != latest.root):
            raise BugError(
                f"the audit record has {head.size} events and contradicts its checkpoint of {latest.size}",
                code="audit_contradicted",
                hint="stop the service and run `soar audit verify`; restore the database from a backup",
            )
        if head.size == latest.size:
            if others:
                _add_signatures(unit, latest, others, int(at.timestamp()))
            return None
    note = sign_checkpoint(head, key, origin, others=others, time=int(at.timestamp()))
    signed = Checkpoint(size=head.size, root=root, at=at, note=note)
    unit.audit.add_checkpoint(signed)
    return signed


def prove_event(unit: Unit, sequence: int) -> str:
    """Return the proof of one event of the workspace, under the newest checkpoint.

    Raises:
        NotFoundError: the workspace has no such event.
        UnavailableError: no checkpoint counts it yet.
    """
    record, latest = unit.audit.get(sequence), unit.audit.latest_checkpoint()
    if record is None:
        raise NotFoundError(f"there is no event {sequence}", hint="`soar audit list` shows them")
    if latest is None or latest.size <= sequence:
        raise UnavailableError(
            f"event {sequence} is not signed yet", code="not_signed_yet", hint="try again in a second"
        )
    path = prove_inclusion(read_leaves(unit, 0, latest.size), sequence)
    return write_proof(record, path, latest.note)


async def index_events(store: Store, workspace: str) -> None:
    """Make all events findable that are recorded by now, some at a time.

    Raises:
        UnavailableError: the store takes nothing now.
    """
    while await store.write(workspace, lambda unit: unit.audit_index.advance(_INDEXED)) == _INDEXED:
        pass


def verify_unit(unit: Unit, public_keys: Sequence[VerifierKey]) -> Report:
    """Check the installation's whole record as stored, all workspaces, in one reading transaction."""
    return verify_records(read_all(unit), unit.audit.checkpoints(), public_keys, head=unit.audit.head())


def read_leaves(unit: Unit, start: int, stop: int) -> list[bytes]:
    """Return the leaf hashes of the events from `start` up to, but without, `stop`."""
    return [bytes.fromhex(leaf) for leaf in unit.audit.leaves(start, stop)]


def _add_signatures(unit: Unit, latest: Checkpoint, keys: Sequence[SigningKey], time: int) -> None:
    """Sign the newest checkpoint with keys that have come into use since it was made."""
    text, signed = check_note(latest.note, [key.verifier for key in keys])
    known = {one.key for one in signed}
    lines = "".join(sign_line(text, key, time) for key in keys if key.verifier not in known)
    if lines:
        unit.audit.cosign(replace(latest, note=append_lines(latest.note, lines)))


def read_all(unit: Unit) -> Iterator[AuditRecord]:
    """Yield the events of all workspaces, oldest first."""
    start = 0
    while batch := unit.audit.range(start, start + _BATCH):
        yield from batch
        start += _BATCH
