"""Checks a record against itself and against its signed checkpoints, and says in words what is wrong first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from soar.audit.checkpoint import Opened, check_checkpoint
from soar.audit.leaf import hash_document
from soar.audit.note import SignatureKind, VerifierKey
from soar.audit.pairing import Pairing
from soar.audit.tombstones import Tombstones
from soar.audit.tree import append_leaf, fold_root
from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.errors import InputError
from soar.model.values import print_timestamp


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
        remarks: what holds, and an auditor should know.
    """

    size: int
    root: str
    checkpoints: int
    faults: tuple[Fault, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether everything holds."""
        return not self.faults

    @property
    def is_signed(self) -> bool:
        """Whether anybody but the record itself vouches for it."""
        return self.checkpoints > 0

    @property
    def summary(self) -> str:
        """The result in one line."""
        if self.faults:
            return f"✖ {self.faults[0].message}"
        found = f"{_count(self.size, 'event')}, 1 chain"
        if not self.is_signed:
            return f"! {found}, no checkpoint: nothing signed says that these are all, and as they were"
        return f"✔ {found}, {_count(self.checkpoints, 'checkpoint')}"


def verify_records(
    records: Iterable[AuditRecord],
    checkpoints: Sequence[Checkpoint],
    public_keys: Sequence[VerifierKey],
    *,
    head: AuditHead | None = None,
    notes: Sequence[str] = (),
    anchored: Sequence[str] = (),
) -> Report:
    """Check a whole record from its first event.

    Checked are the numbering, each event's hash over its own content, the chain, the stored head if one is given, and
    each checkpoint: its signature, and that the record had its root at its size. Stops at the first bad event.

    Args:
        records: all events, in order.
        checkpoints: those kept with the record.
        public_keys: of those who sign checkpoints; from outside the record, or they prove nothing.
        head: where the store says the record ends.
        notes: of further checkpoints that were kept with the record.
        anchored: notes of checkpoints that were kept out of its reach.
    """
    opened, faults = _open_all(checkpoints, public_keys)
    for place, kept in (("record", notes), ("anchors", anchored)):
        found, wrong = _open_notes(place, kept, public_keys)
        opened, faults = opened + found, faults + wrong
    walk, pairing, tombstones, broken = Walk(opened), Pairing(), Tombstones(), None
    for record in records:
        broken = walk.take(record)
        if broken is not None:
            break
        pairing.take(record.document)
        tombstones.take(record.document)
    if broken is not None:
        faults.insert(0, broken)
    else:
        faults += walk.conclude(head)
        faults += [Fault(sequence, said) for sequence, said in tombstones.list_faults()]
        faults += _find_unsigned(opened, public_keys)
    remarks = (
        ()
        if faults
        else (
            *_describe_cover(walk, opened, len(anchored)),
            *tombstones.describe(),
            *pairing.describe(),
        )
    )
    return Report(size=walk.size, root=walk.root.hex(), checkpoints=walk.agreed, faults=tuple(faults), remarks=remarks)


class Walk:
    """Follows the record from its first event and remembers how far it was good.

    Args:
        opened: checkpoints whose signatures hold; the record is compared with each.
    """

    def __init__(self, opened: Sequence[Opened]) -> None:
        self.size = 0
        self.last = "0" * 64
        self.compact: tuple[bytes, ...] = ()
        self.agreed = 0
        self.signed = 0  # size of the largest checkpoint that agreed so far
        self.largest = max((one.statement.size for one in opened), default=0)
        self._roots: dict[int, list[bytes]] = {}
        for one in opened:
            self._roots.setdefault(one.statement.size, []).append(one.statement.root)
        self._beginning = self._compare_root()

    @property
    def root(self) -> bytes:
        """Merkle root over what was followed."""
        return fold_root(self.compact)

    def fork(self) -> "Walk":
        """Return a walk that stands where this one does, and goes its own way from here."""
        other = Walk.__new__(Walk)
        other.__dict__.update(self.__dict__)
        return other

    def take(self, record: AuditRecord) -> Fault | None:
        """Take the next record, or return what is wrong with it; a walk that has met a fault is over."""
        if self._beginning is not None:
            return self._beginning
        wrong = self._find_fault(record)
        if wrong is not None:
            return Fault(self.size, f"{wrong}; {self._describe_past()}")
        self.compact = append_leaf(self.size, self.compact, bytes.fromhex(record.leaf))
        self.size += 1
        self.last = record.leaf
        return self._compare_root()

    def conclude(self, head: AuditHead | None = None) -> list[Fault]:
        """Return what is wrong if the record ends here.

        Args:
            head: where the store says that it ends.
        """
        if self._beginning is not None:
            return [self._beginning]
        return [*self._find_missing(), *_compare_head(self, head)]

    def _find_missing(self) -> list[Fault]:
        missing = self.largest - self.size
        if missing <= 0:
            return []
        return [
            Fault(
                self.size,
                f"the record ends after {self.size:,} events, but a signed checkpoint counts {self.largest:,}: "
                f"{missing:,} {'is' if missing == 1 else 'are'} missing",
            )
        ]

    def _find_fault(self, record: AuditRecord) -> str | None:
        document, number = record.document, f"event {self.size:,}"
        if record.sequence > self.size:
            return f"{number} is missing: event {record.sequence:,} stands in its place"
        if record.sequence < self.size:
            return f"event {record.sequence:,} stands again where {number} should be"
        if document.get("seq") != record.sequence or document.get("at") != print_timestamp(record.at):
            return f"{number} was changed (its columns and its content differ)"
        try:
            leaf = hash_document(document, record.salts).hex()
        except InputError:
            return f"{number} was changed (its content has no canonical form)"
        if leaf != record.leaf:
            return f"{number} was changed (hash differs)"
        if document.get("prev") != f"sha256:{self.last}":
            return f"{number} does not follow the event before it (chain differs): one of the two was changed"
        return None

    def _compare_root(self) -> Fault | None:
        for root in self._roots.get(self.size, ()):
            if root != self.root:
                return Fault(
                    self.signed,
                    f"the first {self.size:,} events are not those that were signed: something from event "
                    f"{self.signed:,} on was changed, removed or put in; {self._describe_past()}",
                )
        if self.size in self._roots:
            self.agreed += 1
            self.signed = self.size
        return None

    def _describe_past(self) -> str:
        if self.signed == 0:
            return "nothing before it is signed"
        if self.signed == 1:
            return "event 0 is sound, as signed"
        return f"the {self.signed:,} events before event {self.signed:,} are sound, as signed"


def _open_all(
    checkpoints: Sequence[Checkpoint], public_keys: Sequence[VerifierKey]
) -> tuple[list[Opened], list[Fault]]:
    opened, faults = [], []
    for checkpoint in checkpoints:
        try:
            found = check_checkpoint(checkpoint.note, public_keys)
        except InputError as error:
            faults.append(Fault(None, f"the checkpoint of {checkpoint.size:,} events does not count: {error.message}"))
            continue
        if (found.statement.size, found.statement.root.hex()) != (checkpoint.size, checkpoint.root):
            faults.append(Fault(None, f"the checkpoint of {checkpoint.size:,} events was changed: its note differs"))
        opened.append(found)
    return opened, faults


def _open_notes(
    place: str, notes: Sequence[str], public_keys: Sequence[VerifierKey]
) -> tuple[list[Opened], list[Fault]]:
    opened, faults = [], []
    for number, note in enumerate(notes, start=1):
        try:
            opened.append(check_checkpoint(note, public_keys))
        except InputError as error:
            faults.append(Fault(None, f"checkpoint {number:,} of the {place} does not count: {error.message}"))
    return opened, faults


def _find_unsigned(opened: Sequence[Opened], public_keys: Sequence[VerifierKey]) -> list[Fault]:
    """Say so if the newest checkpoint lacks a kind of signature that a key was given for: somebody took it off."""
    if not opened:
        return []
    newest = max(opened, key=lambda one: one.statement.size)
    size, origin = newest.statement.size, newest.statement.origin
    signed = {one.key.kind for found in opened if found.statement.size == size for one in found.signers}
    wanted = {key.kind for key in public_keys if key.name == origin} & {SignatureKind.ED25519, SignatureKind.ML_DSA_44}
    return [
        Fault(None, f"the checkpoint of {size:,} events lacks the {kind.name} signature, whose key was given")
        for kind in sorted(wanted - signed)
    ]


def _describe_cover(walk: Walk, opened: Sequence[Opened], anchored: int) -> list[str]:
    """Say who vouches for how much of the record."""
    remarks = []
    tail = walk.size - walk.signed
    if walk.agreed and tail:
        remarks.append(f"the last {_count(tail, 'event')} came after the newest checkpoint")
    if anchored:
        remarks.append(f"{_count(anchored, 'anchored statement')} agree{'s' if anchored == 1 else ''}")
    vouched: dict[str, int] = {}
    for one in opened:
        for witness in one.witnesses:
            vouched[witness.key.name] = max(vouched.get(witness.key.name, 0), one.statement.size)
    remarks += [f"{name} vouches for the first {_count(size, 'event')}" for name, size in sorted(vouched.items())]
    return remarks


def _compare_head(walk: Walk, head: AuditHead | None) -> list[Fault]:
    found = AuditHead(walk.size, walk.last, tuple(subtree.hex() for subtree in walk.compact))
    if head is None or head == found:
        return []
    return [
        Fault(
            min(head.size, walk.size),
            f"the stored head speaks of {head.size:,} events and the record has {walk.size:,}, or their hashes differ",
        )
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
