"""Rules under which alerts start nothing."""

from aiohttp import web

from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.suppressions import SuppressionPage, SuppressionSent, SuppressionView, view_suppression
from soar.audit.actor import describe_principal
from soar.ingest.suppression import add_rule, remove_rule
from soar.model.suppression import Suppression
from soar.store import Unit


async def list_suppressions(call: Call, _: Nothing) -> SuppressionPage:
    """List the rules that have not expired, with how many alerts each has taken."""

    def show(unit: Unit) -> SuppressionPage:
        counts = unit.suppressions.counts()
        rules = unit.suppressions.list(call.at)
        return SuppressionPage(items=tuple(view_suppression(rule, counts.get(rule.id, 0)) for rule in rules), next=None)

    return await call.read(show)


async def add_suppression(call: Call, sent: SuppressionSent) -> SuppressionView:
    """Let alerts start nothing until a moment; they are stored and marked."""
    ids = call.services.ids
    rule = Suppression(
        id=ids.new("sup"),
        match=sent.match,
        reason=sent.reason,
        created_by=f"user:{call.caller.user.email}",
        created_at=call.at,
        expires_at=sent.expires_at,
    )
    actor = describe_principal(call.principal)
    await call.write(lambda unit: add_rule(unit, rule, actor=actor, ids=ids, at=call.at))
    _tell(call, rule.id)
    return view_suppression(rule, 0)


async def remove_suppression(call: Call, _: Nothing) -> web.Response:
    """Let alerts start playbooks again; those that came meanwhile stay as they are."""
    rule, ids, actor = call.part("id"), call.services.ids, describe_principal(call.principal)
    await call.write(lambda unit: remove_rule(unit, rule, actor=actor, ids=ids, at=call.at))
    _tell(call, rule)
    return web.Response(status=204)


def _tell(call: Call, rule: str) -> None:
    call.services.receiver.rules.forget()
    call.announce("suppression", rule)
