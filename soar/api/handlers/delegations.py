"""Who votes in whose place: seen, lent and taken back by those concerned."""

from aiohttp import web

from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.schemas.approvals import Delegations, DelegationView, DelegationWanted
from soar.api.schemas.base import Nothing
from soar.approvals.delegations import delegate, end_delegation
from soar.model.delegation import Delegation
from soar.model.errors import DeniedError
from soar.store import Unit


async def list_delegations(call: Call, _: Nothing) -> Delegations:
    """List one's own delegations that count now: those one gave, and those one was given."""

    def show(unit: Unit) -> Delegations:
        active = unit.delegations.active(call.at)
        own = (each for each in active if call.principal.id in (each.giver, each.receiver))
        return Delegations(items=tuple(_view(unit, each) for each in own))

    return await call.read(show)


async def delegate_say(call: Call, wanted: DelegationWanted) -> DelegationView:
    """Let somebody vote in one's place for a while; they vote as themselves, and the record names both."""
    if not call.is_unlimited(Permission.APPROVAL_VOTE):
        hint = "what one may decide in a part of the world only, or with a limited token, cannot be lent"
        raise DeniedError("only who votes everywhere can lend their say", code="nothing_to_lend", hint=hint)

    def lend(unit: Unit) -> DelegationView:
        made = delegate(
            unit,
            call.principal,
            wanted.to,
            wanted.until,
            ids=call.services.ids,
            at=call.at,
            undelegable=call.services.roles.undelegable,
        )
        return _view(unit, made)

    view = await call.write(lend)
    call.announce("delegation", view.id)
    return view


async def end_own(call: Call, _: Nothing) -> web.Response:
    """End a delegation that one gave or was given."""
    ended = await call.write(
        lambda unit: end_delegation(unit, call.part("id"), call.principal, ids=call.services.ids, at=call.at)
    )
    call.announce("delegation", ended.id)
    return web.Response(status=204)


def _view(unit: Unit, made: Delegation) -> DelegationView:
    giver, receiver = unit.users.get(made.giver), unit.users.get(made.receiver)
    return DelegationView(
        id=made.id,
        giver=made.giver,
        giver_name=giver.name if giver else made.giver,
        receiver=made.receiver,
        receiver_name=receiver.name if receiver else made.receiver,
        created_at=made.created_at,
        expires_at=made.expires_at,
    )
