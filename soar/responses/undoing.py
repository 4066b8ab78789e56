"""What somebody who talks in a chat wants taken back: all that a run holds, or what one of its steps does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from soar.model.audit import Actor
from soar.model.playbook import Playbook
from soar.model.response import Response, ResponseStatus
from soar.model.run import Run
from soar.model.step import walk_steps
from soar.responses.service import ResponseService
from soar.store import Unit

_LIFTABLE = frozenset({ResponseStatus.ACTIVE, ResponseStatus.OVERDUE})
_EVERYTHING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoer:
    """Who wants it.

    Attributes:
        actor: as the audit names them.
        initiator: as the runs name them that take things back.
        may_lift: whether they may take this back.
        reason: why, in their words.
    """

    actor: Actor
    initiator: str
    may_lift: Callable[[Response], bool]
    reason: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it, in a sentence, and what is being lifted now or has its turn later, the latest first."""

    text: str
    lifting: tuple[Response, ...] = ()

    def list_news(self) -> tuple[tuple[str, str], ...]:
        """Return what has changed by it, as kind and id."""
        runs = (("run", each.lift_run) for each in self.lifting if each.lift_run is not None)
        return (*runs, *(("response", each.id) for each in self.lifting))


class Undoing:
    """Takes back, in the transaction that it is given, what people name by a run and perhaps a step.

    Args:
        responses: lifts.
        find_playbook: the revision that a run is pinned to; None if it cannot be read any more.
    """

    def __init__(self, *, responses: ResponseService, find_playbook: Callable[[Unit, Run], Playbook | None]) -> None:
        self._responses = responses
        self._find_playbook = find_playbook

    def undo(self, unit: Unit, run_id: str, step: str, undoer: Undoer, at: datetime) -> Undone:
        """Ask for what is held to be taken back, the latest first, each when the one before is over.

        Nothing is lifted where somebody may not lift all of what they named.

        Args:
            unit: the transaction.
            run_id: of the run.
            step: its id or path; empty for all that the run holds.
            undoer: who wants it.
            at: the moment.
        """
        run = unit.runs.get(run_id)
        if run is None:
            is_name = run_id.isascii() and run_id.isidentifier()
            return Undone(f"There is no run {run_id[:40]}." if is_name else "There is no such run.")
        wanted = self._find_wanted(unit, run, step)
        if not wanted:
            return Undone(f"{run.id} holds nothing that could be undone{' there' if step else ''}.")
        if not all(undoer.may_lift(each) for each in wanted):
            return Undone(f"You may not undo what {run.id} holds.")
        queue = f"undo:{run.id}"
        lifting = tuple(
            self._responses.lift(
                unit,
                each.id,
                actor=undoer.actor,
                initiator=undoer.initiator,
                reason=undoer.reason,
                at=at,
                queue=queue,
            )
            for each in wanted
        )
        named = ", ".join(each.action for each in wanted)
        return Undone(f"Undoing {len(wanted)} of {run.id}: {named}.", lifting)

    def _find_wanted(self, unit: Unit, run: Run, step: str) -> list[Response]:
        held = [each for each in unit.responses.list(_EVERYTHING, run=run.id).items if is_liftable(each)]
        paths = tuple(path for path in (step, self._find_path(unit, run, step)) if path)
        return [each for each in held if not step or any(_is_within(each.step, path) for path in paths)]

    def _find_path(self, unit: Unit, run: Run, step: str) -> str | None:
        playbook = self._find_playbook(unit, run)
        steps = walk_steps(playbook.steps) if playbook else ()
        return next((each.path for each in steps if each.id == step), None)


def _is_within(step: str, path: str) -> bool:
    """Whether a step is the one at a path, one of its elements, or inside of it."""
    return step == path or step.startswith((f"{path}#", f"{path}/"))


def is_liftable(response: Response) -> bool:
    """Whether a response holds something that can be taken back."""
    return response.status in _LIFTABLE
