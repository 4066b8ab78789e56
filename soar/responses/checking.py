"""Is it still there? A look at the product, by the action that the connector declares for it."""

from dataclasses import replace
from datetime import datetime

from soar.engine.events import RunStarted, dump_event
from soar.model.audit import Actor, Outcome
from soar.model.errors import ConflictError
from soar.model.event import EventType
from soar.model.ids import Ids
from soar.model.response import Response, ResponseStatus, Sighting
from soar.model.run import Run, RunStatus
from soar.responses.errand import Errand, build_run, write_revision
from soar.responses.report import find_response, post_to_owner, publish_response, record_response
from soar.store import Unit

CHECK = "check"
"""Step of a check's run; the ids of these runs' playbooks begin with it."""

_STANDING = frozenset({ResponseStatus.ACTIVE, ResponseStatus.OVERDUE})


def start_check(unit: Unit, response_id: str, *, actor: Actor, initiator: str, ids: Ids, at: datetime) -> Response:
    """Have a run look whether a change still stands. While one looks already, there is no second.

    Raises:
        NotFoundError: there is no such response.
        ConflictError: its connector cannot tell, or it is lifted or being lifted.
    """
    response = find_response(unit, response_id)
    if response.status not in _STANDING:
        raise ConflictError(f"{response.id} is {response.status.value} already", hint=f"see run {response.lift_run}")
    errand = _describe_check(response)
    looking = unit.runs.get(response.check_run) if response.check_run else None
    if looking is not None and not looking.status.is_final:
        return response
    revision = write_revision(errand, at)
    unit.revisions.put(revision)
    origin = unit.runs.get(response.run)
    run = build_run(errand, revision, initiator=initiator, ids=ids, at=at, origin=origin)
    unit.runs.add(run)
    unit.inbox.add(run.id, dump_event(RunStarted(at=at)), at)
    checked = replace(response, check_run=run.id, check_asked_at=at)
    unit.responses.update(checked)
    record_response(unit, "response.check_requested", checked, Outcome.SUCCESS, ids=ids, at=at, actor=actor)
    return checked


def finish_check(unit: Unit, run: Run, *, ids: Ids, at: datetime) -> Response | None:
    """Take the end of a run: if it was a check, keep what it saw. What is gone without us is told to people once.

    Args:
        unit: the transaction that ends the run.
        run: as it has ended.
        ids: new identifiers.
        at: the moment.

    Returns:
        The response that was looked at; None if the run was no check.
    """
    if not run.playbook.startswith(f"{CHECK}-"):
        return None
    response = unit.responses.of_check_run(run.id)
    if response is None:
        return None
    seen = _read_sighting(run)
    checked = replace(response, sighting=seen, checked_at=at, gone_at=_find_loss(response, seen, at))
    unit.responses.update(checked)
    outcome = Outcome.UNKNOWN if seen is Sighting.UNCLEAR else Outcome.SUCCESS
    record_response(unit, "response.checked", checked, outcome, ids=ids, at=at, reason=run.reason)
    has_drifted = checked.gone_at is not None and response.gone_at is None
    if has_drifted and response.status in _STANDING:
        record_response(unit, "response.drifted", checked, Outcome.FAILURE, ids=ids, at=at)
        publish_response(unit, EventType.RESPONSE_DRIFTED, checked, at, {"owner": checked.owner})
        told = f"is not there any more, and nobody has lifted it here; see {run.id}."
        post_to_owner(unit, checked, f"drifted:{run.id}", told, ids=ids, at=at)
    return checked


def _describe_check(response: Response) -> Errand:
    if response.check_action is None or response.check_connection is None:
        raise ConflictError(
            f"{response.id} cannot be checked: its connector has no action that tells whether {response.action} stands",
            hint="look at the product itself",
        )
    return Errand(
        step=CHECK,
        name=f"Look whether {response.action} still stands",
        action=response.check_action,
        connection=response.check_connection,
        arguments=response.check_arguments,
        outputs={"holds": f"steps.{CHECK}.output.holds"},
    )


def _find_loss(response: Response, seen: Sighting, at: datetime) -> datetime | None:
    """Return since when a change is gone; a look that could not tell changes nothing about that."""
    match seen:
        case Sighting.STANDING:
            return None
        case Sighting.GONE:
            return response.gone_at or at
        case Sighting.UNCLEAR:
            return response.gone_at


def _read_sighting(run: Run) -> Sighting:
    holds = run.outputs.get("holds") if run.status is RunStatus.SUCCEEDED else None
    if not isinstance(holds, bool):
        return Sighting.UNCLEAR
    return Sighting.STANDING if holds else Sighting.GONE
