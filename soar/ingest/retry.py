"""Runs that did not end well, tried again from a step on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from soar.audit.record import record
from soar.engine.carry import choose_carried, find_start, list_uncertain
from soar.engine.plan import Program
from soar.engine.replay import fold
from soar.ingest.request import Requester, RunRequests
from soar.model.audit import AuditEvent, Outcome
from soar.model.catalog import Catalog
from soar.model.dead_letter import LetterKind, name_letter
from soar.model.errors import ConflictError
from soar.model.ids import Ids
from soar.model.playbook import Playbook
from soar.model.response import ResponseStatus
from soar.model.run import Run, RunStatus, StepRecord
from soar.model.step import UseAction
from soar.responses import errand
from soar.store import Unit

_RETRIABLE = frozenset({RunStatus.FAILED, RunStatus.DENIED, RunStatus.CANCELLED, RunStatus.TIMED_OUT})
_TAKEN_BACK = frozenset({ResponseStatus.LIFTING, ResponseStatus.LIFTED})
_EVERYTHING = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How a run is to be tried again.

    Attributes:
        step: id or path of the step to begin at; None for the first that is not over and done with.
        accept_unknown: what was found out about calls whose outcome is unknown; None if nobody looked.
    """

    step: str | None = None
    accept_unknown: str | None = None


class Retries:
    """Tries runs again: each time a new run, with what the steps before came to.

    Args:
        requests: requests runs.
        catalog: the installed connectors.
        find_playbook: gives the revision that a run is pinned to; None if it cannot be read any more.
        ids: new identifiers.
    """

    def __init__(
        self,
        *,
        requests: RunRequests,
        catalog: Catalog,
        find_playbook: Callable[[Unit, Run], Playbook | None],
        ids: Ids,
    ) -> None:
        self._requests = requests
        self._catalog = catalog
        self._find_playbook = find_playbook
        self._ids = ids

    def retry(self, unit: Unit, run: Run, wanted: Retry, requester: Requester, now: datetime) -> Run:
        """Start a new run in the place of one that is over. Every gate from the first step on is asked again.

        Raises:
            InputError: the playbook has no such step of its own, or none that is left to do (`retry.step`).
            ConflictError: the run is open or ended well (`retry.status`), belongs to another (`retry.part`), is tried
                again already (`retry.open`), has changed something that is taken back by now (`retry.taken_back`),
                may have changed something that nobody knows of (`retry.unknown`), or a run with the same key is not
                over.
            ExpressionError: the key that keeps runs apart cannot be evaluated.
        """
        _check_retriable(unit, run)
        playbook = self._find_playbook(unit, run)
        if playbook is None:
            raise ConflictError(f"the playbook of {run.id} cannot be read any more", code="retry.status")
        program, records = Program(playbook), fold(unit.journal.load(run.id)).records
        start = find_start(program, records, wanted.step)
        carried = choose_carried(program, records, start, run.id)
        _check_standing(unit, program, carried)
        unknown = tuple(self._list_unknown(unit, program, records, carried))
        if unknown and not wanted.accept_unknown:
            raise ConflictError(
                f"it is not known whether this happened: {', '.join(unknown)}",
                code="retry.unknown",
                hint="look there first; then try again with `accept_unknown` and what you found",
            )
        again = self._requests.request_again(unit, playbook, run, carried, requester, now)
        unit.dead_letters.remove(name_letter(LetterKind.RUN, run.id))
        first = playbook.steps[start]
        event = AuditEvent(
            type="run.retried",
            outcome=Outcome.SUCCESS,
            actor=requester.actor,
            target={"kind": "run", "id": again.id},
            reason=wanted.accept_unknown,
            context={
                "run": again.id,
                "playbook": run.playbook,
                "revision": run.revision,
                "retry_of": run.id,
                "from": first.id or first.path,
                "carried": [step.id or step.path for step in playbook.steps if step.path in carried],
                "unknown": list(unknown),
            },
        )
        record(unit, event, at=now, id=self._ids.new("ev"))
        return again

    def _list_unknown(
        self, unit: Unit, program: Program, records: Mapping[str, StepRecord], carried: Mapping[str, StepRecord]
    ) -> Iterator[str]:
        """Name every call that may have happened, those of called playbooks included."""
        for path in list_uncertain(program, records, self._catalog, carried):
            step = program.step(path)
            action = step.body.action if isinstance(step.body, UseAction) else ""
            yield f"{step.id or path} ({action})"
        called = [found.child for path, found in records.items() if found.child and path not in carried]
        for child in filter(None, map(unit.runs.get, called)):
            playbook = self._find_playbook(unit, child)
            if playbook is not None:
                theirs = fold(unit.journal.load(child.id)).records
                for name in self._list_unknown(unit, Program(playbook), theirs, {}):
                    yield f"{name} in {child.id}"


def _check_retriable(unit: Unit, run: Run) -> None:
    if run.status not in _RETRIABLE:
        raise ConflictError(
            f"{run.id} is {run.status.value}",
            code="retry.status",
            hint="only runs that failed, were denied, were cancelled or took too long are tried again",
        )
    if run.parent is not None:
        raise ConflictError(
            f"{run.id} was called by {run.parent}", code="retry.part", hint=f"try {run.parent} again: it calls anew"
        )
    revision = unit.revisions.get(run.revision)
    if revision is not None and revision.author == errand.AUTHOR:
        raise ConflictError(
            f"{run.id} takes a response back, or looks at it",
            code="retry.part",
            hint="lift or check the response again: `soar response list`",
        )
    for again in unit.runs.list_retries(run.id):
        if not again.status.is_final:
            raise ConflictError(
                f"{again.id} tries {run.id} again and is not over", code="retry.open", hint=f"see or cancel {again.id}"
            )


def _check_standing(unit: Unit, program: Program, carried: Mapping[str, StepRecord]) -> None:
    """Refuse to bring along a change that somebody has taken back since; what the run itself took back is known to it.

    Raises:
        ConflictError: there is one.
    """
    for holder in {found.carried for found in carried.values() if found.carried is not None}:
        for response in unit.responses.list(_EVERYTHING, run=holder).items:
            if response.status not in _TAKEN_BACK or response.step not in carried:
                continue
            lift = unit.runs.get(response.lift_run) if response.lift_run else None
            if lift is None or lift.initiator != f"run:{holder}":
                step = program.step(response.step)
                name = step.id or step.path
                raise ConflictError(
                    f"what {name} changed was taken back", code="retry.taken_back", hint=f"begin at {name} or before it"
                )
