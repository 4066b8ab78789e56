"""Checks a record against itself and against its signed checkpoints, and says in words what is wrong first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from soar.audit.checkpoint import Statement, open_checkpoint
from soar.audit.note import VerifierKey
from soar.audit.record import hash_document
from soar.audit.tree import append_leaf, fold_root
from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.errors import InputError
from soar.model.values import print_timestamp
from soar.store import Unit

_BATCH = 1_000  # records read at a time


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not hold.

    Attributes:
        sequence: the first event concerned; None if it is not about one event.
        message: what, in a sentence for people.
    """

    sequence: int | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a verification found.

    Attributes:
        size: how many events were checked and follow each other without fault.
        root: hex Merkle root over those.
        checkpoints: how many signed checkpoints agree with them.
        faults: what does not hold, the first bad event first; empty if the record is sound.
    """

    size: int
    root: str
    checkpoints: int
    faults: tuple[Fault, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether everything holds."""
        return not self.faults

    @property
    def summary(self) -> str:
        """The result in one line."""
        if self.faults:
            return f"✖ {self.faults[0].message}"
        signed = f"{self.checkpoints:,} checkpoint{'' if self.checkpoints == 1 else 's'}"
        return f"✔ {self.size:,} event{'' if self.size == 1 else 's'}, 1 chain, {signed}"


def verify_records(
    records: Iterable[AuditRecord],
    checkpoints: Sequence[Checkpoint],
    public_keys: Sequence[VerifierKey],
    *,
    head: AuditHead | None = None,
) -> Report:
    """Check a whole record from its first event.

    Checked are the numbering, each event's hash over its own content, the chain, the stored head if one is given, and
    each checkpoint: its signature, and that the record had its root at its size. Stops at the first bad event.

    Args:
        records: all events, in order.
        checkpoints: those kept with the record, and any kept elsewhere.
        public_keys: of those who sign checkpoints; from outside the record, or they prove nothing.
        head: where the store says the record ends.
    """
    statements, faults = _open_all(checkpoints, public_keys)
    walk = _Walk(statements)
    broken = walk.follow(records)
    if broken is not None:
        faults.insert(0, broken)
    else:
        faults += [*_find_missing(walk, statements), *_compare_head(walk, head)]
    return Report(size=walk.size, root=walk.root.hex(), checkpoints=walk.agreed, faults=tuple(faults))


def verify_unit(unit: Unit, public_keys: Sequence[VerifierKey]) -> Report:
    """Check the installation's whole record as stored, all workspaces, in one reading transaction."""
    return verify_records(_read_all(unit), unit.audit.checkpoints(), public_keys, head=unit.audit.head())


class _Walk:
    """Follows the record from its first event and remembers how far it was good."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.size = 0
        self.last = "0" * 64
        self.compact: tuple[bytes, ...] = ()
        self.agreed = 0
        self._signed = 0  # size of the largest checkpoint that agreed so far
        self._statements: dict[int, list[Statement]] = {}
        for statement in statements:
            self._statements.setdefault(statement.size, []).append(statement)

    @property
    def root(self) -> bytes:
        """Merkle root over what was followed."""
        return fold_root(self.compact)

    def follow(self, records: Iterable[AuditRecord]) -> Fault | None:
        """Take records until one is bad, and return what is wrong with it."""
        contradiction = self._compare_root()
        if contradiction is not None:
            return contradiction
        for record in records:
            wrong = self._find_fault(record)
            if wrong is not None:
                return Fault(self.size, f"{wrong}; {self._describe_past()}")
            self.compact = append_leaf(self.size, self.compact, bytes.fromhex(record.leaf))
            self.size += 1
            self.last = record.leaf
            contradiction = self._compare_root()
            if contradiction is not None:
                return contradiction
        return None

    def _find_fault(self, record: AuditRecord) -> str | None:
        document, number = record.document, f"event {self.size:,}"
        if record.sequence > self.size:
            return f"{number} is missing: event {record.sequence:,} stands in its place"
        if record.sequence < self.size:
            return f"event {record.sequence:,} stands again where {number} should be"
        if document.get("seq") != record.sequence or document.get("at") != print_timestamp(record.at):
            return f"{number} was changed (its columns and its content differ)"
        try:
            leaf = hash_document(dict(document)).hex()
        except InputError:
            return f"{number} was changed (its content has no canonical form)"
        if leaf != record.leaf:
            return f"{number} was changed (hash differs)"
        if document.get("prev") != f"sha256:{self.last}":
            return f"{number} does not follow the event before it (chain differs): one of the two was changed"
        return None

    def _compare_root(self) -> Fault | None:
        for statement in self._statements.get(self.size, ()):
            if statement.root != self.root:
                return Fault(
                    self._signed,
                    f"the first {self.size:,} events are not those that were signed: something from event "
                    f"{self._signed:,} on was changed, removed or put in; {self._describe_past()}",
                )
            self.agreed += 1
            self._signed = self.size
        return None

    def _describe_past(self) -> str:
        if self._signed == 0:
            return "nothing before it is signed"
        return f"the {self._signed:,} events before event {self._signed:,} are sound, as signed"


def _open_all(
    checkpoints: Sequence[Checkpoint], public_keys: Sequence[VerifierKey]
) -> tuple[list[Statement], list[Fault]]:
    statements, faults = [], []
    for checkpoint in checkpoints:
        try:
            statement = open_checkpoint(checkpoint.note, public_keys)
        except InputError as error:
            faults.append(Fault(None, f"the checkpoint of {checkpoint.size:,} events does not count: {error.message}"))
            continue
        if (statement.size, statement.root.hex()) != (checkpoint.size, checkpoint.root):
            faults.append(Fault(None, f"the checkpoint of {checkpoint.size:,} events was changed: its note differs"))
        statements.append(statement)
    return statements, faults


def _find_missing(walk: _Walk, statements: Sequence[Statement]) -> list[Fault]:
    largest = max((statement.size for statement in statements), default=0)
    if largest <= walk.size:
        return []
    missing = largest - walk.size
    return [
        Fault(
            walk.size,
            f"the record ends after {walk.size:,} events, but a signed checkpoint counts {largest:,}: "
            f"{missing:,} {'is' if missing == 1 else 'are'} missing",
        )
    ]


def _compare_head(walk: _Walk, head: AuditHead | None) -> list[Fault]:
    found = AuditHead(walk.size, walk.last, tuple(subtree.hex() for subtree in walk.compact))
    if head is None or head == found:
        return []
    return [
        Fault(
            min(head.size, walk.size),
            f"the stored head speaks of {head.size:,} events and the record has {walk.size:,}, or their hashes differ",
        )
    ]


def _read_all(unit: Unit) -> Iterator[AuditRecord]:
    start = 0
    while batch := unit.audit.range(start, start + _BATCH):
        yield from batch
        start += _BATCH
