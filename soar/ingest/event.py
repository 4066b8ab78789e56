"""Playbooks that the service's own events start."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from soar.audit.record import record
from soar.expr import EvaluationError, Scope, compile_expression
from soar.ingest.request import Requester, RunRequests, publish_rejection
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, InputError
from soar.model.event import EventType, Happening
from soar.model.ids import Ids
from soar.model.playbook import EventTrigger, Playbook
from soar.model.values import Value
from soar.store import Unit

REQUESTER = Requester(
    initiator="system:events", actor=Actor(kind="system", id="events", name="the service's own events", via="engine")
)
"""On whose behalf events start playbooks."""

_DEEPEST = 5


def list_event_triggers(playbooks: Iterable[Playbook]) -> list[tuple[EventType, str]]:
    """Return which types of events start which of these playbooks, each pair once."""
    return sorted(
        {
            (EventType(trigger.type), playbook.id)
            for playbook in playbooks
            if playbook.is_enabled
            for trigger in playbook.triggers
            if isinstance(trigger, EventTrigger)
        }
    )


def takes_event(playbook: Playbook, happening: Happening, *, config: Mapping[str, Value], now: datetime) -> bool:
    """Whether one of a playbook's triggers takes what happened; a missing field is no error but a no."""
    scope = Scope(names={"event": happening.to_value(), "config": dict(config)}, now=now)
    return any(
        _is_match(trigger.match, scope)
        for trigger in playbook.triggers
        if isinstance(trigger, EventTrigger) and trigger.type == happening.type
    )


def _is_match(source: str | None, scope: Scope) -> bool:
    if source is None:
        return True
    try:
        return compile_expression(source).evaluate(scope) is True
    except EvaluationError:
        return False


class EventStarts:
    """Starts the playbooks that an event starts.

    No chain of them goes on for ever: what a playbook's own runs bring about does not start it again, and what happens
    more than five runs deep starts nothing.

    Args:
        requests: requests runs.
        config: the server's open settings, as expressions see them.
        ids: new identifiers.
    """

    def __init__(self, *, requests: RunRequests, config: Mapping[str, Value], ids: Ids) -> None:
        self._requests = requests
        self._config = config
        self._ids = ids

    def start(self, unit: Unit, playbooks: Iterable[Playbook], happening: Happening, now: datetime) -> tuple[str, ...]:
        """Start each of the playbooks that takes what happened; return the ids of the runs.

        A start that is refused, because an input does not fit or another run is in its way, is in the audit.
        """
        if happening.depth > _DEEPEST:
            return ()
        started = []
        for playbook in playbooks:
            if not playbook.is_enabled or playbook.id == happening.playbook:
                continue
            if takes_event(playbook, happening, config=self._config, now=now):
                try:
                    run = self._requests.request_by_event(unit, playbook, happening, REQUESTER, now)
                except (ConflictError, InputError) as error:
                    self._reject(unit, playbook, happening, error.message, now)
                else:
                    started.append(run.id)
        return tuple(started)

    def _reject(self, unit: Unit, playbook: Playbook, happening: Happening, reason: str, now: datetime) -> None:
        event = AuditEvent(
            type="event.rejected",
            outcome=Outcome.FAILURE,
            actor=REQUESTER.actor,
            target={"kind": "playbook", "id": playbook.id},
            reason=reason,
            context={"revision": playbook.revision, "event": happening.type.value, "subject": happening.subject},
        )
        record(unit, event, at=now, id=self._ids.new("ev"))
        publish_rejection(unit, playbook, reason, now, depth=happening.depth + 1)
