"""Judges a changed copy by the verifier's own functions, from the first line that differs.

A `Walk` holds all that the verifier remembers of what it has read: size, last hash, compact range, how far it was
signed.
Events before the first change are those of the honest copy, so the walk that stands there in the honest copy is the one
that stands there in the changed copy. From there each line goes through `read_entry` and `Walk.take`, as in a whole
verification. `test_mutations` holds a sample of these verdicts against whole ones.
"""

from collections.abc import Iterable, Sequence

from soar.audit.checkpoint import check_checkpoint
from soar.audit.export import read_entry, verify_export
from soar.audit.verify import Walk
from soar.model.audit import AuditRecord
from soar.model.errors import InputError
from tests.audit_mutations.record import Taken


class Judge:
    """Says whether a change is found.

    Args:
        taken: the honest copy.
    """

    def __init__(self, taken: Taken) -> None:
        self.taken = taken
        self.size = len(taken.documents)
        notes = [read_entry(index, line) for index, line in enumerate(taken.lines) if index > self.size]
        opened = [check_checkpoint(str(note), taken.keys) for note in (*notes, *taken.anchored)]
        walk = Walk(opened)
        self._walks = [walk.fork()]
        for index in range(1, self.size + 1):
            record = read_entry(index, taken.lines[index])
            assert isinstance(record, AuditRecord)
            assert walk.take(record) is None
            self._walks.append(walk.fork())
        assert walk.conclude() == []

    def finds(self, first: int, changed: Sequence[bytes], skipped: int) -> bool:
        """Say whether a copy is refused in which lines of events were replaced.

        Args:
            first: index of the first event concerned.
            changed: what stands in the place of its line and the following.
            skipped: how many lines they replace.
        """
        walk = self._walks[first].fork()
        rest = self.taken.lines[1 + first + skipped : 1 + self.size]
        index = 1 + first
        try:
            for text in _split(changed):
                if self._refuses(walk, index, text):
                    return True
                index += 1
            for line in rest:
                if self._refuses(walk, index, line):
                    return True
                index += 1
        except (InputError, UnicodeDecodeError):
            return True
        return bool(walk.conclude()) or walk.size != self.size or walk.root != self._walks[-1].root

    def finds_in_whole(self, lines: Iterable[str]) -> bool:
        """Say whether a whole copy is refused, by the whole verification."""
        try:
            return not verify_export(lines, self.taken.keys, self.taken.anchored).is_sound
        except InputError:
            return True

    def _refuses(self, walk: Walk, index: int, line: str) -> bool:
        entry = read_entry(index, line)
        return not isinstance(entry, AuditRecord) or walk.take(entry) is not None


def _split(changed: Sequence[bytes]) -> list[str]:
    """Return lines as a text file gives them: a byte that was made a newline makes two."""
    return [line for raw in changed for line in raw.decode("utf-8").split("\n")]
