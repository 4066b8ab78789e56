"""Playbooks: seen, checked, started by hand."""

from http import HTTPStatus

from aiohttp import web

from soar.access.permissions import Permission
from soar.access.scopes import find_miss
from soar.access.subjects import describe_use
from soar.api.call import Call, write_json
from soar.api.schemas.base import Nothing, fields_of
from soar.api.schemas.playbooks import (
    DocumentSent,
    PlaybookDetail,
    PlaybookPage,
    Validation,
    view_finding,
    view_inputs,
    view_playbook,
)
from soar.api.schemas.runs import RunView, RunWanted
from soar.api.things import Shown, Things
from soar.api.views import Views
from soar.approvals.decide import is_meant
from soar.audit.actor import describe_principal
from soar.ingest.request import Requester
from soar.ingest.schedule import find_upcoming
from soar.model.errors import ConflictError, DeniedError, NotFoundError
from soar.model.playbook import ManualTrigger, Playbook
from soar.model.values import as_value
from soar.playbook import has_errors
from soar.playbook.references import ReferenceKind, find_references
from soar.store import Unit


async def list_playbooks(call: Call, _: Nothing) -> PlaybookPage:
    """List the playbooks that serve."""
    playbooks = sorted(call.services.library.current().values(), key=lambda playbook: playbook.id)

    def show(unit: Unit) -> PlaybookPage:
        kept = Shown(call, Permission.PLAYBOOK_READ, Things(call, unit).of_playbook).keep(playbooks)
        return PlaybookPage(
            items=tuple(view_playbook(playbook, find_upcoming(unit, playbook)) for playbook in kept), next=None
        )

    return await call.read(show)


async def show_playbook(call: Call, _: Nothing) -> PlaybookDetail:
    """Show a playbook with its document."""
    playbook = find_playbook(call, call.part("id"))
    view = await call.read(lambda unit: view_playbook(playbook, find_upcoming(unit, playbook)))
    text = call.services.library.text(playbook.id)
    return PlaybookDetail(**fields_of(view), inputs=view_inputs(playbook), text=text)


async def validate_playbook(call: Call, sent: DocumentSent) -> Validation:
    """Check a document as if it were this playbook; nothing is stored."""
    _, findings = call.services.library.check(sent.id, sent.text)
    return Validation(findings=tuple(map(view_finding, findings)), is_valid=not has_errors(findings))


def find_playbook(call: Call, playbook_id: str) -> Playbook:
    """Return a playbook that serves.

    Raises:
        NotFoundError: there is none with this id.
    """
    playbook = call.services.library.current().get(playbook_id)
    if playbook is None:
        raise NotFoundError(f"no playbook {playbook_id}", hint="`soar playbook list` shows them")
    return playbook


async def start_run(call: Call, sent: RunWanted) -> web.Response:
    """Start a playbook by hand."""
    playbook = find_playbook(call, call.part("id"))
    _check_startable(playbook)
    check_reach(call, playbook)
    requester = Requester(initiator=f"user:{call.principal.id}", actor=describe_principal(call.principal))

    given = {name: as_value(value) for name, value in sent.inputs.items()}

    def request(unit: Unit) -> RunView:
        check_person(unit, call, playbook)
        run = call.services.receiver.requests.request_by_hand(unit, playbook, given, requester, call.at)
        return Views(call, unit).show_run(run)

    run = await call.write(request)
    call.announce("run", run.id)
    return write_json(run, HTTPStatus.ACCEPTED, {"Location": f"/api/v1/runs/{run.id}"})


def check_enabled(playbook: Playbook) -> None:
    """Refuse a playbook that is switched off.

    Raises:
        ConflictError: it is.
    """
    if not playbook.is_enabled:
        raise ConflictError(
            f"{playbook.id} is switched off", code="playbook_disabled", hint="set `enabled: true` in it"
        )


def _check_startable(playbook: Playbook) -> None:
    check_enabled(playbook)
    if not _find_manual(playbook):
        raise ConflictError(
            f"{playbook.id} is not started by hand", code="playbook_not_manual", hint="add `manual: {}` under its `on`"
        )


def check_person(unit: Unit, call: Call, playbook: Playbook) -> None:
    """Refuse whom the playbook does not name among those who may start it.

    Raises:
        DeniedError: it names others.
    """
    wanted = [principal for trigger in _find_manual(playbook) for principal in trigger.by]
    starter = call.over(Things(call, unit).of_playbook(playbook))
    voter = call.services.approvals.find_voter(unit, starter, call.at)
    if wanted and not (voter and any(is_meant(principal, voter) for principal in wanted)):
        raise DeniedError(f"{playbook.id} may be started by {' or '.join(wanted)} only", code="not_meant")


def check_reach(call: Call, playbook: Playbook) -> None:
    """Refuse a limited token what calls beyond its limit: a run has its starter's rights, whatever they started it by.

    Raises:
        DeniedError: the playbook has an action that the token does not reach.
    """
    within = call.principal.within
    if within is None:
        return
    for reference in find_references(playbook, call.services.catalog.find_action):
        if reference.kind is ReferenceKind.ACTION:
            use = describe_use(call.workspace, playbook.id, playbook.team, reference.name, reference.connection)
            miss = find_miss(within, use, call.principal.teams)
            if miss is not None:
                raise DeniedError(f"this token is limited, and {playbook.id} does more: {miss}", code="outside_limit")


def _find_manual(playbook: Playbook) -> list[ManualTrigger]:
    return [trigger for trigger in playbook.triggers if isinstance(trigger, ManualTrigger)]
