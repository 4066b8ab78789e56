"""Runs that are not to meet: which may begin, which has to wait, and which gives way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from soar.model.playbook import Concurrency, Overlap
from soar.model.run import Run
from soar.responses.rollback import is_rollback


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a run may begin among those that share its key.

    Attributes:
        waiting_for: what it waits for, in words; None if it begins at once.
        obstacle: the run that forbids it; None if it comes to be.
        replaced: runs that are asked to end.
    """

    waiting_for: str | None = None
    obstacle: Run | None = None
    replaced: tuple[Run, ...] = ()


def admit(concurrency: Concurrency, others: Sequence[Run]) -> Admission:
    """Return whether one more run may begin beside those that share its key and are not over, the oldest first.

    Those that take back what one of them did share its key, too.
    """
    match concurrency.mode:
        case Overlap.DROP if others:
            return Admission(obstacle=others[0])
        case Overlap.REPLACE if others:
            return _replace(others)
        case Overlap.QUEUE | Overlap.PARALLEL:
            is_full = len(others) >= most_at_once(concurrency)
            return Admission(waiting_for=f"{others[0].id} to end, which has the same key" if is_full else None)
        case Overlap.DROP | Overlap.REPLACE:
            return Admission()
        case _:
            assert_never(concurrency.mode)


def _replace(others: Sequence[Run]) -> Admission:
    """Return the admission of a run that takes the place of others; a rollback is waited for and never cut short."""
    replaced = tuple(run for run in others if not is_rollback(run))
    why = f"{replaced[0].id} to end, which it replaces" if replaced else f"{others[0].id} to end, which is a rollback"
    return Admission(waiting_for=why, replaced=replaced)


def most_at_once(concurrency: Concurrency) -> int:
    """Return how many runs with one key may have begun at once."""
    return concurrency.limit if concurrency.mode is Overlap.PARALLEL else 1
