"""What two people approve beforehand: listed, proposed, signed, revoked."""

from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.handlers.approvals import assure
from soar.api.schemas.base import Nothing, PageQuery
from soar.api.schemas.standing import RevocationWanted, StandingPage, StandingView, StandingWanted
from soar.approvals.decide import Voter
from soar.approvals.standing import StandingDesk, Wanted
from soar.audit.actor import describe_principal
from soar.model.errors import DeniedError, InputError, NotFoundError
from soar.model.standing_approval import StandingApproval
from soar.store import Unit


async def list_standing(call: Call, query: PageQuery) -> StandingPage:
    """List standing approvals, newest first; those that are over stay."""

    def show(unit: Unit) -> StandingPage:
        page = unit.standing_approvals.list(query.limit, query.cursor)
        return StandingPage(items=tuple(_view(call, unit, each) for each in page.items), next=page.next)

    return await call.read(show)


async def propose(call: Call, wanted: StandingWanted) -> StandingView:
    """Propose one; it counts once somebody else has signed it."""
    _check_reach(call)
    playbook = call.services.library.current().get(wanted.playbook)
    if playbook is None:
        raise NotFoundError(f"no playbook {wanted.playbook} serves", hint="`soar playbook list` shows them")
    if wanted.until.tzinfo is None:
        raise InputError("a moment needs its zone", hint="2027-01-31T00:00:00Z")
    asked = Wanted(
        action=wanted.action,
        playbook=playbook.id,
        revision=playbook.revision,
        targets=wanted.targets,
        reason=wanted.reason,
        until=wanted.until,
    )

    def make(unit: Unit) -> StandingView:
        voter = _find_voter(call, unit)
        made = _desk(call).propose(unit, asked, voter, describe_principal(call.principal), call.at)
        return _view(call, unit, made)

    return _announce(call, await call.write(make))


async def sign(call: Call, _: Nothing) -> StandingView:
    """Sign what somebody else has proposed; from then on it answers questions."""
    _check_reach(call)

    def make(unit: Unit) -> StandingView:
        voter = _find_voter(call, unit)
        signed = _desk(call).sign(unit, call.part("id"), voter, describe_principal(call.principal), call.at)
        return _view(call, unit, signed)

    return _announce(call, await call.write(make))


async def revoke(call: Call, wanted: RevocationWanted) -> StandingView:
    """End one before its time."""

    def end(unit: Unit) -> StandingView:
        actor = describe_principal(call.principal)
        return _view(call, unit, _desk(call).revoke(unit, call.part("id"), wanted.reason, actor, call.at))

    return _announce(call, await call.write(end))


def _check_reach(call: Call) -> None:
    if not call.is_unlimited(Permission.APPROVAL_VOTE):
        hint = "a part of the world, or a limited token, is too little for a yes beforehand"
        raise DeniedError("only who votes everywhere can agree beforehand", code="not_allowed", hint=hint)


def _find_voter(call: Call, unit: Unit) -> Voter | None:
    return call.services.approvals.find_voter(unit, call.principal, call.at, assurance=assure(call))


def _desk(call: Call) -> StandingDesk:
    services = call.services
    return StandingDesk(
        policy=services.policy, ids=services.ids, find_action=services.catalog.find_action, config=services.config
    )


def _announce(call: Call, view: StandingView) -> StandingView:
    call.announce("standing_approval", view.id)
    return view


def _view(call: Call, unit: Unit, standing: StandingApproval) -> StandingView:
    def name(user: str | None) -> str | None:
        person = unit.users.get(user) if user else None
        return person.name if person else user

    return StandingView(
        id=standing.id,
        action=standing.action,
        playbook=standing.playbook,
        revision=standing.revision,
        targets=standing.targets,
        reason=standing.reason,
        proposed_by=name(standing.proposed_by) or "",
        proposed_at=standing.proposed_at,
        expires_at=standing.expires_at,
        signed_by=name(standing.signed_by),
        revoked_by=name(standing.revoked_by),
        uses=standing.uses,
        used_at=standing.used_at,
        is_good=standing.is_good(call.at),
    )
