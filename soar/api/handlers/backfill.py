"""Alerts that came before, sent through their source again or given to a playbook."""

from http import HTTPStatus

from aiohttp import web

from soar.access.permissions import Permission
from soar.api.call import Call, write_json
from soar.api.handlers.playbooks import check_enabled, check_person, check_reach, find_playbook
from soar.api.schemas.base import Nothing
from soar.api.schemas.intake import BackfillView, BackfillWanted
from soar.api.things import Shown, Things
from soar.audit.actor import describe_principal
from soar.ingest.backfill import Backfill, Batch, Stretch, prepare
from soar.ingest.request import Requester
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import InputError, NotFoundError
from soar.model.values import print_timestamp
from soar.store import Unit


async def replay_alert(call: Call, _: Nothing) -> web.Response:
    """Send the bytes that an alert came in through its source again; whoever does so is its initiator."""

    def find(unit: Unit) -> str | None:
        alert = unit.alerts.get(call.part("id"))
        return alert.delivery if alert else None

    delivery_id = await call.read(find)
    delivery = await call.read(lambda unit: unit.deliveries.get(delivery_id)) if delivery_id else None
    if delivery is None:
        raise NotFoundError(f"no alert {call.part('id')}", hint="`soar alert list` shows them")
    receipt = await call.services.receiver.replay(call.principal, delivery)
    answer = receipt.answer
    several = answer if isinstance(answer, dict) and "alerts" in answer else {"alerts": [answer]}
    return write_json(several, HTTPStatus.ACCEPTED)


async def backfill_playbook(call: Call, sent: BackfillWanted) -> BackfillView:
    """Give stored alerts to a playbook, some at a time; those that it has dealt with are passed over."""
    if sent.since >= sent.until:
        raise InputError("`since` is not before `until`", code="window", hint="name the earlier moment first")
    found = find_playbook(call, call.part("id"))
    check_enabled(found)
    check_reach(call, found)
    playbook = prepare(found, sent.mode)
    stretch = Stretch(since=sent.since, until=sent.until, after=sent.after, limit=sent.limit)
    requester = Requester(initiator=f"user:{call.principal.id}", actor=describe_principal(call.principal))

    def fill(unit: Unit) -> tuple[Batch, int]:
        check_person(unit, call, found)
        backfill = Backfill(
            requests=call.services.receiver.requests,
            requester=requester,
            may_see=Shown(call, Permission.ALERT_READ, Things(call, unit).of_alert).has,
            config=call.services.config,
        )
        batch = backfill.fill(unit, playbook, stretch, call.at)
        call.record(unit, _describe(call, sent, batch))
        return batch, unit.alerts.count_within(sent.since, sent.until)

    batch, total = await call.write(fill)
    for run in batch.runs:
        call.announce("run", run)
    return BackfillView(
        mode=playbook.mode, total=total, seen=batch.seen, known=batch.known, runs=batch.runs, after=batch.after
    )


def _describe(call: Call, sent: BackfillWanted, batch: Batch) -> AuditEvent:
    return AuditEvent(
        type="playbook.backfilled",
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "playbook", "id": call.part("id")},
        context={
            "since": print_timestamp(sent.since),
            "until": print_timestamp(sent.until),
            "after": sent.after,
            "mode": sent.mode.value,
            "alerts": batch.seen,
            "runs": len(batch.runs),
        },
    )
