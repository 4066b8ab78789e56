"""Active responses in the store: held; lifted by hand, by a step, when they expire, when their run is rolled back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from soar.engine.commands import HoldResponse
from soar.engine.events import LiftEnded, RunStarted, dump_event
from soar.model.audit import Actor, Outcome
from soar.model.errors import BugError, ConflictError
from soar.model.event import EventType
from soar.model.ids import Ids, derive_id
from soar.model.response import RESPONSE_TRANSITIONS, Response, ResponseStatus
from soar.model.run import Run, RunStatus
from soar.model.values import JsonValue
from soar.responses.checking import finish_check, start_check
from soar.responses.errand import build_run, write_revision
from soar.responses.escalation import page_owner, stop_paging, wake_page, watch_lift
from soar.responses.lifting import LIFT, describe_lift, join_queue, join_rollback
from soar.responses.report import (
    PAGE_KIND,
    SERVER,
    TIMER_KIND,
    find_response,
    move_response,
    publish_response,
    record_response,
)
from soar.responses.rollback import name_rollback, post_beginning, post_end, say_why
from soar.responses.term import extend_response, keep_response, name_expiry, set_expiry
from soar.store import Unit

__all__ = ["PAGE_KIND", "TIMER_KIND", "ResponseService"]

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

    def hold(
        self, unit: Unit, command: HoldResponse, *, run: Run, owner: str | None, channel: str, at: datetime
    ) -> Response:
        """Remember a change, in the transaction that records its success.

        Args:
            unit: that transaction.
            command: what the engine says of the change.
            run: which made it.
            owner: who answers for the playbook.
            channel: where people are told if the change stands too long.
            at: the moment.
        """
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
            owner=owner,
            channel=channel,
            check_action=command.check_action,
            check_arguments=command.check_arguments,
            check_connection=command.check_connection,
        )
        unit.responses.add(response)
        record_response(unit, "response.held", response, Outcome.SUCCESS, ids=self._ids, at=at)
        set_expiry(unit, response)
        return response

    def extend(
        self, unit: Unit, response_id: str, by: timedelta, *, actor: Actor, reason: str | None, at: datetime
    ) -> Response:
        """Let a change stand longer; see `extend_response`."""
        return extend_response(unit, response_id, by, actor=actor, reason=reason, ids=self._ids, at=at)

    def keep(self, unit: Unit, response_id: str, *, actor: Actor, reason: str, at: datetime) -> Response:
        """Let a change stand until somebody lifts it; see `keep_response`."""
        return keep_response(unit, response_id, actor=actor, reason=reason, ids=self._ids, at=at)

    def check(self, unit: Unit, response_id: str, *, actor: Actor, initiator: str, at: datetime) -> Response:
        """Have a run look whether a change still stands; see `start_check`."""
        return start_check(unit, response_id, actor=actor, initiator=initiator, ids=self._ids, at=at)

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
        queue: str | None = None,
    ) -> Response:
        """Ask for a change to be taken back; a run does it.

        Args:
            unit: the transaction.
            response_id: which.
            actor: who asks, for the audit.
            initiator: who asks, as the run that takes it back names them.
            reason: what they said.
            at: the moment.
            channel: as in `Errand`.
            queue: what the lifts have in common of which one is to begin when the one before is over.

        Raises:
            NotFoundError: there is no such response.
            ConflictError: it is being lifted, or was lifted before.
        """
        response = find_response(unit, response_id)
        if response.status not in _LIFTABLE:
            raise ConflictError(
                f"{response.id} is {response.status.value} already", hint=f"see run {response.lift_run}"
            )
        errand = describe_lift(response, channel)
        revision = write_revision(errand, at)
        unit.revisions.put(revision)
        origin = unit.runs.get(response.run)
        run = build_run(errand, revision, initiator=initiator, ids=self._ids, at=at, origin=origin)
        run = join_rollback(run, origin)
        if queue is not None:
            run = join_queue(run, queue, unit.runs.list_sharing(queue))
        unit.runs.add(run)
        if not run.is_held:
            unit.inbox.add(run.id, dump_event(RunStarted(at=at)), at)
        unit.timers.cancel(name_expiry(response))
        lifting = replace(move_response(response, ResponseStatus.LIFTING), lift_run=run.id, fault=None)
        unit.responses.update(lifting)
        ids = self._ids
        record_response(
            unit, "response.lift_requested", lifting, Outcome.SUCCESS, ids=ids, at=at, actor=actor, reason=reason
        )
        return lifting

    def undo(self, unit: Unit, run: Run, *, actor: Actor, initiator: str, at: datetime) -> tuple[Response, ...]:
        """Ask for all that a run holds to be taken back: the latest first, the next when that is over.

        What could not be taken back stays for people, and the others go on.

        Returns:
            What is being lifted now or has its turn later, the latest first.
        """
        reason, queue = f"undo of {run.id}", f"undo:{run.id}"
        return tuple(
            self.lift(unit, held.id, actor=actor, initiator=initiator, reason=reason, at=at, queue=queue)
            for held in _list_held(unit, run.id)
            if held.status in _LIFTABLE
        )

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

        If it was a check, what it saw is kept. The run that made the change is told, if it is open; a rollback goes on
        with the next.

        Args:
            unit: the transaction that ends the run.
            run: as it has ended.
            channel: where its playbook tells people.
            at: the moment.

        Returns:
            The responses that changed.
        """
        checked = finish_check(unit, run, ids=self._ids, at=at)
        if checked is not None:
            return (checked,)
        response = unit.responses.of_lift_run(run.id) if run.playbook.startswith(f"{LIFT}-") else None
        if response is None:
            return ()
        done = self._end_lift(unit, response, run, at)
        _tell_owner(unit, done, at)
        if run.initiator == name_rollback(done.run):
            return (done, *self._roll_back_next(unit, done, channel, at))
        return (done,)

    def _end_lift(self, unit: Unit, response: Response, run: Run, at: datetime) -> Response:
        """Write down how a lift has ended; whoever answers for what still stands is told at once."""
        if run.status is RunStatus.SUCCEEDED:
            done = replace(move_response(response, ResponseStatus.LIFTED), lifted_at=at)
            unit.responses.update(done)
            stop_paging(unit, done)
            record_response(unit, "response.lifted", done, Outcome.SUCCESS, ids=self._ids, at=at)
            publish_response(unit, EventType.RESPONSE_LIFTED, done, at)
            return done
        done = replace(move_response(response, ResponseStatus.OVERDUE), fault=run.reason or run.status.value)
        record_response(unit, "response.lifted", done, Outcome.FAILURE, ids=self._ids, at=at, reason=done.fault)
        publish_response(unit, EventType.RESPONSE_OVERDUE, done, at)
        return page_owner(unit, done, ids=self._ids, at=at)

    def wake(self, unit: Unit, event: Mapping[str, JsonValue], at: datetime) -> Response | None:
        """Take a timer: lift what has expired, or tell people that it still stands.

        Returns:
            The response, if it has changed.
        """
        response = unit.responses.get(str(event["response"]))
        if response is None:
            return None
        if event.get("kind") == PAGE_KIND:
            return wake_page(unit, response, ids=self._ids, at=at)
        if response.status is not ResponseStatus.ACTIVE:
            return None
        record_response(unit, "response.expired", response, Outcome.SUCCESS, ids=self._ids, at=at)
        publish_response(unit, EventType.RESPONSE_EXPIRED, response, at)
        initiator = f"response:{response.id}"
        lifting = self.lift(unit, response.id, actor=SERVER, initiator=initiator, reason="it expired", at=at)
        watch_lift(unit, lifting, at)
        return lifting


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
