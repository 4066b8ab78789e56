"""Active responses in the store: held; lifted by hand, by a step, when they expire, when their run is rolled back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from soar.audit.record import record
from soar.engine.commands import HoldResponse
from soar.engine.events import LiftEnded, RunStarted, dump_event
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import BugError, ConflictError, NotFoundError
from soar.model.event import EventType
from soar.model.ids import Ids, derive_id
from soar.model.response import RESPONSE_TRANSITIONS, Response, ResponseStatus
from soar.model.run import Run, RunStatus, Timer
from soar.model.values import JsonValue, Value
from soar.responses.lifting import build_run, write_revision
from soar.responses.rollback import name_rollback, post_beginning, post_end, say_why
from soar.store import Unit

TIMER_KIND = "response_due"
"""`kind` of the timers that this package sets; whoever fires timers hands them to `ResponseService.wake`."""

_SERVER = Actor(kind="system", id="responses", name="soar", via="engine")
_LIFTABLE = frozenset(
    status for status, following in RESPONSE_TRANSITIONS.items() if ResponseStatus.LIFTING in following
)
_EVERYTHING = 100_000


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
        self,
        unit: Unit,
        response_id: str,
        *,
        actor: Actor,
        initiator: str,
        reason: str | None,
        at: datetime,
        channel: str | None = None,
    ) -> Response:
        """Ask for a change to be taken back; a run does it.

        Args:
            unit: the transaction.
            response_id: which.
            actor: who asks, for the audit.
            initiator: who asks, as the run that takes it back names them.
            reason: what they said.
            at: the moment.
            channel: as in `write_revision`.

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
        revision = write_revision(response, at, channel)
        unit.revisions.put(revision)
        origin = unit.runs.get(response.run)
        run = build_run(response, revision, initiator=initiator, ids=self._ids, at=at, origin=origin)
        unit.runs.add(run)
        unit.inbox.add(run.id, dump_event(RunStarted(at=at)), at)
        unit.timers.cancel(_timer(response))
        lifting = replace(_move(response, ResponseStatus.LIFTING), lift_run=run.id, fault=None)
        unit.responses.update(lifting)
        self._record(unit, "response.lift_requested", lifting, Outcome.SUCCESS, actor, at, reason=reason)
        return lifting

    def lift_for_step(self, unit: Unit, run: Run, path: str, *, actor: Actor, reason: str, at: datetime) -> Response:
        """Take back what a step of a run holds because another of its steps asks for it.

        What is being lifted already is left alone: the run is told of the end of every lift.

        Raises:
            BugError: the step holds nothing.
        """
        response = unit.responses.get(derive_id("ar", run.id, path))
        if response is None:
            raise BugError(f"step {path} of {run.id} holds nothing")
        match response.status:
            case ResponseStatus.ACTIVE | ResponseStatus.OVERDUE:
                initiator = f"run:{run.id}"
                return self.lift(unit, response.id, actor=actor, initiator=initiator, reason=reason, at=at)
            case ResponseStatus.LIFTED:
                _tell_owner(unit, response, at)
            case ResponseStatus.LIFTING:
                pass
        return response

    def roll_back(self, unit: Unit, run: Run, channel: str | None, at: datetime) -> tuple[Response, ...]:
        """Take back all that a run holds, which has just ended: the latest first, the next when one is over.

        Args:
            unit: the transaction that ends the run.
            run: as it has ended.
            channel: where people are told; None where the playbook names none.
            at: the moment.

        Returns:
            What is being lifted now; nothing if nothing is held.
        """
        held = [each for each in _list_held(unit, run.id) if each.status in _LIFTABLE]
        if not held:
            return ()
        if channel is not None:
            post_beginning(unit, run, channel, len(held), ids=self._ids, at=at)
        return (self._roll_back_one(unit, run, held[0], channel, at),)

    def _roll_back_one(self, unit: Unit, run: Run, response: Response, channel: str | None, at: datetime) -> Response:
        actor = Actor(kind="playbook", id=run.playbook, name=run.playbook, via="engine")
        initiator, reason = name_rollback(run.id), say_why(run)
        return self.lift(unit, response.id, actor=actor, initiator=initiator, reason=reason, at=at, channel=channel)

    def _roll_back_next(self, unit: Unit, done: Response, channel: str | None, at: datetime) -> tuple[Response, ...]:
        """Lift what was done before a change that has been dealt with; with nothing left, say how it went."""
        run, held = unit.runs.get(done.run), _list_held(unit, done.run)
        if run is None:
            return ()
        earlier = held[[each.id for each in held].index(done.id) + 1 :]
        following = next((each for each in earlier if each.status in _LIFTABLE), None)
        if following is not None:
            return (self._roll_back_one(unit, run, following, channel, at),)
        if channel is not None:
            kept = [each for each in held if each.status is ResponseStatus.OVERDUE]
            post_end(unit, run, channel, kept, ids=self._ids, at=at)
        return ()

    def finish(self, unit: Unit, run: Run, channel: str | None, at: datetime) -> tuple[Response, ...]:
        """Take the end of a run: if it was a lift, the response is lifted, or overdue and for people to look at.

        The run that made the change is told, if it is open; a rollback goes on with the next.

        Args:
            unit: the transaction that ends the run.
            run: as it has ended.
            channel: where its playbook tells people.
            at: the moment.

        Returns:
            The responses that changed.
        """
        response = unit.responses.of_lift_run(run.id)
        if response is None:
            return ()
        if run.status is RunStatus.SUCCEEDED:
            done = replace(_move(response, ResponseStatus.LIFTED), lifted_at=at)
            self._record(unit, "response.lifted", done, Outcome.SUCCESS, _SERVER, at)
            _publish(unit, EventType.RESPONSE_LIFTED, done, at)
        else:
            done = replace(_move(response, ResponseStatus.OVERDUE), fault=run.reason or run.status.value)
            self._record(unit, "response.lifted", done, Outcome.FAILURE, _SERVER, at, reason=done.fault)
            _publish(unit, EventType.RESPONSE_OVERDUE, done, at)
        unit.responses.update(done)
        _tell_owner(unit, done, at)
        if run.initiator == name_rollback(done.run):
            return (done, *self._roll_back_next(unit, done, channel, at))
        return (done,)

    def wake(self, unit: Unit, event: Mapping[str, JsonValue], at: datetime) -> Response | None:
        """Take a timer: lift what has expired. Returns the response if it is being lifted now."""
        response = unit.responses.get(str(event["response"]))
        if response is None or response.status is not ResponseStatus.ACTIVE:
            return None
        self._record(unit, "response.expired", response, Outcome.SUCCESS, _SERVER, at)
        _publish(unit, EventType.RESPONSE_EXPIRED, response, at)
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


def _move(response: Response, status: ResponseStatus) -> Response:
    """Return a response in another status.

    Raises:
        BugError: that one may not follow.
    """
    if status not in RESPONSE_TRANSITIONS[response.status]:
        raise BugError(f"{response.id} cannot go from {response.status} to {status}")
    return replace(response, status=status)


def _list_held(unit: Unit, run: str) -> tuple[Response, ...]:
    """Return all that a run has held, the latest first."""
    return tuple(unit.responses.list(_EVERYTHING, run=run).items)


def _tell_owner(unit: Unit, response: Response, at: datetime) -> None:
    """Tell the run that made a change how its lift has ended, unless that run is over."""
    owner = unit.runs.get(response.run)
    if owner is None or owner.status.is_final:
        return
    is_lifted = response.status is ResponseStatus.LIFTED
    event = LiftEnded(at=at, path=response.step, is_lifted=is_lifted, reason=response.fault)
    unit.inbox.add(owner.id, dump_event(event), at)


def _publish(unit: Unit, kind: EventType, response: Response, at: datetime) -> None:
    """Put down what became of a change, for whoever waits for that."""
    run = unit.runs.get(response.run)
    data: dict[str, Value] = {
        "response": response.id,
        "run": response.run,
        "step": response.step,
        "playbook": run.playbook if run is not None else None,
        "action": response.action,
        "connection": response.connection,
        "targets": list(response.targets),
        "lift_run": response.lift_run,
        "fault": response.fault,
    }
    playbook, depth = (run.playbook, run.depth + 1) if run is not None else (None, 0)
    unit.happenings.add(kind, response.id, data, at, playbook=playbook, depth=depth)


def _timer(response: Response) -> str:
    return f"{response.id}:expiry"
