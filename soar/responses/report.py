"""What is put down when an active response changes: for the record, for playbooks that wait, for people."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import BugError, NotFoundError
from soar.model.event import EventType
from soar.model.ids import Ids
from soar.model.message import Message
from soar.model.response import RESPONSE_TRANSITIONS, Response, ResponseStatus
from soar.model.values import Value
from soar.store import Unit

SERVER = Actor(kind="system", id="responses", name="soar", via="engine")
"""Who acts where nobody asked."""

TIMER_KIND = "response_due"
"""`kind` of the timers of expiries; whoever fires timers hands them to `ResponseService.wake`."""

PAGE_KIND = "response_page"
"""`kind` of the timers that have people told again; they go the same way."""

_USER = "user:"


def find_response(unit: Unit, response_id: str) -> Response:
    """Return an active response.

    Raises:
        NotFoundError: there is none with this id.
    """
    response = unit.responses.get(response_id)
    if response is None:
        raise NotFoundError(f"no active response {response_id}", hint="`soar run show` lists what a run holds")
    return response


def move_response(response: Response, status: ResponseStatus) -> Response:
    """Return a response in another status.

    Raises:
        BugError: that one may not follow.
    """
    if status not in RESPONSE_TRANSITIONS[response.status]:
        raise BugError(f"{response.id} cannot go from {response.status} to {status}")
    return replace(response, status=status)


def record_response(
    unit: Unit,
    kind: str,
    response: Response,
    outcome: Outcome,
    *,
    ids: Ids,
    at: datetime,
    actor: Actor = SERVER,
    reason: str | None = None,
) -> None:
    """Put down in the record what became of a response."""
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
        after={
            "status": response.status.value,
            "lift_run": response.lift_run,
            "expires_at": response.expires_at.isoformat() if response.expires_at else None,
            "sighting": response.sighting.value if response.sighting else None,
        },
        context={"run": response.run, "step": response.step},
    )
    record(unit, event, at=at, id=ids.new("ev"))


def publish_response(
    unit: Unit, kind: EventType, response: Response, at: datetime, more: Mapping[str, Value] | None = None
) -> None:
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
        **(more or {}),
    }
    playbook, depth = (run.playbook, run.depth + 1) if run is not None else (None, 0)
    unit.happenings.add(kind, response.id, data, at, playbook=playbook, depth=depth)


def post_to_owner(unit: Unit, response: Response, key: str, text: str, *, ids: Ids, at: datetime) -> None:
    """Tell people in the response's channel; an owner who is a person is told in person as well."""
    rooms = [response.channel.removeprefix("chat:")]
    if response.owner is not None and response.owner.startswith(_USER):
        rooms.append(f"@{response.owner.removeprefix(_USER)}")
    for room in filter(None, rooms):
        message = Message(
            id=ids.new("msg"),
            channel=room,
            key=f"{response.id}:{key}:{room}",
            at=at,
            author="soar",
            text=f"{response.action} ({response.id}) {text}",
            run=response.run,
        )
        unit.messages.post(message)
