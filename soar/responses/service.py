"""Active responses in the store: held, lifted by hand, lifted when they expire."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from soar.audit.record import record
from soar.engine.commands import HoldResponse
from soar.engine.events import RunStarted, dump_event
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, NotFoundError
from soar.model.ids import Ids, derive_id
from soar.model.response import Response, ResponseStatus
from soar.model.run import Run, RunStatus, Timer
from soar.model.values import JsonValue
from soar.responses.lifting import build_run, write_revision
from soar.store import Unit

TIMER_KIND = "response_due"
"""`kind` of the timers that this package sets; whoever fires timers hands them to `ResponseService.wake`."""

_SERVER = Actor(kind="system", id="responses", name="soar", via="engine")
_LIFTABLE = frozenset({ResponseStatus.ACTIVE, ResponseStatus.OVERDUE})


class ResponseService:
    """Holds what we changed and takes it back.

    Args:
        ids: new identifiers.
    """

    def __init__(self, *, ids: Ids) -> None:
        self._ids = ids

    def hold(self, unit: Unit, command: HoldResponse, *, run: Run, at: datetime) -> Response:
        """Remember a change, in the transaction that records its success."""
        response = Response(
            id=derive_id("ar", run.id, command.path),
            run=run.id,
            step=command.path,
            action=command.action,
            connection=command.connection,
            targets=command.targets,
            undo_action=command.undo_action,
            undo_arguments=command.undo_arguments,
            status=ResponseStatus.ACTIVE,
            created_at=at,
            expires_at=command.expires_at,
        )
        unit.responses.add(response)
        self._record(unit, "response.held", response, Outcome.SUCCESS, _SERVER, at)
        if response.expires_at is not None:
            event: JsonValue = {"kind": TIMER_KIND, "response": response.id}
            unit.timers.set(Timer(id=_timer(response), run=run.id, due_at=response.expires_at, event=event))
        return response

    def lift(
        self, unit: Unit, response_id: str, *, actor: Actor, initiator: str, reason: str | None, at: datetime
    ) -> Response:
        """Ask for a change to be taken back; a run does it.

        Raises:
            NotFoundError: there is no such response.
            ConflictError: it is being lifted, or was lifted before.
        """
        response = unit.responses.get(response_id)
        if response is None:
            raise NotFoundError(f"no active response {response_id}", hint="`soar run show` lists what a run holds")
        if response.status not in _LIFTABLE:
            raise ConflictError(
                f"{response.id} is {response.status.value} already", hint=f"see run {response.lift_run}"
            )
        revision = write_revision(response, at)
        unit.revisions.put(revision)
        run = build_run(response, revision, initiator=initiator, ids=self._ids, at=at)
        unit.runs.add(run)
        unit.inbox.add(run.id, dump_event(RunStarted(at=at)), at)
        unit.timers.cancel(_timer(response))
        lifting = replace(response, status=ResponseStatus.LIFTING, lift_run=run.id, fault=None)
        unit.responses.update(lifting)
        self._record(unit, "response.lift_requested", lifting, Outcome.SUCCESS, actor, at, reason=reason)
        return lifting

    def finish(self, unit: Unit, run: Run, at: datetime) -> Response | None:
        """Take the end of a run: if it was a lift, the response is lifted, or overdue and for people to look at."""
        response = unit.responses.of_lift_run(run.id)
        if response is None:
            return None
        if run.status is RunStatus.SUCCEEDED:
            done = replace(response, status=ResponseStatus.LIFTED, lifted_at=at)
            self._record(unit, "response.lifted", done, Outcome.SUCCESS, _SERVER, at)
        else:
            done = replace(response, status=ResponseStatus.OVERDUE, fault=run.reason or run.status.value)
            self._record(unit, "response.lifted", done, Outcome.FAILURE, _SERVER, at, reason=done.fault)
        unit.responses.update(done)
        return done

    def wake(self, unit: Unit, event: Mapping[str, JsonValue], at: datetime) -> Response | None:
        """Take a timer: lift what has expired. Returns the response if it is being lifted now."""
        response = unit.responses.get(str(event["response"]))
        if response is None or response.status is not ResponseStatus.ACTIVE:
            return None
        self._record(unit, "response.expired", response, Outcome.SUCCESS, _SERVER, at)
        return self.lift(
            unit, response.id, actor=_SERVER, initiator=f"response:{response.id}", reason="it expired", at=at
        )

    def _record(
        self,
        unit: Unit,
        kind: str,
        response: Response,
        outcome: Outcome,
        actor: Actor,
        at: datetime,
        reason: str | None = None,
    ) -> None:
        event = AuditEvent(
            type=kind,
            outcome=outcome,
            actor=actor,
            target={
                "kind": "response",
                "id": response.id,
                "action": response.action,
                "targets": list(response.targets[:50]),
            },
            reason=reason,
            after={"status": response.status.value, "lift_run": response.lift_run},
            context={"run": response.run, "step": response.step},
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def _timer(response: Response) -> str:
    return f"{response.id}:expiry"
