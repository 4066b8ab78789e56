"""The run of a test requested, as a hook or a person would."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from soar.approvals.decide import is_meant
from soar.ingest.event import REQUESTER, takes_event
from soar.ingest.match import match_alert
from soar.ingest.request import Requester, RunRequests
from soar.ingest.schedule import build_requester
from soar.model.alert import Alert
from soar.model.audit import Actor
from soar.model.errors import InputError
from soar.model.event import Happening
from soar.model.identity import User
from soar.model.playbook import ManualTrigger, Playbook, Revision, ScheduleTrigger
from soar.model.values import as_value
from soar.rehearsal.people import as_voter, identify
from soar.rehearsal.stage import Site
from soar.rehearsal.suite import AlertStart, EventStart, ManualStart, ScheduleStart, Test
from soar.store import Unit


@dataclass(frozen=True, slots=True)
class Started:
    """What became of a start.

    Attributes:
        run: id of the run; None if there is none.
        reason: why there is none.
        is_rejected: the playbook was asked to start and its inputs did not fit, which a test may expect.
    """

    run: str | None
    reason: str = ""
    is_rejected: bool = False


def start_run(
    unit: Unit,
    requests: RunRequests,
    test: Test,
    playbook: Playbook,
    text: str,
    people: Sequence[User],
    site: Site,
    at: datetime,
) -> Started:
    """Fill an empty store with people and the playbook, and request the test's run."""
    for person in people:
        unit.users.add(person)
    unit.revisions.put(
        Revision(playbook=playbook.id, digest=playbook.revision, text=text, created_at=at, author="system:files")
    )
    match test.start:
        case AlertStart(alert=alert):
            return _start_for_alert(unit, requests, playbook, alert, site, at)
        case ManualStart() as start:
            return _start_by_hand(unit, requests, playbook, start, people, at)
        case ScheduleStart():
            return _start_by_schedule(unit, requests, playbook, at)
        case EventStart() as start:
            return _start_by_event(unit, requests, playbook, start, site, at)
        case _:
            assert_never(test.start)


def _start_for_alert(
    unit: Unit, requests: RunRequests, playbook: Playbook, alert: Alert, site: Site, at: datetime
) -> Started:
    unit.alerts.add(alert)
    serving = replace(playbook, is_enabled=True)  # one that is switched off is rehearsed before it is switched on
    verdicts = match_alert(alert, [serving], config=site.config, now=at, has_why=True)
    if not verdicts:
        return Started(None, "the playbook is not started by alerts")
    (verdict,) = verdicts
    if not verdict.is_match:
        why = "; ".join(f"{part.source} (found {part.value})" for part in verdict.conditions if part.is_deciding)
        return Started(None, f"the playbook does not take this alert: {why}")
    actor = Actor(kind="source", id=alert.source, name=alert.source, via="hook")
    requester = Requester(initiator=f"source:{alert.source}", actor=actor)
    match = requests.request_for_alert(unit, playbook, alert, requester, at)
    return Started(match.run) if match.run else Started(None, match.reason or "", is_rejected=True)


def _start_by_hand(
    unit: Unit, requests: RunRequests, playbook: Playbook, start: ManualStart, people: Sequence[User], at: datetime
) -> Started:
    triggers = [trigger for trigger in playbook.triggers if isinstance(trigger, ManualTrigger)]
    if not triggers:
        return Started(None, "the playbook is not started by hand: it has no `manual: {}` under `on`")
    person = next(person for person in people if person.id == identify(start.by))
    wanted = [principal for trigger in triggers for principal in trigger.by]
    if wanted and not any(is_meant(principal, as_voter(person)) for principal in wanted):
        return Started(None, f"the playbook may be started by {' or '.join(wanted)} only, and not by {start.by}")
    actor = Actor(kind="user", id=person.id, name=person.name, via="web", roles=tuple(sorted(person.roles)))
    given = {name: as_value(value) for name, value in start.inputs.items()}
    try:
        requester = Requester(initiator=f"user:{person.id}", actor=actor)
        return Started(requests.request_by_hand(unit, playbook, given, requester, at).id)
    except InputError as error:
        return Started(None, error.message, is_rejected=True)


def _start_by_schedule(unit: Unit, requests: RunRequests, playbook: Playbook, at: datetime) -> Started:
    if not any(isinstance(trigger, ScheduleTrigger) for trigger in playbook.triggers):
        return Started(None, "the playbook is not started by a schedule: it has no `schedule` under `on`")
    try:
        return Started(requests.request_by_schedule(unit, playbook, build_requester(playbook, at), at).id)
    except InputError as error:
        return Started(None, error.message, is_rejected=True)


def _start_by_event(
    unit: Unit, requests: RunRequests, playbook: Playbook, start: EventStart, site: Site, at: datetime
) -> Started:
    data = {name: as_value(value) for name, value in start.data.items()}
    happening = Happening(id=0, type=start.type, subject=start.subject, data=data, at=at)
    if not takes_event(playbook, happening, config=site.config, now=at):
        return Started(
            None, f"the playbook is not started by this `{start.type.value}`: no `event` under `on` takes it"
        )
    try:
        return Started(requests.request_by_event(unit, playbook, happening, REQUESTER, at).id)
    except InputError as error:
        return Started(None, error.message, is_rejected=True)
