"""Runs: seen, ended, tried again, taken back."""

from http import HTTPStatus

from aiohttp import web

from soar.access.permissions import Permission
from soar.api.call import Call, write_json
from soar.api.handlers.playbooks import check_enabled, check_person, check_reach
from soar.api.schemas.base import Nothing, fields_of
from soar.api.schemas.responses import ResponsesLifting, ResponseView
from soar.api.schemas.runs import CancelWanted, RetryWanted, RunDetail, RunPage, RunQuery, RunView, Settling
from soar.api.steps import list_steps
from soar.api.things import Shown, Things
from soar.api.views import Views
from soar.audit.actor import describe_principal
from soar.engine.events import CancelRequested, dump_event
from soar.engine.replay import fold
from soar.expr import to_plain
from soar.ingest.request import Requester
from soar.ingest.retry import Retries, Retry
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import ConflictError, NotFoundError
from soar.model.response import Response, ResponseStatus
from soar.model.run import Run
from soar.runtime.settlement import Settlement, Settlements
from soar.store import Unit

_EVERYTHING = 1_000


async def list_runs(call: Call, query: RunQuery) -> RunPage:
    """List runs, newest first."""

    def show(unit: Unit) -> RunPage:
        shown = Shown(call, Permission.RUN_READ, Things(call, unit).of_run)
        page = shown.page(
            lambda cursor: unit.runs.list(query.limit, cursor, query.status, query.playbook, query.alert), query.cursor
        )
        return RunPage(items=tuple(map(Views(call, unit).show_run, page.items)), next=page.next)

    return await call.read(show)


async def show_run(call: Call, _: Nothing) -> RunDetail:
    """Show a run with its steps, questions and active responses."""
    return await call.read(lambda unit: _describe(call, unit, find_run(unit, call.part("id"))))


async def cancel_run(call: Call, sent: CancelWanted) -> RunView:
    """End a run before its next step."""

    def cancel(unit: Unit) -> tuple[Run, RunView]:
        run = find_run(unit, call.part("id"))
        if run.status.is_final:
            raise ConflictError(f"{run.id} is over already: {run.status.value}")
        wanted = CancelRequested(at=call.at, by=call.principal.name, reason=sent.reason)
        unit.inbox.add(run.id, dump_event(wanted), call.at)
        event = AuditEvent(
            type="run.cancel_requested",
            outcome=Outcome.SUCCESS,
            actor=describe_principal(call.principal),
            target={"kind": "run", "id": run.id},
            reason=sent.reason,
            context={"run": run.id, "playbook": run.playbook, "revision": run.revision},
        )
        call.record(unit, event)
        return run, Views(call, unit).show_run(run)

    run, view = await call.write(cancel)
    call.announce("run", run.id)
    return view


async def retry_run(call: Call, sent: RetryWanted) -> web.Response:
    """Try a run again from a step on: a new run, which asks every gate again."""
    wanted = Retry(step=sent.step, accept_unknown=sent.accept_unknown)

    def retry(unit: Unit) -> RunView:
        return Views(call, unit).show_run(start_retry(call, unit, call.part("id"), wanted))

    again = await call.write(retry)
    call.announce("run", again.id)
    call.announce("run", call.part("id"))
    return write_json(again, HTTPStatus.ACCEPTED, {"Location": f"/api/v1/runs/{again.id}"})


async def settle_outcome(call: Call, sent: Settling) -> RunView:
    """Say what a call did whose outcome is unknown; its run goes on from there."""
    services = call.services
    settlements = Settlements(
        find_playbook=call.desk.revisions.find, read_output=services.read_output, ids=services.ids
    )
    wanted = Settlement(step=sent.step, finding=sent.finding, reason=sent.reason, output=sent.output)

    def settle(unit: Unit) -> RunView:
        run = find_run(unit, call.part("id"))
        settlements.settle(unit, run, wanted, actor=describe_principal(call.principal), at=call.at)
        return Views(call, unit).show_run(run)

    view = await call.write(settle)
    call.announce("run", view.id)
    return view


def start_retry(call: Call, unit: Unit, run_id: str, wanted: Retry) -> Run:
    """Start a run again for whoever asks, if the playbook is switched on and they may start it.

    Raises:
        NotFoundError: there is no such run.
        DeniedError: the playbook names others who may start it.
        InputError: as `Retries.retry` does.
        ConflictError: as `Retries.retry` does, or the playbook is switched off.
    """
    services, find_playbook = call.services, call.desk.revisions.find
    run = find_run(unit, run_id)
    playbook = services.library.current().get(run.playbook) or find_playbook(unit, run)
    if playbook is not None:
        check_enabled(playbook)
        check_reach(call, playbook)
        check_person(unit, call, playbook)
    retries = Retries(
        requests=services.receiver.requests, catalog=services.catalog, find_playbook=find_playbook, ids=services.ids
    )
    requester = Requester(initiator=f"user:{call.principal.id}", actor=describe_principal(call.principal))
    return retries.retry(unit, run, wanted, requester, call.at)


async def undo_run(call: Call, _: Nothing) -> ResponsesLifting:
    """Take back everything that a run still holds in the world, newest first."""

    def undo(unit: Unit) -> tuple[tuple[Response, ResponseView], ...]:
        lifting = call.services.responses.undo(
            unit,
            find_run(unit, call.part("id")),
            actor=describe_principal(call.principal),
            initiator=f"user:{call.principal.id}",
            at=call.at,
        )
        views = Views(call, unit)
        return tuple((response, views.show_response(response)) for response in lifting)

    lifting = await call.write(undo)
    for response, _view in lifting:
        announce_lift(call, response)
    return ResponsesLifting(responses=tuple(view for _response, view in lifting))


def find_run(unit: Unit, run_id: str) -> Run:
    """Return a run.

    Raises:
        NotFoundError: there is none.
    """
    run = unit.runs.get(run_id)
    if run is None:
        raise NotFoundError(f"no run {run_id}", hint="`soar run list` shows them")
    return run


def announce_lift(call: Call, response: Response) -> None:
    """Say that a response and the run that takes it back have changed."""
    if response.lift_run is not None:
        call.announce("run", response.lift_run)
    call.announce("response", response.id)


def _describe(call: Call, unit: Unit, run: Run) -> RunDetail:
    views = Views(call, unit)
    playbook = call.desk.revisions.find(unit, run)
    retries = unit.runs.list_retries(run.id)
    state = fold(unit.journal.load(run.id))
    responses = unit.responses.list(_EVERYTHING, run=run.id).items
    undone = {response.step for response in responses if response.status is ResponseStatus.LIFTED}
    return RunDetail(
        **fields_of(views.show_run(run)),
        steps=list_steps(playbook, state, call.services.catalog, undone) if playbook else (),
        approvals=tuple(map(views.show_approval, unit.approvals.list(_EVERYTHING, run=run.id).items)),
        responses=tuple(map(views.show_response, responses)),
        inputs={name: to_plain(value) for name, value in run.inputs.items()},
        retried_by=tuple(again.id for again in retries),
    )
