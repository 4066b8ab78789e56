"""An anchor that is a witness (https://c2sp.org/tlog-witness): it signs only what grew out of what it signed before."""

from collections.abc import Sequence
from dataclasses import replace

from soar.app.anchors.anchor import ReadLeaves, Receipt, refuse
from soar.app.anchors.http import post
from soar.app.anchors.settings import WitnessAnchorSettings
from soar.audit.cosignature import write_hash
from soar.audit.note import append_lines, check_note, parse_verifier_key
from soar.audit.tree import append_leaf, make_compact, prove_growth
from soar.model.audit import AnchorState, Checkpoint
from soar.model.errors import InputError
from soar.model.network import Egress, EgressResponse

_GOOD, _STALE = 200, 409
_LONGEST_SIZE = 20  # digits


class WitnessAnchor:
    """Has the newest checkpoint cosigned.

    Args:
        settings: which witness.
        egress: the way out.
        read_leaves: reads the record's leaf hashes.

    Raises:
        InputError: the key is none.
    """

    def __init__(self, settings: WitnessAnchorSettings, egress: Egress, read_leaves: ReadLeaves) -> None:
        self._settings = settings
        self._key = parse_verifier_key(settings.key)
        self._egress = egress
        self._read_leaves = read_leaves

    @property
    def name(self) -> str:
        """The witness."""
        return f"witness:{self._key.name}"

    @property
    def every(self) -> float:
        """Seconds between requests."""
        return self._settings.every

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:
        """Ask for a cosignature, with the proof that the record has only grown.

        Raises:
            UnavailableError: the witness cannot be reached or refuses; `audit_rolled_back` if it knows a longer record.
        """
        newest = missed[-1]
        size, compact = state.size, tuple(map(bytes.fromhex, state.range))
        answer = await self._ask(newest, size, compact)
        if answer.status == _STALE:
            size = self._read_size(answer, newest)
            compact = make_compact(await self._read_leaves(0, size))
            answer = await self._ask(newest, size, compact)
        if answer.status != _GOOD:
            raise refuse(self.name, f"it answers {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}")
        grown = await self._grow(size, compact, newest.size)
        return Receipt(newest.size, tuple(node.hex() for node in grown), self._cosign(newest, answer))

    async def _ask(self, newest: Checkpoint, size: int, compact: tuple[bytes, ...]) -> EgressResponse:
        added = await self._read_leaves(size, newest.size)
        proof = prove_growth(size, compact, added) if size else ()
        lines = [f"old {size}", *map(write_hash, proof), "", newest.note]
        url = f"{self._settings.url}/add-checkpoint"
        return await post(self._egress, self.name, url, "\n".join(lines).encode(), "text/plain; charset=utf-8")

    async def _grow(self, size: int, compact: tuple[bytes, ...], to: int) -> tuple[bytes, ...]:
        for place, leaf in enumerate(await self._read_leaves(size, to), start=size):
            compact = append_leaf(place, compact, leaf)
        return compact

    def _read_size(self, answer: EgressResponse, newest: Checkpoint) -> int:
        text = answer.body.decode("ascii", "replace").removesuffix("\n")
        if not (text.isdecimal() and text.isascii() and len(text) < _LONGEST_SIZE):
            raise refuse(self.name, "it names no size")
        size = int(text)
        if size > newest.size:
            raise refuse(
                self.name,
                f"it has seen {size} events and the record has {newest.size}: something was taken away",
                code="audit_rolled_back",
            )
        return size

    def _cosign(self, newest: Checkpoint, answer: EgressResponse) -> Checkpoint:
        try:
            note = append_lines(newest.note, answer.body.decode("utf-8"))
            _, signed = check_note(note, [self._key])
        except (UnicodeDecodeError, InputError) as error:
            raise refuse(self.name, f"its answer does not hold: {error}") from error
        if not signed:
            raise refuse(self.name, "it has signed with another key")
        return replace(newest, note=note)
